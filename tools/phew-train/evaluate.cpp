// phew-train evaluate RUN: the test loss and accuracy of a run's weights, computed anew.
#include "common/network_options.hpp"
#include "graph/initializer.hpp"
#include "graph/io/weights_file.hpp"
#include "phew-train/commands.hpp"
#include "phew-train/machine_options.hpp"
#include "train/image_sets.hpp"
#include "train/run_files.hpp"
#include "train/state_file.hpp"
#include "train/training_run.hpp"

#include <fstream>
#include <memory>

namespace phew::tools {
namespace {

struct Options : MachineOptions, Globals {
  std::string run, data_dir;
};

/// The run's epochs, as its metrics.jsonl has them.
Json read_epochs(const RunFiles& files) {
  Json epochs = Json::array();
  std::ifstream lines(files.metrics());
  for (std::string line; std::getline(lines, line);) {
    epochs.push_back(Json::parse(line, nullptr, /*allow_exceptions=*/false));
    if (epochs.back().is_discarded() || !epochs.back().contains("test_accuracy"))
      fail(ExitCode::data, "{}: line {}: found no JSON of an epoch", files.metrics().string(), epochs.size());
  }
  return epochs;
}

Json best_of(const Json& epochs) {
  Json best;
  for (const Json& epoch : epochs)
    if (best.is_null() || epoch["test_accuracy"] > best["test_accuracy"]) best = epoch;
  return best;
}

void evaluate_run(const Options& o) {
  const RunFiles files{o.run};
  const RunConfig config = read_run_config(files.config());
  NetworkOptions net;
  net.net = config.network;
  const Network network = load_network(net, o).network;
  if (!std::filesystem::exists(files.weights()))
    fail(ExitCode::no_input, "{}: found no weights.safetensors, expected a finished run", o.run);
  const TensorFile file = read_tensor_file(files.weights());
  const auto state = match_state(network, file, initial_state(network, {}, 0), false,
                                 [&](const std::string& line) { o.notice(line); });
  Dataset data = load_dataset(config.data, o.data_dir);
  if (config.limit > 0) keep_first(data, config.limit);
  fit_to(data, network);
  const Machine machine = set_up_machine(o, o);
  const Evaluation test = evaluate_state(network, state, data, config.loss, machine);
  if (!o.json) {
    fmt::print("{}: test loss {:.4f}, test accuracy {:.2f} %\n", o.run, test.loss, 100 * test.accuracy);
    return;
  }
  const Json epochs = read_epochs(files);
  print_json({{"schema", {{"name", "phew-train/evaluate"}, {"version", 1}}},
              {"run", o.run},
              {"network", config.network},
              {"density", config.density},
              {"epochs", epochs},
              {"final", {{"epoch", config.epochs}, {"test_loss", test.loss}, {"test_accuracy", test.accuracy}}},
              {"best", best_of(epochs)}});
}

}  // namespace

void add_evaluate(CLI::App& app) {
  CLI::App* command = app.add_subcommand("evaluate", "Test loss and accuracy of a finished run's weights");
  const auto options = std::make_shared<Options>();
  command->add_option("RUN", options->run, "Folder of a finished run")->required();
  command->add_option("--data-dir", options->data_dir, "Folder of the data's files, as train has it");
  add_machine_options(*command, *options);
  add_globals(*command, *options);
  command->callback([options] { evaluate_run(*options); });
}

}  // namespace phew::tools
