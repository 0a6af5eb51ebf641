// UnitFeatures: what a unit's kept edges say of it, told without the names of other hidden units.
#pragma once

#include "graph/layered_graph.hpp"

#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace phew {

/// A short vector for each unit and direction: a random projection of the paths that lead to it from the inputs
/// (forward) and from it to the outputs (backward). Relabelling hidden units permutes the vectors and changes nothing
/// else, so that units of two masks can be compared before any of them is matched.
struct UnitFeatures {
  static constexpr std::size_t width = 32;
  using Vector = std::array<float, width>;

  std::vector<Vector> forward, backward;  ///< by vertex; of length 1, or 0 where no path leads

  /// Mean of the two directions' inner products: 1 for equal features, near 0 for unrelated ones.
  [[nodiscard]] static float likeness(const UnitFeatures& a, std::int64_t u, const UnitFeatures& b, std::int64_t v);
};

/// Inputs (outputs) have fixed random vectors; a unit's is the sum over its kept edges of the other unit's, its signs
/// turned by a pattern of the link and the place within the kernel, brought to length 1. `mask` is of the graph's
/// network; the graph's own weights and mask play no part. O(kept parameters · width).
[[nodiscard]] UnitFeatures unit_features(const LayeredGraph& graph, const Mask& mask);

}  // namespace phew
