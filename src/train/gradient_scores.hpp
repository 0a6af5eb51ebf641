// Scores from the loss of some examples: gradient magnitude, SNIP, GraSP.
#pragma once

#include "train/batches.hpp"
#include "train/module.hpp"
#include "train/score_config.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

namespace phew {

/// Examples in batches, of the module's floating type and on its device.
struct Examples {
  std::int64_t count = 0;
  std::function<Batch(std::int64_t first, std::int64_t last)> batch;  ///< examples first … last − 1
};

/// The scores that config.method defines (see score_definitions), one tensor per prunable parameter, of the module's
/// type and on its device; nothing if the observer said stop.
///
/// The module must be in evaluation mode, its pruned weights 0. `pruned` is empty for a dense network, else has a bool
/// tensor a parameter, true = pruned, undefined where nothing is. Pruned weights take no part: their score is 0, and
/// the lowest finite number where scores may be negative (GraSP). No tensor of the module changes.
///
/// Sums over examples are complete before anything is made of them: GraSP first takes the mean gradient over all
/// batches, then the product with the Hessian over all. So batches of any size give the scores of the whole, up to
/// rounding, as long as examples do not meet in the network, as they do with use_batch_statistics.
/// Cost: a forward and a backward pass over the examples; for GraSP three times that.
/// Throws Error(data) if no gradient reaches the weights.
[[nodiscard]] std::optional<std::vector<torch::Tensor>> gradient_scores(NetworkModule& module,
                                                                        const std::vector<torch::Tensor>& pruned,
                                                                        const Examples& examples,
                                                                        const ScoreConfig& config,
                                                                        const ScoreObserver& observer);

}  // namespace phew
