#include "graph/reach.hpp"

#include "graph/bit_kernels.hpp"
#include "graph/edge_rows.hpp"

#include <algorithm>
#include <span>
#include <utility>
#include <vector>

namespace phew {
namespace {

std::size_t at(std::int64_t vertex) { return static_cast<std::size_t>(vertex); }

/// The part of flags by vertex that belongs to units first … first + units − 1 of a layer.
template <typename Flags>
auto part(Flags& flags, const Layer& layer, std::int64_t first, std::int64_t units) {
  return std::span(flags).subspan(at(layer.first + first), at(units));
}

/// Sets the flags of a group's units whose bit is set.
void mark(std::span<std::uint8_t> flags, Bits bits) {
  for_each_set(bits, [&](std::int64_t i) { flags[at(i)] = 1; });
}

/// The ends of a weighted link's edges, and what is reached over them; its source layer's from_input is complete.
void reach_targets(const LayeredGraph& graph, const Link& link, Reach& r) {
  const EdgeRows rows = EdgeRows::by_target(graph, link);
  const Layer &from = graph.layers()[link.from], &to = graph.layers()[link.to];
  for (std::int64_t g = 0; g < link.groups; ++g) {
    const std::int64_t first_source = g * link.group_sources;
    const auto reached = to_bits(part(r.from_input, from, first_source, link.group_sources));
    std::vector<std::uint64_t> left(reached.size());
    for (std::int64_t t = g * link.group_targets; t < (g + 1) * link.group_targets; ++t) {
      const Bits row = rows.row(t);
      add_bits(left, row);
      const std::size_t v = at(to.first + t);
      r.entered[v] |= intersect(row, row);
      r.from_input[v] |= intersect(row, reached);
    }
    mark(part(r.left, from, first_source, link.group_sources), left);
  }
}

/// The sources from which an output is reached over a weighted link; its target layer's to_output is complete.
void reach_sources(const LayeredGraph& graph, const Link& link, Reach& r) {
  const EdgeRows rows = EdgeRows::by_target(graph, link);
  const Layer &from = graph.layers()[link.from], &to = graph.layers()[link.to];
  for (std::int64_t g = 0; g < link.groups; ++g) {
    std::vector<std::uint64_t> reaching(at((link.group_sources + 63) / 64));
    for (std::int64_t t = g * link.group_targets; t < (g + 1) * link.group_targets; ++t)
      if (r.to_output[at(to.first + t)] != 0) add_bits(reaching, rows.row(t));
    mark(part(r.to_output, from, g * link.group_sources, link.group_sources), reaching);
  }
}

/// Calls f(source vertex, target vertex) for each edge of a fixed link.
template <typename F>
void for_each_fixed_edge(const LayeredGraph& graph, const Link& link, F&& f) {
  const std::int64_t sources = graph.layers()[link.from].first;
  const std::int64_t targets = graph.layers()[link.to].first;
  for (std::size_t t = 0; t < link.source_of.size(); ++t)
    if (const std::int64_t s = link.source_of[t]; s >= 0) f(at(sources + s), at(targets) + t);
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
    if (link->fixed())
      for_each_fixed_edge(graph, *link, [&](std::size_t s, std::size_t t) { r.from_input[t] |= r.from_input[s]; });
    else
      reach_targets(graph, *link, r);
  r.can_enter = r.entered;
  r.can_leave = r.left;
  for (const Layer& layer : graph.layers()) {
    if (layer.input) mark(r.can_enter, layer);
    if (layer.output) mark(r.can_leave, layer);
  }
  for (const Link* link : links)
    if (link->fixed())
      for_each_fixed_edge(graph, *link, [&](std::size_t s, std::size_t t) { r.can_enter[t] |= r.can_enter[s]; });
  std::ranges::reverse(links);
  for (const Link* link : links)
    if (link->fixed())
      for_each_fixed_edge(graph, *link, [&](std::size_t s, std::size_t t) {
        r.to_output[s] |= r.to_output[t];
        r.can_leave[s] |= r.can_leave[t];
      });
    else
      reach_sources(graph, *link, r);
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

namespace {

/// Calls f(row, columns) for each row of a link's parameter that holds effective parameters: those of `columns`, a bit
/// each, that the mask keeps.
template <typename F>
void for_each_effective_row(const LayeredGraph& graph, const Reach& reach, const Link& link, F&& f) {
  const std::int64_t sources = graph.layers()[link.from].first;
  const std::int64_t targets = graph.layers()[link.to].first;
  for (std::int64_t g = 0; g < link.groups; ++g) {
    BitMatrix columns(1, link.group_sources * link.kernel);
    for (std::int64_t c = 0; c < link.group_sources; ++c)
      for (std::int64_t k = 0; reach.from_input[at(sources + g * link.group_sources + c)] != 0 && k < link.kernel; ++k)
        columns.set(0, c * link.kernel + k);
    for (std::int64_t t = g * link.group_targets; t < (g + 1) * link.group_targets; ++t)
      if (reach.to_output[at(targets + t)] != 0) f(t, std::as_const(columns).row(0));
  }
}

/// Parameters of which some two links share.
std::vector<bool> tied(const LayeredGraph& graph) {
  std::vector<int> links(graph.parameters().size());
  for (const Link& link : graph.links())
    if (!link.fixed()) ++links[link.parameter];
  std::vector<bool> shared;
  for (const int n : links) shared.push_back(n > 1);
  return shared;
}

/// Sets the bits of a link's effective parameters.
void add_effective(const LayeredGraph& graph, const Reach& reach, const Link& link, BitMatrix& bits) {
  for_each_effective_row(graph, reach, link, [&](std::int64_t t, Bits columns) {
    add_common_bits(bits.row(t), columns, graph.has_mask() ? graph.mask()[link.parameter].row(t) : columns);
  });
}

}  // namespace

Mask effective_mask(const LayeredGraph& graph, const Reach& reach) {
  Mask effective(graph.parameters());
  for (const Link& link : graph.links())
    if (!link.fixed()) add_effective(graph, reach, link, effective[link.parameter]);
  return effective;
}

std::vector<std::int64_t> effective_counts(const LayeredGraph& graph, const Reach& reach) {
  std::vector<std::int64_t> counts(graph.parameters().size());
  const std::vector<bool> shared = tied(graph);
  std::vector<BitMatrix> unions(counts.size());
  for (const Link& link : graph.links()) {
    if (link.fixed()) continue;
    if (!shared[link.parameter]) {
      for_each_effective_row(graph, reach, link, [&](std::int64_t t, Bits columns) {
        counts[link.parameter] +=
            count_common_bits(columns, graph.has_mask() ? graph.mask()[link.parameter].row(t) : columns);
      });
      continue;
    }
    const Parameter& parameter = graph.parameters()[link.parameter];
    BitMatrix& bits = unions[link.parameter];
    if (bits.rows() == 0) bits = BitMatrix(parameter.rows(), parameter.row_length());
    add_effective(graph, reach, link, bits);
    counts[link.parameter] = bits.count();
  }
  return counts;
}

}  // namespace phew
