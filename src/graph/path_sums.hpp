// path_sums: sums over all paths from the inputs to each unit, and from each unit to the outputs.
//
// Value 1 gives path counts, |w| sums of edge-weight products (and SynFlow), w² the path-kernel trace (and SynFlow-L2).
#pragma once

#include "graph/kept_parameters.hpp"
#include "graph/layered_graph.hpp"
#include "graph/row_kernels.hpp"
#include "graph/sweep.hpp"

#include <vector>

namespace phew {

/// By layer: sums over paths, scaled. Path counts below 2^53 are exact.
struct PathSums {
  std::vector<ScaledSums> forward;   ///< by layer: sums over paths from any input unit to the unit (inputs: 1)
  std::vector<ScaledSums> backward;  ///< by layer: sums over paths from the unit to any output unit (outputs: 1)
  double total_log = 0;              ///< natural log of the sum over all input–output paths; −inf if there is none
};

/// Paths are at parameter level: a path names one kept parameter per kernel. `magnitude` and `square` need weights
/// (without them every parameter counts 1). One forward and one backward pass over the kept parameters, each row of a
/// tensor in one stream; memory O(units + longest row). Rounding only: relative error below 1e-13 a layer.
/// Throws Error(data) naming the tensor if a kept weight is NaN or infinite.
[[nodiscard]] PathSums path_sums(const LayeredGraph& graph, PathValue value);

/// The same for several values in turn: `kept` are KeptParameters::of(graph), or null where there are none.
[[nodiscard]] PathSums path_sums(const LayeredGraph& graph, PathValue value, const KeptParameters* kept);
/// Its total_log alone, by the forward pass.
[[nodiscard]] double path_total_log(const LayeredGraph& graph, PathValue value, const KeptParameters* kept = nullptr);

}  // namespace phew
