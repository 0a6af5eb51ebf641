// top-paths: the subnetwork of the best paths, those with the largest products of |w| (or of scores).
//
// The obvious rival of walks, and the one that the paper's Section 5 warns of: the best paths share most of their
// edges, so that they use few inputs, outputs and edges. What they use is reported.
#pragma once

#include "graph/layered_graph.hpp"
#include "graph/mask.hpp"
#include "walks/phew.hpp"

#include <cstddef>
#include <cstdint>

namespace phew {

struct TopPathsOptions {
  std::int64_t paths = 0;                          ///< keep exactly so many (or all there are); 0: until `target`
  std::size_t most_bytes = std::size_t{2} << 30U;  ///< of the search for a target; beyond it, it gives up
  Progress progress{};
};

struct TopPathsMask {
  Mask mask;
  std::int64_t kept = 0;
  std::int64_t paths = 0;
  std::int64_t inputs_used = 0;     ///< input units at which they start
  std::int64_t outputs_used = 0;    ///< output units at which they end
  std::int64_t distinct_edges = 0;  ///< weighted edges on them
  std::int64_t steps = 0;           ///< weighted edges on them, counted once a path
};

/// The parameters of the best paths of `graph` (see BestPaths for their order): whole paths are added until at least
/// `target` parameters are kept, or options.paths of them.
/// Throws Error(data) if the paths end, or the search's memory, before `target` is reached: the message says how many
/// parameters were. Throws as BestPaths does.
[[nodiscard]] TopPathsMask top_paths_mask(const LayeredGraph& graph, std::int64_t target,
                                          const TopPathsOptions& options = {});

}  // namespace phew
