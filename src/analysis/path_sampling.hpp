// Path sampling: paths drawn uniformly. A walk that chooses uniformly among a unit's edges does not: it must choose
// each step in proportion to the number of paths behind it.
#pragma once

#include "graph/layered_graph.hpp"
#include "graph/path_steps.hpp"

#include <cstdint>
#include <vector>

namespace phew {

struct PathSampleOptions {
  std::int64_t samples = 10'000;
  std::uint64_t seed = 0;
  PathLevel level = PathLevel::parameter;
};

/// ln EWP of paths drawn independently and uniformly from all input–output paths of EWP > 0, in the order of their
/// numbers; empty if there is none. Path number i draws from stream i of the seed, from its output back to its input:
/// it does not depend on how many others are drawn.
///
/// All samples advance layer by layer, so that a unit's steps are listed once for all that are there: one pass over the
/// kept parameters to count paths, at most one to sample, O(samples · layers · log) besides.
/// Throws Error(data) naming the tensor if a kept weight is NaN or infinite.
[[nodiscard]] std::vector<double> sample_log_ewp(const LayeredGraph& graph, const PathSampleOptions& options);

}  // namespace phew
