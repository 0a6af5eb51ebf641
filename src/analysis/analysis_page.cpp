#include "analysis/analysis_page.hpp"

#include "analysis/html_page.hpp"
#include "analysis/path_sampling.hpp"
#include "analysis/path_statistics.hpp"
#include "graph/reach.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>

namespace phew {
namespace {

using Json = nlohmann::ordered_json;

/// More edges than this, of all links together, would be a grey blur: the page draws the links as bands instead.
constexpr std::int64_t most_edges_drawn = 6000;

/// Densities at which the expected stub units are drawn: this many for each factor of ten, from this power of ten on.
constexpr int densities_a_decade = 12;
constexpr int lowest_decade = -4;

/// Paths sampled for the histogram of ln EWP, and its bars.
constexpr std::int64_t sampled_paths = 20'000;
constexpr std::size_t histogram_bins = 50;

Json structure_json(const LayeredGraph& graph) {
  Json layers = Json::array(), links = Json::array();
  for (const Layer& l : graph.layers())
    layers.push_back(
        {{"name", l.name}, {"units", l.units}, {"input", l.input}, {"output", l.output}, {"copy", l.copy}});
  for (const Link& l : graph.links())
    links.push_back({{"name", l.name}, {"from", l.from}, {"to", l.to}, {"fixed", l.fixed()}, {"kernel", l.kernel}});
  return {{"layers", std::move(layers)}, {"links", std::move(links)}};
}

/// Each unit's kept weighted edges, in and out, layer by layer.
struct UnitEdges {
  std::vector<std::vector<std::int64_t>> in, out;
};

UnitEdges unit_edges(const LayeredGraph& graph) {
  UnitEdges edges;
  for (const Layer& layer : graph.layers()) {
    edges.in.emplace_back(static_cast<std::size_t>(layer.units), 0);
    edges.out.emplace_back(static_cast<std::size_t>(layer.units), 0);
  }
  for (const Link& link : graph.links()) {
    if (link.fixed()) continue;
    std::vector<std::int64_t>&in = edges.in[link.to], &out = edges.out[link.from];
    for (std::int64_t t = 0; t < graph.layers()[link.to].units; ++t)
      for_each_in_edge(graph, link, t, [&](std::int64_t column, std::int64_t, std::int64_t) {
        ++in[static_cast<std::size_t>(t)];
        ++out[static_cast<std::size_t>(link.first_source(t) + column)];
      });
  }
  return edges;
}

/// [[source, target], …] of each weighted link, null for a fixed one.
Json edge_lists(const LayeredGraph& graph) {
  Json lists = Json::array();
  for (const Link& link : graph.links()) {
    Json list = link.fixed() ? Json() : Json::array();
    for (std::int64_t t = 0; !link.fixed() && t < graph.layers()[link.to].units; ++t)
      for_each_in_edge(graph, link, t, [&](std::int64_t column, std::int64_t, std::int64_t) {
        list.push_back({link.first_source(t) + column, t});
      });
    lists.push_back(std::move(list));
  }
  return lists;
}

/// A histogram of ln EWP over uniformly sampled paths, beside the mean and spread over all of them; null without a path
/// of EWP > 0.
Json ewp_json(const LayeredGraph& graph) {
  const std::optional<LogEwp> all = graph.has_weights() ? path_statistics(graph).log_ewp() : std::nullopt;
  if (!all) return {};
  const std::vector<double> logs = sample_log_ewp(graph, {.samples = sampled_paths});
  const auto [least, most] = std::ranges::minmax(logs);
  const double width = (most - least) / static_cast<double>(histogram_bins);
  std::vector<std::int64_t> counts(width > 0 ? histogram_bins : 1, 0);
  for (const double log : logs)
    ++counts[width > 0 ? std::min(counts.size() - 1, static_cast<std::size_t>((log - least) / width)) : 0];
  return {{"mean", all->mean},      {"std", all->std}, {"least", all->least}, {"most", all->most},
          {"sampled", logs.size()}, {"first", least},  {"width", width},      {"paths", counts}};
}

Json mask_json(const AnalyzedMask& mask) {
  const UnitEdges edges = unit_edges(mask.graph);
  std::int64_t count = 0;
  for (const auto& layer : edges.in)
    for (const std::int64_t degree : layer) count += degree;
  return {{"document", to_json(mask.graph, mask.analysis, mask.source, {.degrees = true})},
          {"verdict", verdict(mask.analysis)},
          {"warnings", warnings(mask.analysis)},
          {"units", {{"state", unit_states(mask)}, {"in", edges.in}, {"out", edges.out}}},
          {"ewp", ewp_json(mask.graph)},
          {"edges", count <= most_edges_drawn ? edge_lists(mask.graph) : Json()}};
}

/// Expected stub units of random pruning against its density (Eq. 5–8), from one density in every link.
Json theory_json(const LayeredGraph& graph) {
  Json densities = Json::array(), stubs = Json::array(), any = Json::array();
  for (int i = lowest_decade * densities_a_decade; i <= 0; ++i) {
    const double density = std::pow(10.0, static_cast<double>(i) / densities_a_decade);
    const ExpectedStubs expected =
        expected_stubs(graph, std::vector<double>(graph.parameters().size(), std::min(1.0, density)));
    densities.push_back(density);
    stubs.push_back(expected.whole);
    any.push_back(expected.any);
  }
  return {{"density", densities}, {"expected_stub_units", stubs}, {"any_stub", any}};
}

Json similarity_json(std::span<const AnalyzedMask> masks) {
  std::vector<Mask> bits;
  std::vector<MaskSource> sources;
  for (const AnalyzedMask& m : masks) {
    bits.push_back(m.graph.mask());
    const ParameterCounts& counts = m.analysis.profile.network.counts;
    sources.push_back({m.source.mask.value_or(""), counts.kept, counts.density()});
  }
  return to_json(compare_groups(bits, bits.size()), masks.front().graph.parameters(), sources, bits.size());
}

Json definitions_json(std::span<const Definition> definitions) {
  Json json = Json::object();
  for (const Definition& d : definitions) json[std::string(d.key)] = {{"text", d.text}, {"source", d.source}};
  return json;
}

char state_of(const LayeredGraph& graph, const Reach& reach, std::int64_t v) {
  if (is_stub(graph, reach, v)) return 's';
  const bool dead = is_dead(graph, reach, v);
  if (reach.on_path(v)) return dead ? 't' : 'p';
  if (dead) return 'd';
  return is_unused_input(graph, reach, v) || is_unused_output(graph, reach, v) ? 'u' : 'o';
}

}  // namespace

std::vector<std::string> unit_states(const AnalyzedMask& mask) {
  const Reach r = reach(mask.graph);
  std::vector<std::string> states;
  for (const Layer& layer : mask.graph.layers()) {
    std::string& of_layer = states.emplace_back();
    for (std::int64_t v = layer.first; v < layer.first + layer.units; ++v) of_layer += state_of(mask.graph, r, v);
  }
  if (!mask.analysis.cut) return states;
  for (const std::int64_t v : mask.analysis.cut->units) {
    const Unit unit = mask.graph.unit(v);
    states[unit.layer][static_cast<std::size_t>(unit.index)] = 'c';
  }
  return states;
}

Json analysis_page_data(std::span<const AnalyzedMask> masks) {
  const LayeredGraph& graph = masks.front().graph;
  Json list = Json::array();
  for (const AnalyzedMask& m : masks) list.push_back(mask_json(m));
  return {{"network", masks.front().source.network},
          {"structure", structure_json(graph)},
          {"masks", std::move(list)},
          {"theory", theory_json(graph)},
          {"similarity", masks.size() > 1 ? similarity_json(masks) : Json()},
          {"definitions",
           {{"analyze", definitions_json(analyze_definitions())},
            {"similarity", definitions_json(similarity_definitions())}}}};
}

std::string analysis_page(std::span<const AnalyzedMask> masks) {
  const PageFile scripts[] = {page_files::graph_drawing_js, page_files::layered_graph_js,
                              page_files::analysis_figures_js, page_files::analysis_js};
  return html_page(fmt::format("{} · phew-graph", masks.front().source.network), analysis_page_data(masks), scripts);
}

}  // namespace phew
