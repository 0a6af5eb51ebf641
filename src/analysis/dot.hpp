// A small layered graph as a drawing in Graphviz's language.
#pragma once

#include "graph/layered_graph.hpp"
#include "graph/reach.hpp"

#include <cstdint>
#include <string>

namespace phew {

/// More edges than this make no drawing that anyone could read.
inline constexpr std::int64_t most_dot_edges = 4000;

/// What a unit is, as far as a drawing goes.
enum class UnitState { on_path, stub, dead, unused, off_path };
/// Stub and dead as in graph/reach.hpp; an input or output without edges is unused; off_path: none of these.
[[nodiscard]] UnitState unit_state(const LayeredGraph& graph, const Reach& reach, std::int64_t vertex);

/// A digraph from left to right: units as nodes, clustered by layer, filled by state; an arrow for each kept edge,
/// black if it lies on a path, grey if not, dashed if it is fixed. Throws Error(unsupported) if there are more than
/// most_dot_edges edges, or units.
[[nodiscard]] std::string dot_text(const LayeredGraph& graph, const Reach& reach, const std::string& title);

}  // namespace phew
