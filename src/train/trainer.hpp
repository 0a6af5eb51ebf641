// Trainer: steps and epochs of training on one device.
#pragma once

#include "train/batches.hpp"
#include "train/checkpoint.hpp"
#include "train/masked_parameters.hpp"
#include "train/metrics.hpp"
#include "train/module.hpp"
#include "train/optimizer.hpp"
#include "train/precision.hpp"
#include "train/run_config.hpp"
#include "train/run_observer.hpp"
#include "train/schedule.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

namespace phew {

/// Mean loss of outputs [n, classes] against classes [n], cross-entropy or the squared error to one-hot targets; or the
/// squared error of outputs [n, K] against targets [n, K].
[[nodiscard]] torch::Tensor loss_of(const std::string& loss, const torch::Tensor& outputs, const torch::Tensor& y);

/// Over a split, in evaluation mode and without gradients; leaves the module in the mode it was in.
[[nodiscard]] Evaluation evaluate(NetworkModule& module, const DeviceSplit& split, const std::string& loss,
                                  Precision precision = Precision::fp32);

class Trainer {
 public:
  /// Refers to its arguments, which must outlast it. Applies the mask, if there is one, at once. Begins at
  /// config.first_step.
  Trainer(NetworkModule& module, MaskedParameters* masked, const DeviceSplit& train, const DeviceSplit& test,
          const RunConfig& config);

  /// L2 norm, over the kept prunable weights, of the gradient of the mean loss of the first batches (at most 10) of the
  /// first epoch, in training mode. To be called before training: batch-norm's statistics move, and nothing else does.
  [[nodiscard]] double gradient_norm();

  /// Trains on to the end of the epoch at hand, every example once, and evaluates. Nothing if the observer said stop:
  /// then the step under way is done, and another call goes on after it. `after_step` is called between steps.
  /// Throws Error(data) if the loss is not finite, Error(internal) if a pruned weight is not zero afterwards.
  [[nodiscard]] std::optional<EpochMetrics> run_epoch(const RunObserver& observer,
                                                      const std::function<void()>& after_step = {});
  /// Whether all epochs are done.
  [[nodiscard]] bool finished() const { return position_.epoch > config_.epochs; }

  /// Where training is. Weights and moments share their memory with the trainer's where they can: write them before the
  /// next step.
  [[nodiscard]] Checkpoint checkpoint() const;
  /// Goes on from there: the same steps as if training had never stopped. Throws Error(data) if it is of another
  /// network or optimizer.
  void resume(const Checkpoint& checkpoint);
  /// Steps of the run so far, those skipped by config.first_step included.
  [[nodiscard]] std::int64_t steps() const;

 private:
  using Range = std::pair<std::int64_t, std::int64_t>;

  /// Whether the epoch came to its end.
  [[nodiscard]] bool train_on(const RunObserver& observer, const std::function<void()>& after_step);
  void step(const Batch& batch);
  void prepare_step();
  /// Reads back what the steps added up to on the device. The host waits for the device.
  void read_sums();
  void clear_sums();

  NetworkModule& module_;
  MaskedParameters* masked_;
  const DeviceSplit& train_;
  const DeviceSplit& test_;
  const RunConfig& config_;
  Precision precision_;
  Schedule schedule_;
  Optimizer optimizer_;
  std::vector<Range> ranges_;  ///< of an epoch's batches
  Position position_;          ///< its sums are those of the last read_sums
  torch::Tensor loss_sum_, right_;
};

}  // namespace phew
