#include "train/training_run.hpp"

#include "graph/error.hpp"
#include "graph/io/atomic_file.hpp"
#include "graph/io/mask_file.hpp"
#include "graph/io/weights_file.hpp"
#include "train/checkpoint.hpp"
#include "train/content_hash.hpp"
#include "train/data_order.hpp"
#include "train/run_files.hpp"
#include "train/run_report.hpp"
#include "train/state_file.hpp"
#include "train/trainer.hpp"

#include <nlohmann/json.hpp>

#include <chrono>

namespace phew {
namespace {

std::string hash_of(const Mask& mask) {
  ContentHash hash;
  for (std::size_t p = 0; p < mask.tensor_count(); ++p) hash.add(std::as_bytes(mask[p].words()));
  return hash.hex();
}

/// A module with its values and its pruned weights.
struct Model {
  NetworkModule module;
  std::optional<MaskedParameters> masked;

  Model(const Ticket& ticket, const RunConfig& config, const Machine& machine)
      : module(ticket.network, torch::Device(machine.device), config.channels_last) {
    if (ticket.mask) masked.emplace(module, *ticket.mask, ticket.network.parameters());
    load(ticket.initial);
  }
  void load(std::span<const Tensor> state) {
    module.load_state(state);
    if (masked) masked->apply();
  }
};

void write_result(const RunFiles& files, const RunConfig& config, const Machine& machine, const RunResult& result) {
  write_file(files.result(), run_report(files, config, machine, result).dump(2) + '\n');
}

/// Room for the weights, and for three checkpoints: two, and one that is being written.
std::int64_t bytes_of_run(const Ticket& ticket, const RunConfig& config) {
  std::int64_t state = 0;
  for (const Tensor& tensor : ticket.initial) state += std::ssize(tensor.bytes);
  const std::int64_t moments = config.optimizer == "adam" ? 2 : 1;
  return state * (1 + 3 * (1 + moments));
}

/// A run under way: what it trains, and the files that let it go on after an interruption.
class Run {
 public:
  Run(RunFolder& folder, const Ticket& ticket, const Dataset& data, const RunConfig& config, const Machine& machine)
      : folder_(folder),
        config_(config),
        checkpoints_(folder.files().folder, hash_of(config)),
        model_(ticket, config, machine),
        train_(data.train, data.normalisation, input_channels(ticket.network), model_.module.device(),
               config.augment == "crop-flip" ? std::optional(config.seed) : std::nullopt),
        test_(data.test, data.normalisation, input_channels(ticket.network), model_.module.device()),
        trainer_(model_.module, model_.masked ? &*model_.masked : nullptr, train_, test_, config) {}

  /// From the newest checkpoint, else from `initial`.
  void start(std::span<const Tensor> initial, RunResult& result, const RunObserver& observer) {
    const auto checkpoint = checkpoints_.newest(observer.notice);
    if (checkpoint) {
      trainer_.resume(*checkpoint);
      gradient_norm_ = checkpoint->initial_gradient_norm;
      result.epochs = folder_.keep_epochs(checkpoint->position.epoch - first_epoch());
      observer.notice(fmt::format("{}: going on in epoch {}, after {} steps", folder_.files().folder.string(),
                                  checkpoint->position.epoch, trainer_.steps()));
    } else {
      gradient_norm_ = trainer_.gradient_norm();
      model_.load(initial);
      result.epochs = folder_.keep_epochs(0);
    }
    result.initial_gradient_norm = gradient_norm_;
  }

  /// Trains until the last epoch, or until told to stop: then a checkpoint is what is left.
  void train(double checkpoint_seconds, RunResult& result, const RunObserver& observer) {
    auto written = std::chrono::steady_clock::now();
    const auto after_step = [&] {
      const auto now = std::chrono::steady_clock::now();
      if (std::chrono::duration<double>(now - written).count() < checkpoint_seconds) return;
      write_checkpoint();
      written = now;
    };
    while (!trainer_.finished()) {
      const auto metrics = trainer_.run_epoch(observer, after_step);
      if (!metrics) {
        write_checkpoint();
        result.status = RunStatus::interrupted;
        return;
      }
      folder_.append_metrics(to_json(*metrics).dump());
      result.epochs.push_back(*metrics);
      if (observer.epoch) observer.epoch(*metrics);
    }
    write_tensor_file(folder_.files().weights(), model_.module.state(),
                      {{"network", config_.network}, {"run_hash", hash_of(config_)}});
    checkpoints_.remove_all();
  }

 private:
  /// The first epoch that the run does anything in.
  [[nodiscard]] std::int64_t first_epoch() const {
    const auto steps = std::ssize(batch_ranges(train_.size(), config_.batch_size));
    return 1 + config_.first_step / steps;
  }
  void write_checkpoint() const {
    Checkpoint checkpoint = trainer_.checkpoint();
    checkpoint.initial_gradient_norm = gradient_norm_;
    checkpoints_.write(checkpoint);
  }

  RunFolder& folder_;
  const RunConfig& config_;
  CheckpointFiles checkpoints_;
  Model model_;
  DeviceSplit train_, test_;
  Trainer trainer_;
  double gradient_norm_ = 0;
};

}  // namespace

void describe(RunConfig& config, const Ticket& ticket, const Dataset& data) {
  config.initial_hash = hash_of_state(ticket.initial);
  config.mask_hash = ticket.mask ? hash_of(*ticket.mask) : "none";
  config.density = ticket.mask ? ticket.mask->density() : 1.0;
  config.data_hash = hash_of(data);
}

RunResult train_ticket(const Ticket& ticket, const Dataset& data, const RunConfig& config, const Machine& machine,
                       const RunPlace& place, const RunObserver& given) {
  RunObserver observer = given;
  if (!observer.notice) observer.notice = [](const std::string&) {};
  RunFolder folder(place.folder, config, machine, place.restart, observer.notice);
  if (folder.prior() == PriorRun::finished) {
    observer.notice(fmt::format("{}: found this run finished; --restart runs it again", place.folder.string()));
    RunResult result = read_run(folder.files().folder).result;
    // The process may have been killed after its last checkpoint and the weights, before this file.
    if (!std::filesystem::exists(folder.files().result())) write_result(folder.files(), config, machine, result);
    return result;
  }
  folder.require_space(bytes_of_run(ticket, config));
  if (ticket.mask)
    write_mask_file(folder.files().mask(), *ticket.mask, ticket.network.parameters(), {{"network", config.network}});
  RunResult result;
  try {
    compat::with_our_errors([&] {
      Run run(folder, ticket, data, config, machine);
      run.start(ticket.initial, result, observer);
      run.train(place.checkpoint_seconds, result, observer);
    });
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
                          const RunConfig& config, const Machine& machine) {
  return compat::with_our_errors([&] {
    NetworkModule module(network, torch::Device(machine.device), config.channels_last);
    module.load_state(state);
    const DeviceSplit test(data.test, data.normalisation, input_channels(network), module.device());
    return evaluate(module, test, config.loss, parse_precision(config.precision, machine.device));
  });
}

}  // namespace phew
