#include "graph/layered_graph_bgl.hpp"

namespace phew {
namespace {

/// Target unit and column of an edge; the column is 0 for a fixed link.
std::pair<std::int64_t, std::int64_t> place_of(const LayeredGraph& graph, const Edge& edge) {
  const Link& link = graph.links()[edge.link];
  const std::int64_t target = static_cast<std::int64_t>(edge.target) - graph.layers()[link.to].first;
  const std::int64_t source = static_cast<std::int64_t>(edge.source) - graph.layers()[link.from].first;
  return {target, link.fixed() ? 0 : source - link.first_source(target)};
}

}  // namespace

double EdgeLength::operator()(const Edge& edge) const {
  const auto [target, column] = place_of(*graph, edge);
  return graph->length(graph->links()[edge.link], target, column);
}

double EdgeMagnitude::operator()(const Edge& edge) const {
  const auto [target, column] = place_of(*graph, edge);
  return graph->magnitude(graph->links()[edge.link], target, column);
}

std::pair<Edge, bool> edge(std::size_t u, std::size_t v, const LayeredGraph& g) {
  const Unit from = g.unit(static_cast<std::int64_t>(u));
  const Unit to = g.unit(static_cast<std::int64_t>(v));
  for (const std::size_t index : g.layers()[from.layer].out_links) {
    const Link& link = g.links()[index];
    if (link.to != to.layer) continue;
    if (link.fixed()) {
      if (link.source_of[static_cast<std::size_t>(to.index)] == from.index) return {{index, u, v}, true};
      continue;
    }
    const std::int64_t column = from.index - link.first_source(to.index);
    if (column >= 0 && column < link.group_sources && g.has_edge(link, to.index, column)) return {{index, u, v}, true};
  }
  return {Edge{}, false};
}

}  // namespace phew
