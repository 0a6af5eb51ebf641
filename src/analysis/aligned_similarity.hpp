// AlignedSimilarity: masks compared after their hidden units are matched, beside what matching makes of random masks.
#pragma once

#include "analysis/group_similarity.hpp"
#include "graph/layered_graph.hpp"
#include "graph/mask.hpp"

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace phew {

struct AlignOptions {
  std::int64_t chance_pairs = 20;  ///< random mask pairs for the chance level; at least 2, for a standard error
  std::uint64_t seed = 0;          ///< of those masks
  int threads = 1;                 ///< the result is the same for any number
  std::function<void(std::int64_t done, std::int64_t total)> progress{};  ///< called after each alignment, by one
                                                                          ///< thread at a time; may be empty
};

/// All pairs of masks of the graph's network, in order of (first, second), for compare_groups; each pair is aligned by
/// itself (UnitMatcher), its second mask to its first. In each Jaccard index
/// - value is that after aligning, unaligned that before. Aligning maximises the whole's; a link's own may fall;
/// - chance is the mean over random mask pairs aligned the same way, chance_error its standard error. A random mask
///   keeps as many parameters of each tensor as the mask that it stands for, every choice of them equally likely. Pairs
///   of masks with equal numbers share one simulation.
/// chance_global has no value: nothing is aligned in it. Costs chance_pairs + 1 alignments a pair at most. Throws
/// Error(internal) if a mask does not fit.
[[nodiscard]] std::vector<MaskPair> aligned_pairs(const LayeredGraph& graph, std::span<const Mask> masks,
                                                  const AlignOptions& options = {});

}  // namespace phew
