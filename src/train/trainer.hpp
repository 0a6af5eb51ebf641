// Trainer: epochs of training on one device.
#pragma once

#include "train/batches.hpp"
#include "train/masked_parameters.hpp"
#include "train/metrics.hpp"
#include "train/module.hpp"
#include "train/optimizer.hpp"
#include "train/run_config.hpp"
#include "train/run_observer.hpp"
#include "train/schedule.hpp"

#include <cstdint>
#include <optional>

namespace phew {

/// Mean loss of outputs [n, classes] against classes [n], cross-entropy or the squared error to one-hot targets; or the
/// squared error of outputs [n, K] against targets [n, K].
[[nodiscard]] torch::Tensor loss_of(const std::string& loss, const torch::Tensor& outputs, const torch::Tensor& y);

/// Over a split, in evaluation mode and without gradients; leaves the module in the mode it was in.
[[nodiscard]] Evaluation evaluate(NetworkModule& module, const DeviceSplit& split, const std::string& loss);

class Trainer {
 public:
  /// Refers to its arguments, which must outlast it. Applies the mask, if there is one, at once.
  Trainer(NetworkModule& module, MaskedParameters* masked, const DeviceSplit& train, const DeviceSplit& test,
          const RunConfig& config);

  /// Trains on every example once and evaluates. `epoch` counts from 1. Nothing if the observer said stop.
  /// Throws Error(data) if the loss is not finite, Error(internal) if a pruned weight is not zero afterwards.
  [[nodiscard]] std::optional<EpochMetrics> run_epoch(std::int64_t epoch, const RunObserver& observer);

 private:
  /// Mean training loss; nothing if stopped.
  [[nodiscard]] std::optional<double> train_once(std::int64_t epoch, const RunObserver& observer);
  [[nodiscard]] torch::Tensor step(const Batch& batch);

  NetworkModule& module_;
  MaskedParameters* masked_;
  const DeviceSplit& train_;
  const DeviceSplit& test_;
  const RunConfig& config_;
  Schedule schedule_;
  Optimizer optimizer_;
};

}  // namespace phew
