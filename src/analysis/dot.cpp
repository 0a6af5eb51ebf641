#include "analysis/dot.hpp"

#include "graph/edge_rows.hpp"
#include "graph/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>

namespace phew {
namespace {

struct Style {
  const char* name;
  const char* fill;
};

/// By state. Colours that differ for most kinds of colour blindness, too (Okabe and Ito 2008).
constexpr std::array styles{Style{"on a path", "#56b4e9"}, Style{"stub", "#e69f00"}, Style{"dead", "#bbbbbb"},
                            Style{"unused", "#ffffff"}, Style{"on no path", "#f0e442"}};

const Style& style_of(UnitState state) { return styles[static_cast<std::size_t>(state)]; }

std::string quoted(const std::string& text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') result += '\\';
    result += c;
  }
  return result + '"';
}

void add_layer(const LayeredGraph& graph, const Reach& reach, std::size_t index, std::string& text) {
  const Layer& layer = graph.layers()[index];
  const auto out = std::back_inserter(text);
  fmt::format_to(out, "  subgraph cluster_{} {{\n    label={}\n", index, quoted(layer.name));
  for (std::int64_t u = 0; u < layer.units; ++u) {
    const Style& style = style_of(unit_state(graph, reach, layer.first + u));
    fmt::format_to(out, "    u{} [label=\"{}\" fillcolor=\"{}\" tooltip={}]\n", layer.first + u, u, style.fill,
                   quoted(fmt::format("{}: {}", graph.unit_name(layer.first + u), style.name)));
  }
  text += "  }\n";
}

void add_edge(const Reach& reach, std::int64_t source, std::int64_t target, bool fixed, std::string& text) {
  const bool on_path =
      reach.from_input[static_cast<std::size_t>(source)] != 0 && reach.to_output[static_cast<std::size_t>(target)] != 0;
  fmt::format_to(std::back_inserter(text), "  u{} -> u{} [color=\"{}\"{}]\n", source, target,
                 on_path ? "#000000" : "#aaaaaa", fixed ? " style=dashed" : "");
}

void add_link(const LayeredGraph& graph, const Reach& reach, const Link& link, std::string& text) {
  const std::int64_t sources = graph.layers()[link.from].first, targets = graph.layers()[link.to].first;
  for (std::size_t t = 0; t < link.source_of.size(); ++t)
    if (const std::int64_t s = link.source_of[t]; s >= 0)
      add_edge(reach, sources + s, targets + static_cast<std::int64_t>(t), true, text);
  if (link.fixed()) return;
  const EdgeRows rows = EdgeRows::by_target(graph, link);
  for (std::int64_t t = 0; t < graph.layers()[link.to].units; ++t)
    for_each_set(rows.row(t), [&](std::int64_t c) {
      add_edge(reach, sources + link.first_source(t) + c, targets + t, false, text);
    });
}

}  // namespace

UnitState unit_state(const LayeredGraph& graph, const Reach& reach, std::int64_t vertex) {
  if (is_unused_input(graph, reach, vertex) || is_unused_output(graph, reach, vertex)) return UnitState::unused;
  if (is_stub(graph, reach, vertex)) return UnitState::stub;
  if (reach.on_path(vertex)) return UnitState::on_path;
  return is_dead(graph, reach, vertex) ? UnitState::dead : UnitState::off_path;
}

std::string dot_text(const LayeredGraph& graph, const Reach& reach, const std::string& title) {
  std::int64_t edges = 0;
  for (const Link& link : graph.links()) edges += graph.edge_count(link);
  if (std::max(edges, graph.unit_count()) > most_dot_edges)
    fail(ExitCode::unsupported, "{}: found {} edges and {} units to draw, expected at most {}; take a smaller network",
         title, edges, graph.unit_count(), most_dot_edges);
  std::string legend;
  for (const Style& style : styles)
    fmt::format_to(std::back_inserter(legend), "<font color=\"{}\">&#9679;</font> {}  ", style.fill, style.name);
  std::string text = fmt::format(
      "digraph {} {{\n  rankdir=LR\n  ranksep=1\n  label=<{}>\n  node [shape=circle style=filled fontsize=8 width=0.3 "
      "fixedsize=true]\n  edge [arrowsize=0.5]\n",
      quoted(title), legend);
  for (std::size_t l = 0; l < graph.layers().size(); ++l) add_layer(graph, reach, l, text);
  for (const Link& link : graph.links()) add_link(graph, reach, link, text);
  return text + "}\n";
}

}  // namespace phew
