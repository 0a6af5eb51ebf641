// path_sums: sums over all paths from the inputs to each unit, and from each unit to the outputs.
//
// Value 1 gives path counts, |w| sums of edge-weight products (and SynFlow), w² the path-kernel trace (and SynFlow-L2).
#pragma once

#include "graph/layered_graph.hpp"

#include <cstdint>
#include <numbers>
#include <vector>

namespace phew {

/// What a parameter contributes to a path's product; a fixed edge contributes 1.
enum class PathValue { one, magnitude, square };

/// Sums of one layer's units, scaled: unit i's sum is value[i] · 2^exponent. The largest value lies in [½, 1) unless
/// all are 0 (inputs' and outputs' own 1 is ½ · 2^1). So the sums of a thousand layers neither overflow nor vanish, and
/// scaling rounds nothing: path counts below 2^53 are exact.
struct ScaledSums {
  std::vector<double> value;
  std::int64_t exponent = 0;

  [[nodiscard]] double log_scale() const { return static_cast<double>(exponent) * std::numbers::ln2; }
};

struct PathSums {
  std::vector<ScaledSums> forward;   ///< by layer: sums over paths from any input unit to the unit (inputs: 1)
  std::vector<ScaledSums> backward;  ///< by layer: sums over paths from the unit to any output unit (outputs: 1)
  double total_log = 0;              ///< natural log of the sum over all input–output paths; −inf if there is none
};

/// Paths are at parameter level: a path names one kept parameter per kernel. `magnitude` and `square` need weights
/// (without them every parameter counts 1). One forward and one backward pass over the kept parameters.
/// Throws Error(data) naming the tensor if a kept weight is NaN or infinite.
[[nodiscard]] PathSums path_sums(const LayeredGraph& graph, PathValue value);

}  // namespace phew
