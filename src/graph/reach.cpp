#include "graph/reach.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace phew {
namespace {

std::size_t at(std::int64_t vertex) { return static_cast<std::size_t>(vertex); }

/// Calls f(source vertex, target vertex) for each kept edge of a link.
template <typename F>
void for_each_edge(const LayeredGraph& graph, const Link& link, F&& f) {
  const std::int64_t sources = graph.layers()[link.from].first;
  const std::int64_t targets = graph.layers()[link.to].first;
  for (std::int64_t t = 0; t < graph.layers()[link.to].units; ++t) {
    if (!link.fixed()) {
      const std::int64_t first = sources + link.first_source(t);
      for_each_in_edge(graph, link, t,
                       [&](std::int64_t c, std::int64_t, std::int64_t) { f(at(first + c), at(targets + t)); });
    } else if (const std::int64_t s = link.source_of[at(t)]; s >= 0) {
      f(at(sources + s), at(targets + t));
    }
  }
}

void mark(std::vector<std::uint8_t>& flags, const Layer& layer) {
  std::fill_n(flags.begin() + layer.first, layer.units, std::uint8_t{1});
}

bool counts_as_hidden(const LayeredGraph& graph, std::int64_t vertex) {
  const Layer& layer = graph.layers()[graph.unit(vertex).layer];
  return layer.hidden() && !layer.copy;
}

}  // namespace

Reach reach(const LayeredGraph& graph, FixedEdges fixed) {
  const auto n = static_cast<std::size_t>(graph.unit_count());
  Reach r{std::vector<std::uint8_t>(n),
          std::vector<std::uint8_t>(n),
          std::vector<std::uint8_t>(n),
          std::vector<std::uint8_t>(n),
          {},
          {}};
  for (const Layer& layer : graph.layers()) {
    if (layer.input) mark(r.from_input, layer);
    if (layer.output) mark(r.to_output, layer);
  }
  std::vector<const Link*> links;
  for (const Link& link : graph.links())
    if (follows(graph, link, fixed)) links.push_back(&link);
  // Links are ordered by target layer, so a layer is complete before a link leaves it.
  for (const Link* link : links)
    for_each_edge(graph, *link, [&](std::size_t s, std::size_t t) {
      r.from_input[t] |= r.from_input[s];
      if (link->fixed()) return;
      r.entered[t] = 1;
      r.left[s] = 1;
    });
  r.can_enter = r.entered;
  r.can_leave = r.left;
  for (const Layer& layer : graph.layers()) {
    if (layer.input) mark(r.can_enter, layer);
    if (layer.output) mark(r.can_leave, layer);
  }
  for (const Link* link : links)
    if (link->fixed())
      for_each_edge(graph, *link, [&](std::size_t s, std::size_t t) { r.can_enter[t] |= r.can_enter[s]; });
  std::ranges::reverse(links);
  for (const Link* link : links)
    for_each_edge(graph, *link, [&](std::size_t s, std::size_t t) {
      r.to_output[s] |= r.to_output[t];
      if (link->fixed()) r.can_leave[s] |= r.can_leave[t];
    });
  return r;
}

bool is_stub(const LayeredGraph& graph, const Reach& reach, std::int64_t vertex) {
  const std::size_t v = at(vertex);
  const bool stuck =
      (reach.entered[v] != 0 && reach.can_leave[v] == 0) || (reach.left[v] != 0 && reach.can_enter[v] == 0);
  return stuck && counts_as_hidden(graph, vertex);
}

bool is_dead(const LayeredGraph& graph, const Reach& reach, std::int64_t vertex) {
  const std::size_t v = at(vertex);
  return reach.entered[v] == 0 && reach.left[v] == 0 && counts_as_hidden(graph, vertex);
}

namespace {

/// Whether a fixed edge leaves (or enters) the unit.
bool has_fixed_edge(const LayeredGraph& graph, std::int64_t vertex, bool leaving) {
  const Unit unit = graph.unit(vertex);
  const Layer& layer = graph.layers()[unit.layer];
  for (const std::size_t i : leaving ? layer.out_links : layer.in_links) {
    const Link& link = graph.links()[i];
    if (!link.fixed()) continue;
    if (leaving ? !link.targets_of[at(unit.index)].empty() : link.source_of[at(unit.index)] >= 0) return true;
  }
  return false;
}

}  // namespace

bool is_unused_input(const LayeredGraph& graph, const Reach& reach, std::int64_t vertex) {
  return graph.layers()[graph.unit(vertex).layer].input && reach.left[at(vertex)] == 0 &&
         !has_fixed_edge(graph, vertex, true);
}

bool is_unused_output(const LayeredGraph& graph, const Reach& reach, std::int64_t vertex) {
  return graph.layers()[graph.unit(vertex).layer].output && reach.entered[at(vertex)] == 0 &&
         !has_fixed_edge(graph, vertex, false);
}

Mask effective_mask(const LayeredGraph& graph, const Reach& reach) {
  Mask effective(graph.parameters());
  for (const Link& link : graph.links()) {
    if (link.fixed()) continue;
    const std::int64_t sources = graph.layers()[link.from].first;
    const std::int64_t targets = graph.layers()[link.to].first;
    BitMatrix& bits = effective[link.parameter];
    for (std::int64_t t = 0; t < graph.layers()[link.to].units; ++t) {
      if (reach.to_output[at(targets + t)] == 0) continue;
      for_each_in_edge(graph, link, t, [&](std::int64_t c, std::int64_t first, std::int64_t last) {
        if (reach.from_input[at(sources + link.first_source(t) + c)] == 0) return;
        for (std::int64_t p = first; p < last; ++p)
          if (!graph.has_mask() || graph.mask()[link.parameter].test(t, p)) bits.set(t, p);
      });
    }
  }
  return effective;
}

}  // namespace phew
