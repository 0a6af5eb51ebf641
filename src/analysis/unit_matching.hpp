// UnitMatching: which hidden unit of one mask corresponds to which of another, when nothing but their edges can tell.
#pragma once

#include "analysis/block_gains.hpp"
#include "graph/layered_graph.hpp"
#include "graph/mask.hpp"

namespace phew {

/// The second mask with its units named as the first's partners of them: parameter (t, s, place in kernel) of the
/// result is (partner of t, partner of s, place) of `mask`. It computes the same function as `mask` with weights
/// relabelled alike. O(mask words + kept parameters).
[[nodiscard]] Mask relabelled(const LayeredGraph& graph, const Mask& mask, const Partners& partners);

/// Each unit its own partner.
[[nodiscard]] Partners same_units(const LayeredGraph& graph);

/// Matches units so that the masks overlap the most, in number of parameters that both keep: a maximum over
/// permutations of all blocks together, which is a quadratic assignment problem. It is climbed block by block, as Git
/// Re-Basin does for weights (Ainsworth et al. 2023): given the partners of all other units, the best permutation of
/// one block is a linear assignment, solved exactly; blocks take turns until none can better the overlap.
///
/// - Starts: the units as they are; by likeness of unit_features; and two passes, from the inputs on and from the
///   outputs back, in which a block sees only what is placed already, and likeness decides between equals. The climb
///   that ends highest wins, the earlier among equals.
/// - Each climb rises strictly and so ends, at an overlap that no permutation of one block alone can better: a local
///   optimum. A block that a weighted link ties to itself (x + conv(x)) is a quadratic problem by itself: there the
///   assignment follows the gains at the current partners, and is taken only if the overlap rises.
/// - The result is never below the overlap of the units as they are, and is the maximum where there is one block
/// without
///   such a link (one hidden layer). It is the same for any number of threads.
class UnitMatcher {
 public:
  explicit UnitMatcher(const LayeredGraph& graph) : network_(graph) {}

  [[nodiscard]] const BlockLinks& network() const { return network_; }
  /// Partners that make relabelled(b) overlap with `a`. A step costs BlockGains::of and one assignment, O(bundles³) at
  /// worst. May be called from many threads.
  [[nodiscard]] Partners match(const Mask& a, const Mask& b) const;

 private:
  BlockLinks network_;
};

}  // namespace phew
