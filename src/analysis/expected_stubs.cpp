#include "analysis/expected_stubs.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

namespace phew {
namespace {

enum class Side { in, out };

/// Chances of one side of the units, as logarithms: −inf where something is certain to be kept.
class SideChances {
 public:
  SideChances(const LayeredGraph& graph, std::span<const double> densities, FixedEdges fixed, Side side)
      : graph_(graph), fixed_(fixed), side_(side) {
    for (const Layer& layer : graph.layers()) log_none_kept_.push_back(log_none_kept(layer, densities));
  }

  /// ln of the chance that no parameter of the unit's own side is kept. The same for all units of a layer.
  [[nodiscard]] double own(std::size_t layer) const { return log_none_kept_[layer]; }

  /// Whether no fixed edge leads on from the layer's units on this side, so that one stands for all.
  [[nodiscard]] bool alike(std::size_t layer) const {
    return std::ranges::none_of(links(graph_.layers()[layer]), [&](std::size_t l) {
      return graph_.links()[l].fixed() && follows(graph_, graph_.links()[l], fixed_);
    });
  }

  /// The same for the unit and all that it reaches along fixed edges on this side; −inf if an end is among them.
  [[nodiscard]] double reached(std::int64_t vertex) const {
    std::set<std::int64_t> found;
    collect(vertex, found);
    double sum = 0;
    for (const std::int64_t v : found) {
      const std::size_t l = graph_.unit(v).layer;
      const Layer& layer = graph_.layers()[l];
      if (side_ == Side::in ? layer.input : layer.output) return -std::numeric_limits<double>::infinity();
      sum += own(l);
    }
    return sum;
  }

 private:
  [[nodiscard]] const std::vector<std::size_t>& links(const Layer& layer) const {
    return side_ == Side::in ? layer.in_links : layer.out_links;
  }

  [[nodiscard]] double log_none_kept(const Layer& layer, std::span<const double> densities) const {
    double sum = 0;
    for (const std::size_t l : links(layer)) {
      const Link& link = graph_.links()[l];
      if (link.fixed()) continue;
      const std::int64_t edges = side_ == Side::in ? link.group_sources : link.group_targets;
      if (edges > 0) sum += static_cast<double>(edges * link.kernel) * std::log1p(-densities[link.parameter]);
    }
    return sum;
  }

  void collect(std::int64_t vertex, std::set<std::int64_t>& found) const {
    if (!found.insert(vertex).second) return;
    const Unit unit = graph_.unit(vertex);
    for (const std::size_t l : links(graph_.layers()[unit.layer])) {
      const Link& link = graph_.links()[l];
      if (!link.fixed() || !follows(graph_, link, fixed_)) continue;
      if (side_ == Side::out) {
        for (const std::int64_t t : link.targets_of[static_cast<std::size_t>(unit.index)])
          collect(graph_.vertex(link.to, t), found);
      } else if (const std::int64_t s = link.source_of[static_cast<std::size_t>(unit.index)]; s >= 0) {
        collect(graph_.vertex(link.from, s), found);
      }
    }
  }

  const LayeredGraph& graph_;
  FixedEdges fixed_;
  Side side_;
  std::vector<double> log_none_kept_;  ///< by layer
};

}  // namespace

ExpectedStubs expected_stubs(const LayeredGraph& graph, std::span<const double> densities, FixedEdges fixed) {
  const SideChances in(graph, densities, fixed, Side::in), out(graph, densities, fixed, Side::out);
  ExpectedStubs expected;
  double log_none = 0;
  for (std::size_t l = 0; l < graph.layers().size(); ++l) {
    const Layer& layer = graph.layers()[l];
    const bool alike = in.alike(l) && out.alike(l);
    double stubs = 0, chance = 0, log_not = 0;
    for (std::int64_t v = layer.first; layer.hidden() && !layer.copy && v < layer.first + layer.units; ++v) {
      if (v == layer.first || !alike) {
        chance = -std::expm1(in.own(l)) * std::exp(out.reached(v)) - std::expm1(out.own(l)) * std::exp(in.reached(v));
        log_not = std::log1p(-std::min(1.0, chance));
      }
      stubs += chance;
      log_none += log_not;
    }
    expected.layers.push_back(stubs);
    expected.whole += stubs;
  }
  expected.any = -std::expm1(log_none);
  return expected;
}

std::vector<double> tensor_densities(const LayeredGraph& graph) {
  std::vector<double> densities;
  for (std::size_t i = 0; i < graph.parameters().size(); ++i) {
    const auto size = static_cast<double>(graph.parameters()[i].size());
    densities.push_back(!graph.has_mask() ? 1 : size == 0 ? 0 : static_cast<double>(graph.mask()[i].count()) / size);
  }
  return densities;
}

std::vector<double> global_densities(const LayeredGraph& graph) {
  const double density = graph.has_mask() ? graph.mask().density() : 1;
  return std::vector<double>(graph.parameters().size(), density);
}

}  // namespace phew
