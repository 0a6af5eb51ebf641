// Bottleneck: the fewest hidden units that hold a network together.
#pragma once

#include "graph/layered_graph.hpp"
#include "graph/reach.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace phew {

/// A smallest set of hidden units whose removal leaves no input–output path.
struct HiddenCut {
  /// Vertices, ascending. Of all smallest sets the one nearest the inputs, which is unique. Empty if there is no path.
  std::vector<std::int64_t> units;

  [[nodiscard]] std::int64_t size() const { return static_cast<std::int64_t>(units.size()); }
};

/// The minimum cut of hidden units between inputs and outputs over kept and fixed edges (Menger 1927), or none if some
/// path has no hidden unit. By max-flow on the split graph: a hidden unit on a path is an edge of capacity 1, all else
/// is unlimited. Inputs, outputs and copies (units of Concat, Split, shuffle) cannot be cut: a copy is the unit that it
/// copies, and cutting one of a unit's copies alone would cut a part of it.
///
/// Targets of a link that read the same units share a hub vertex, so a dense link costs sources + targets arcs.
/// O(V³) at worst (push–relabel), nearly linear in the arcs on pruned networks.
[[nodiscard]] std::optional<HiddenCut> minimum_hidden_cut(const LayeredGraph& graph, const Reach& reach);

}  // namespace phew
