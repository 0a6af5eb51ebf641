// phew-graph init NET -o FILE: initial weights under PyTorch's names.
#include "common/interrupt.hpp"
#include "common/network_options.hpp"
#include "common/version.hpp"
#include "graph/initializer.hpp"
#include "graph/io/weights_file.hpp"
#include "graph/version.hpp"
#include "phew-graph/commands.hpp"

#include <memory>

namespace phew::tools {

void add_init(CLI::App& app) {
  CLI::App* command = app.add_subcommand("init", "Initial weights: the whole state_dict, under PyTorch's names");
  struct Options : NetworkOptions, Globals {
    std::string output;
  };
  const auto options = std::make_shared<Options>();
  add_net_argument(*command, *options);
  add_init_options(*command, *options);
  command->add_option("-o,--output", options->output, "Weights file to write: .safetensors, .npz or .pt")->required();
  add_globals(*command, *options);
  command->callback([=] {
    const Network network = load_network(*options, *options).network;
    const std::vector<Tensor> state =
        initial_state(network, parse_initializer(options->init), options->init_seed, options->thread_count());
    const HoldInterrupts hold;
    write_tensor_file(options->output, state,
                      {{"network", network.name()},
                       {"init", options->init},
                       {"init_seed", std::to_string(options->init_seed)},
                       {"version", std::string(version)}});
    options->notice(
        fmt::format("{}: {} by {}, seed {}", options->output, network.name(), options->init, options->init_seed));
    if (options->json)
      print_json({{"schema", {{"name", "phew-graph/init"}, {"version", 1}}},
                  {"network", network.name()},
                  {"init", options->init},
                  {"init_seed", options->init_seed},
                  {"prunable", network.prunable()},
                  {"tensors", state.size()},
                  {"files", Json::array({options->output})}});
  });
}

}  // namespace phew::tools
