#include "train/training_run.hpp"

#include "graph/error.hpp"
#include "graph/io/atomic_file.hpp"
#include "graph/io/weights_file.hpp"
#include "train/content_hash.hpp"
#include "train/run_files.hpp"
#include "train/run_report.hpp"
#include "train/state_file.hpp"
#include "train/trainer.hpp"

#include <nlohmann/json.hpp>

#include <functional>

namespace phew {
namespace {

/// Runs `work`; errors of LibTorch become ours.
template <typename F>
auto with_libtorch(F&& work) {
  try {
    return work();
  } catch (const c10::Error& error) {
    fail(ExitCode::internal, "LibTorch: {}", compat::first_line(error));
  }
}

std::string hash_of(const Mask& mask) {
  ContentHash hash;
  for (std::size_t p = 0; p < mask.tensor_count(); ++p) hash.add(std::as_bytes(mask[p].words()));
  return hash.hex();
}

std::int64_t input_channels(const Network& network) {
  for (Network::Vertex v = 0; v < network.node_count(); ++v)
    if (const auto* input = std::get_if<op::Input>(&network.node(v).op))
      return network.node(v).flat ? 1 : input->extent.channels;
  return 1;
}

/// A module with its values and its pruned weights.
struct Model {
  NetworkModule module;
  std::optional<MaskedParameters> masked;

  Model(const Network& network, std::span<const Tensor> state, const std::string& device)
      : module(network, torch::Device(device)) {
    module.load_state(state);
  }
};

void write_result(const RunFiles& files, const RunConfig& config, const Machine& machine, const RunResult& result) {
  write_file(files.result(), run_report(files, config, machine, result).dump(2) + '\n');
}

/// Trains until the last epoch or until told to stop.
void run_epochs(Trainer& trainer, RunFolder& folder, const RunConfig& config, const RunObserver& observer,
                RunResult& result) {
  for (std::int64_t epoch = 1; epoch <= config.epochs; ++epoch) {
    const auto metrics = trainer.run_epoch(epoch, observer);
    if (!metrics) {
      result.status = RunStatus::interrupted;
      return;
    }
    folder.append_metrics(to_json(*metrics).dump());
    result.epochs.push_back(*metrics);
    if (observer.epoch) observer.epoch(*metrics);
  }
}

void train_in(RunFolder& folder, const Ticket& ticket, const Dataset& data, const RunConfig& config,
              const Machine& machine, const RunObserver& observer, RunResult& result) {
  // Dropout, where a network has it, draws from LibTorch's own generator.
  torch::manual_seed(config.seed);
  Model model(ticket.network, ticket.initial, machine.device);
  if (ticket.mask) model.masked.emplace(model.module, *ticket.mask, ticket.network.parameters());
  const std::int64_t channels = input_channels(ticket.network);
  const auto crop_flip_seed = config.augment == "crop-flip" ? std::optional(config.seed) : std::nullopt;
  const DeviceSplit train(data.train, data.normalisation, channels, model.module.device(), crop_flip_seed);
  const DeviceSplit test(data.test, data.normalisation, channels, model.module.device());
  Trainer trainer(model.module, model.masked ? &*model.masked : nullptr, train, test, config);
  run_epochs(trainer, folder, config, observer, result);
  if (result.status == RunStatus::finished)
    write_tensor_file(folder.files().weights(), model.module.state(),
                      {{"network", config.network}, {"run_hash", hash_of(config)}});
}

}  // namespace

void describe(RunConfig& config, const Ticket& ticket, const Dataset& data) {
  config.initial_hash = hash_of_state(ticket.initial);
  config.mask_hash = ticket.mask ? hash_of(*ticket.mask) : "none";
  config.density = ticket.mask ? ticket.mask->density() : 1.0;
  config.data_hash = hash_of(data);
}

RunResult train_ticket(const Ticket& ticket, const Dataset& data, const RunConfig& config, const Machine& machine,
                       const std::filesystem::path& folder_path, const RunObserver& observer) {
  const Notice notice = observer.notice ? observer.notice : [](const std::string&) {};
  RunFolder folder(folder_path, config, machine, notice);
  RunResult result;
  try {
    with_libtorch([&] { train_in(folder, ticket, data, config, machine, observer, result); });
  } catch (const Error& error) {
    result.status = RunStatus::failed;
    result.reason = error.what();
    write_result(folder.files(), config, machine, result);
    throw;
  }
  write_result(folder.files(), config, machine, result);
  return result;
}

Evaluation evaluate_state(const Network& network, std::span<const Tensor> state, const Dataset& data,
                          const std::string& loss, const Machine& machine) {
  return with_libtorch([&] {
    Model model(network, state, machine.device);
    const DeviceSplit test(data.test, data.normalisation, input_channels(network), model.module.device());
    return evaluate(model.module, test, loss);
  });
}

}  // namespace phew
