#include "analysis/components.hpp"

#include <boost/pending/disjoint_sets.hpp>

#include <algorithm>

namespace phew {
namespace {

using Sets = boost::disjoint_sets_with_storage<>;

std::size_t at(std::int64_t vertex) { return static_cast<std::size_t>(vertex); }

/// Joins what a link's edges tie together.
void join(const LayeredGraph& graph, const Link& link, Sets& sets) {
  const std::int64_t sources = graph.layers()[link.from].first, targets = graph.layers()[link.to].first;
  for (std::int64_t t = 0; t < graph.layers()[link.to].units; ++t) {
    if (link.fixed()) {
      if (link.source_of[at(t)] >= 0) sets.union_set(at(sources + link.source_of[at(t)]), at(targets + t));
      continue;
    }
    const std::int64_t first = sources + link.first_source(t);
    if (graph.has_mask() || t % link.group_targets == 0)
      for_each_in_edge(graph, link, t, [&](std::int64_t column, std::int64_t, std::int64_t) {
        sets.union_set(at(first + column), at(targets + t));
      });
    else if (link.group_sources > 0)  // the group's first target has joined all of its sources
      sets.union_set(at(first), at(targets + t));
  }
}

}  // namespace

std::int64_t Components::largest() const { return units.empty() ? 0 : std::ranges::max(units); }

Components connected_components(const LayeredGraph& graph) {
  const std::size_t vertices = at(graph.unit_count());
  Sets sets(vertices);
  for (const Link& link : graph.links()) join(graph, link, sets);
  Components components{std::vector<std::int64_t>(vertices), {}, 0};
  std::vector<std::int64_t> number(vertices, -1);  // by the set's representative
  for (std::size_t v = 0; v < vertices; ++v) {
    std::int64_t& component = number[sets.find_set(v)];
    if (component < 0) {
      component = components.count();
      components.units.push_back(0);
    }
    components.of[v] = component;
    ++components.units[at(component)];
  }
  components.isolated = std::ranges::count(components.units, 1);
  return components;
}

}  // namespace phew
