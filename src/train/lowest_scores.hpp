// Pruning an exact number of the lowest scores |w| · |g| over many tensors, without sorting and without keeping scores.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace phew {

/// A tensor's magnitudes, −0 where pruned (it adds nothing to a sum, and tells itself from a surviving 0), and the
/// factors that make scores of them.
template <typename T>
struct Factored {
  std::span<T> weights;
  std::span<const T> factors;
};

/// Prunes the `count` survivors of the lowest scores weight · |factor|; of equal scores the earlier tensors and
/// elements survive. Scores that are NaN count as the highest. `count` is at most the number of survivors.
/// O(elements): one pass and what it finds. T is float or double.
template <typename T>
void prune_lowest(std::span<const Factored<T>> tensors, std::int64_t count);

extern template void prune_lowest(std::span<const Factored<float>>, std::int64_t);
extern template void prune_lowest(std::span<const Factored<double>>, std::int64_t);

/// Weights that are not −0.
template <typename T>
[[nodiscard]] std::int64_t count_survivors(std::span<const T> weights);

extern template std::int64_t count_survivors(std::span<const float>);
extern template std::int64_t count_survivors(std::span<const double>);

}  // namespace phew
