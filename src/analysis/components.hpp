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

/// Connected components over kept and fixed edges, by search: each unit reads its rows of edge bits, by target and by
/// source, once. O(units + edge words), however many bits are set.
[[nodiscard]] Components connected_components(const LayeredGraph& graph);

}  // namespace phew
