// Scores: a number per parameter, higher = keep. Thresholding stays here, whoever makes the scores.
#pragma once

#include "graph/mask.hpp"
#include "graph/weights.hpp"

#include <cstdint>

namespace phew {

/// Whether the highest scores are kept over the whole network or within each parameter tensor.
enum class Scope { global, per_layer };

/// Keeps the `target` parameters of the highest scores; equal scores (0 and −0 are equal) in order of position, so the
/// mask does not depend on a sort. Per layer: each tensor keeps its share of `target` (shares below).
/// O(parameters): three passes. Throws Error(data) naming file, tensor and element if a score is NaN.
[[nodiscard]] Mask keep_top(std::span<const Parameter> parameters, const Weights& scores, std::int64_t target,
                            Scope scope);
/// The same with counts[i] parameters of tensor i. Masks of counts that do not rise lie inside each other.
[[nodiscard]] Mask keep_top(std::span<const Parameter> parameters, const Weights& scores,
                            std::span<const std::int64_t> counts);

/// The same for |w| as the score: magnitude pruning. Throws Error(data) naming the first NaN or infinity.
[[nodiscard]] Mask keep_largest(std::span<const Parameter> parameters, const Weights& weights, std::int64_t target,
                                Scope scope);
[[nodiscard]] Mask keep_largest(std::span<const Parameter> parameters, const Weights& weights,
                                std::span<const std::int64_t> counts);

/// Throws Error(data) naming the tensor and the first score that is negative, NaN or infinite: walks cannot be biased
/// by such scores, nor their products rank paths.
void require_non_negative(const Weights& scores);

/// Splits `target` in proportion to weights by largest remainders (ties: the earlier), so that the parts add up to it
/// exactly; all 0 if the weights are.
[[nodiscard]] std::vector<std::int64_t> split(std::int64_t target, std::span<const std::int64_t> weights);

/// Splits `target` over tensors in proportion to their sizes by largest remainders (ties: the earlier tensor), so that
/// the parts add up to it exactly.
[[nodiscard]] std::vector<std::int64_t> shares(std::span<const Parameter> parameters, std::int64_t target);

}  // namespace phew
