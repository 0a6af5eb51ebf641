// phew-train evaluate RUN: the test loss and accuracy of a run's weights, computed anew.
#include "common/network_options.hpp"
#include "graph/initializer.hpp"
#include "graph/io/weights_file.hpp"
#include "phew-train/commands.hpp"
#include "phew-train/data_options.hpp"
#include "phew-train/machine_options.hpp"
#include "train/run_files.hpp"
#include "train/state_file.hpp"
#include "train/training_run.hpp"

#include <memory>

namespace phew::tools {
namespace {

struct Options : DataOptions, MachineOptions, Globals {
  std::string run;
};

/// The run's data; a notice if they have changed since.
Dataset data_of(const RunConfig& config, Options o, const Network& network) {
  if (o.data.empty()) {
    o.data = config.data;
    o.test_data = config.test_data;
    o.data_seed = config.data_seed;
  }
  o.limit = config.limit;
  Dataset data = load_data(o, o);
  fit_to(data, network);
  if (hash_of(data) != config.data_hash)
    o.notice(fmt::format("{}: found other data than the run was trained with", data.name));
  return data;
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
  const Dataset data = data_of(config, o, network);
  const Machine machine = set_up_machine(o, o);
  const Evaluation test = evaluate_state(network, state, data, config, machine);
  if (!o.json) {
    fmt::print("{}: test loss {:.4f}{}\n", o.run, test.loss,
               test.accuracy ? fmt::format(", test accuracy {:.2f} %", 100 * *test.accuracy) : "");
    return;
  }
  RunResult result;
  result.epochs = read_metrics(files);
  Json epochs = Json::array();
  for (const EpochMetrics& epoch : result.epochs) epochs.push_back(to_json(epoch));
  print_json(
      {{"schema", {{"name", "phew-train/evaluate"}, {"version", 1}}},
       {"run", o.run},
       {"network", config.network},
       {"density", config.density},
       {"epochs", epochs},
       {"final", {{"epoch", config.epochs}, {"test_loss", test.loss}, {"test_accuracy", json_of(test.accuracy)}}},
       {"best", result.best() ? to_json(*result.best()) : Json()}});
}

}  // namespace

void add_evaluate(CLI::App& app) {
  CLI::App* command = app.add_subcommand("evaluate", "Test loss and accuracy of a finished run's weights");
  const auto options = std::make_shared<Options>();
  command->add_option("RUN", options->run, "Folder of a finished run")->required();
  options->data.clear();
  command->add_option("--data", options->data, "Other data than the run's, as train has it");
  command->add_option("--test-data", options->test_data, "With --data FILE: the file of the test examples");
  add_data_places(*command, *options);
  add_machine_options(*command, *options);
  add_globals(*command, *options);
  command->callback([options] { evaluate_run(*options); });
}

}  // namespace phew::tools
