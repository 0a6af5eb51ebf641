// Synaptic flow by automatic differentiation, in rounds of pruning (Tanaka et al. 2020; squared: Gebhart et al. 2021).
#pragma once

#include "graph/mask.hpp"
#include "graph/network.hpp"
#include "train/module.hpp"
#include "train/score_config.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace phew {

/// Scores |∂R/∂w · w| of a network whose tensors are all replaced by their absolute values (squares for synflow_l2),
/// R the sum of its outputs for one example of ones, in evaluation mode. Of its own copy of the state.
/// On dense networks without biases this is the flow of walks/synflow.hpp; here convolutions count each position of a
/// map, and biases and batch-norm take part.
class FlowScores {
 public:
  /// `mask`: null, or which weights are there at all. Throws Error(unsupported) as NetworkModule does.
  FlowScores(const Network& network, std::span<const Tensor> state, const Mask* mask, ScoreMethod method,
             torch::ScalarType type, torch::Device device);

  [[nodiscard]] std::int64_t survivors() const { return survivors_; }
  /// One tensor a parameter, on the CPU; pruned weights have 0. One forward and one backward pass.
  /// Throws Error(data) if the flow leaves the floating type's range.
  [[nodiscard]] std::vector<torch::Tensor> scores();
  /// Prunes those of the lowest scores, so that `target` survive; of equal scores the earlier ones survive.
  void prune_to(std::int64_t target);

 private:
  [[nodiscard]] std::vector<torch::Tensor> derivatives();

  NetworkModule module_;
  torch::Tensor ones_;
  std::vector<torch::Tensor> magnitudes_;  ///< by parameter, on the CPU, −0 where pruned; the module's own there
  std::int64_t survivors_ = 0;
};

/// Scores after config.rounds − 1 rounds of pruning towards config.density of all parameters, on the exponential
/// schedule from what the mask keeps: keeping the highest of them is the last round. Nothing if stopped.
/// Throws what FlowScores does, and Error(data) for a density above the mask's.
[[nodiscard]] std::optional<std::vector<torch::Tensor>> flow_scores(const Network& network,
                                                                    std::span<const Tensor> state, const Mask* mask,
                                                                    const ScoreConfig& config, torch::Device device,
                                                                    const ScoreObserver& observer);

}  // namespace phew
