// Forward read: all that one read of a checkpoint in the direction of the links tells, for files larger than memory.
#pragma once

#include "analysis/path_totals.hpp"
#include "graph/layered_graph.hpp"

#include <optional>

namespace phew {

/// Of ln EWP over all paths, which are all of EWP > 0 where zeros are pruned.
struct LogMoments {
  double mean = 0, std = 0;
};

struct ForwardRead {
  Mask mask;  ///< 1 where a weight is not 0
  PathTotals totals;
  std::optional<LogMoments> log_ewp;  ///< none where there is no path
};

/// Reads the weights of an unmasked graph, zeros as pruned: each tensor once, row by row, and gives the pages of a
/// mapped file back at once. What path_sums finds in sweeps both ways follows here from sums carried along:
///
///     paths P = Σ P'    EWP E = Σ |w| E'    squares S = Σ w² S'    trace T = Σ w² T' + S'    (sums over kept weights)
///
/// and the moments of ln EWP from those of the sources, shifted by ln|w|. Memory: one bit a parameter and a few values
/// a unit. The result does not depend on `threads`. A tensor that two links share is read twice.
/// Throws Error(data) naming the tensor if a weight is NaN or infinite, Error(internal) for a graph without weights or
/// with a mask.
[[nodiscard]] ForwardRead forward_read(const LayeredGraph& graph, int threads);

}  // namespace phew
