// Components: the pieces that a mask leaves of a network, the direction of edges aside.
#pragma once

#include "graph/layered_graph.hpp"

#include <cstdint>
#include <vector>

namespace phew {

struct Components {
  std::vector<std::int64_t> of;  ///< by vertex: its component's number; components are numbered by their first vertex
  std::vector<std::int64_t> units;  ///< by component: its units
  std::int64_t isolated = 0;        ///< components of one unit, which has no edge

  [[nodiscard]] std::int64_t count() const { return static_cast<std::int64_t>(units.size()); }
  /// Units of the largest; 0 without units.
  [[nodiscard]] std::int64_t largest() const;
};

/// Connected components over kept and fixed edges, by union–find (Tarjan 1975). Nearly O(kept edges + units); without a
/// mask nearly O(units), since the edges of a few units tie each group together.
[[nodiscard]] Components connected_components(const LayeredGraph& graph);

}  // namespace phew
