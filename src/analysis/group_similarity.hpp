// GroupSimilarity: one or two groups of masks compared, whole and link by link.
#pragma once

#include "analysis/mask_groups.hpp"
#include "analysis/similarity.hpp"
#include "graph/mask.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace phew {

/// Means over a set of pairs.
struct JaccardSummary {
  PairMean value;
  PairMean chance;
  PairMean corrected;
  PairMean unaligned;     ///< of aligned pairs; else without pairs
  PairMean chance_error;  ///< of simulated chances; at least the standard error of `chance`, which is the mean of these
};

/// The pairs within a group, or across two.
struct PairsSummary {
  JaccardSummary whole;
  PairMean chance_global;
  std::vector<JaccardSummary> links;  ///< by parameter tensor
};

struct MaskPair {
  std::size_t first = 0, second = 0;  ///< indices of the masks, first < second
  Similarity similarity;
};

struct GroupSimilarity {
  std::optional<PairsSummary> within_a, within_b;  ///< none for a group of fewer than two masks
  std::optional<PairsSummary> across;              ///< none with one group
  std::optional<PermutationTest> test;             ///< on the whole Jaccard index; none with one group, see there
  std::vector<MaskPair> pairs;                     ///< all of them, in order of (first, second)

  /// What was asked for: the pairs across two groups, or else within the only one.
  [[nodiscard]] const PairsSummary& asked() const { return across ? *across : *within_a; }
};

/// Compares all pairs of masks of one network; the first `a` are group A, the rest group B (none if a is their number).
/// Throws Error(internal) for fewer than two masks or a = 0. O(pairs · mask words).
[[nodiscard]] GroupSimilarity compare_groups(std::span<const Mask> masks, std::size_t a,
                                             const PermutationOptions& options = {});
/// The same from the similarities of all pairs of `masks` masks, in order of (first, second).
[[nodiscard]] GroupSimilarity compare_groups(std::vector<MaskPair> pairs, std::size_t masks, std::size_t a,
                                             const PermutationOptions& options = {});

}  // namespace phew
