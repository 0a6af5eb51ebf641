// Reach: which units lie on input–output paths, which are stubs, which kept parameters are effective.
#pragma once

#include "graph/layered_graph.hpp"

#include <cstdint>
#include <vector>

namespace phew {

/// What the kept edges of a layered graph reach. All vectors are indexed by vertex (0 or 1 each). Weights play no part:
/// a kept parameter of value 0 is an edge.
struct Reach {
  std::vector<std::uint8_t> from_input;  ///< a path from an input unit ends here (inputs: 1)
  std::vector<std::uint8_t> to_output;   ///< a path to an output unit starts here (outputs: 1)
  std::vector<std::uint8_t> entered;     ///< a kept weighted edge enters
  std::vector<std::uint8_t> left;        ///< a kept weighted edge leaves
  std::vector<std::uint8_t> can_enter;   ///< entered, an input, or reached from such along fixed edges only
  std::vector<std::uint8_t> can_leave;   ///< left, an output, or reaching such along fixed edges only

  [[nodiscard]] bool on_path(std::int64_t v) const {
    return from_input[static_cast<std::size_t>(v)] != 0 && to_output[static_cast<std::size_t>(v)] != 0;
  }
};

/// Which fixed edges reaching follows.
enum class FixedEdges {
  all,
  /// Those into copies (Concat, Split, shuffle) only, whose units have no other; shortcuts into a join that a weighted
  /// link enters, too, are ignored. An identity shortcut keeps a block's units on paths even where none of its own
  /// parameters is: without it the starved block shows.
  copies
};

/// Whether reaching runs along this link: any weighted one, and a fixed one as `fixed` says.
[[nodiscard]] inline bool follows(const LayeredGraph& graph, const Link& link, FixedEdges fixed) {
  return !link.fixed() || fixed == FixedEdges::all || graph.layers()[link.to].copy;
}

/// One sweep each way over the links' edge bits, which are built if nothing else has needed them. O(units + edge
/// words).
[[nodiscard]] Reach reach(const LayeredGraph& graph, FixedEdges fixed = FixedEdges::all);

/// A hidden unit (not a copy) that a kept weighted edge enters but from which none can be reached, or one that a kept
/// weighted edge leaves but which none reaches (paper, Sec. 2 and A.1; extended to fixed edges).
[[nodiscard]] bool is_stub(const LayeredGraph& graph, const Reach& reach, std::int64_t vertex);
/// A hidden unit (not a copy) that no kept weighted edge enters or leaves.
[[nodiscard]] bool is_dead(const LayeredGraph& graph, const Reach& reach, std::int64_t vertex);
/// An input unit without outgoing, or an output unit without incoming, kept edges of either kind.
[[nodiscard]] bool is_unused_input(const LayeredGraph& graph, const Reach& reach, std::int64_t vertex);
[[nodiscard]] bool is_unused_output(const LayeredGraph& graph, const Reach& reach, std::int64_t vertex);

/// The kept parameters on at least one input–output path. With tied tensors, on one of any of its links.
/// O(units + mask words).
[[nodiscard]] Mask effective_mask(const LayeredGraph& graph, const Reach& reach);
/// How many they are, by parameter tensor. One read of the mask; builds no mask but of tied tensors.
[[nodiscard]] std::vector<std::int64_t> effective_counts(const LayeredGraph& graph, const Reach& reach);

}  // namespace phew
