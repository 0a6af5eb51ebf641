// Path counts: the number of input–output paths as an exact integer of any length.
#pragma once

#include "graph/layered_graph.hpp"
#include "graph/path_steps.hpp"

#include <boost/multiprecision/cpp_int.hpp>

namespace phew {

using PathCount = boost::multiprecision::cpp_int;

/// Both exact.
struct PathCounts {
  PathCount paths;
  PathCount zero_paths;  ///< of them, those that hold a weight of 0
};

/// One pass over the kept parameters, in integers of any length: O(kept parameters · digits). A row of a dense link
/// without weights of 0 costs one addition.
[[nodiscard]] PathCounts path_counts(const LayeredGraph& graph, PathLevel level = PathLevel::parameter);

/// Decimal logarithm of a positive count, however long; relative error of the count below 1e-15.
[[nodiscard]] double log10_of(const PathCount& count);

}  // namespace phew
