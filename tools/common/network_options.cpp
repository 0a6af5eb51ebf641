#include "common/network_options.hpp"

#include "graph/initializer.hpp"
#include "graph/io/mask_file.hpp"
#include "graph/io/weights_file.hpp"
#include "graph/zoo.hpp"

namespace phew::tools {
namespace {

/// A file without that extension is one by its content.
bool names_onnx_file(const NetworkOptions& options) {
  return options.net.ends_with(".onnx") || is_onnx_file(options.net);
}

}  // namespace

void add_net_argument(CLI::App& command, NetworkOptions& options) {
  command.add_option("NET", options.net, "ONNX file, or built-in network:\n" + zoo_help())->required();
}

void add_init_options(CLI::App& command, NetworkOptions& options) {
  command
      .add_option("--init", options.init,
                  "Initial weights: kaiming-normal, kaiming-uniform (each also :fan-in, :fan-out), xavier-uniform, "
                  "xavier-normal, normal:STD")
      ->capture_default_str();
  command.add_option("--init-seed", options.init_seed, "Seed of the initial weights")
      ->check(seed_check())
      ->capture_default_str();
}

void add_network_options(CLI::App& command, NetworkOptions& options) {
  add_net_argument(command, options);
  command.add_option(
      "--weights", options.weights,
      "Weights: safetensors, npz or a PyTorch state_dict; without it those of the ONNX file, or initial weights");
  add_init_options(command, options);
}

void add_mask_options(CLI::App& command, NetworkOptions& options) {
  command.add_option("--mask", options.mask, "Mask: safetensors, npz or .pt, one 0/1 tensor a parameter");
  command.add_flag("--zeros-are-pruned", options.zeros_are_pruned,
                   "Read the zeros of a weight file as pruned: that of --mask, or else that of --weights");
  command.parse_complete_callback([&options] {
    if (!options.zeros_are_pruned || !options.mask.empty()) return;
    options.mask = options.weights.empty() && names_onnx_file(options) ? options.net : options.weights;
    if (options.mask.empty())
      fail(ExitCode::usage, "--zeros-are-pruned: found neither --mask nor --weights, expected a file");
  });
}

LoadedNetwork load_network(const NetworkOptions& options, const Globals& globals) {
  if (!names_onnx_file(options)) return {make_network(options.net), {}, {}};
  OnnxModel model = read_onnx(options.net);
  for (const std::string& notice : model.notices) globals.notice(notice);
  return {std::move(model.network), std::move(model.weights), std::move(model.nodes)};
}

LoadedWeights load_weights(const NetworkOptions& options, const LoadedNetwork& loaded, const Globals& globals) {
  const Network& network = loaded.network;
  if (options.weights.empty() && !loaded.weights.empty())
    return {{network.parameters(), read_stored(loaded.weights), options.net}, options.net};
  if (options.weights.empty()) {
    const Initializer initializer = parse_initializer(options.init);
    const std::string source = fmt::format("{}, seed {}", options.init, options.init_seed);
    globals.notice(fmt::format("weights: initialised by {}", source));
    return {initial_weights(network, initializer, options.init_seed, globals.thread_count()), source};
  }
  const TensorFile file = read_tensor_file(options.weights);
  return {match_weights(network, file.tensors, options.weights, [&](const std::string& line) { globals.notice(line); }),
          options.weights};
}

}  // namespace phew::tools
