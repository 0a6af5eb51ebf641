#include "analysis/layer_profile.hpp"

#include <algorithm>

namespace phew {
namespace {

LayerProfile layer_profile(const LayeredGraph& graph, const Reach& reach, const Layer& layer) {
  LayerProfile p{layer.name, layer.units};
  p.input = layer.input;
  p.output = layer.output;
  p.copy = layer.copy;
  for (std::int64_t v = layer.first; v < layer.first + layer.units; ++v) {
    p.stub_units += is_stub(graph, reach, v);
    p.dead_units += is_dead(graph, reach, v);
    p.units_on_path += reach.on_path(v);
  }
  return p;
}

/// Kept parameters whose weight is 0.
std::int64_t zero_weights(const LayeredGraph& graph, std::size_t parameter, const KeptParameters* kept) {
  if (!graph.has_mask()) return std::ranges::count(graph.weights()[parameter], 0.0F);
  if (kept != nullptr) return std::ranges::count(kept->weights(parameter), 0.0F);
  KeptRowReader rows(graph, parameter, true, nullptr);
  std::int64_t zeros = 0;
  for (std::int64_t r = 0; r < graph.mask()[parameter].rows(); ++r)
    zeros += std::ranges::count(rows.row(r).weights, 0.0F);
  return zeros;
}

/// By parameter tensor.
std::vector<ParameterCounts> count_parameters(const LayeredGraph& graph, const Reach& reach) {
  const std::vector<std::int64_t> effective = effective_counts(graph, reach);
  std::vector<ParameterCounts> counts;
  for (std::size_t i = 0; i < graph.parameters().size(); ++i) {
    const std::int64_t prunable = graph.parameters()[i].size();
    counts.push_back({prunable, graph.has_mask() ? graph.mask()[i].count() : prunable, effective[i]});
  }
  return counts;
}

template <typename Predicate>
std::vector<std::int64_t> vertices_where(const LayeredGraph& graph, Predicate&& predicate) {
  std::vector<std::int64_t> vertices;
  for (std::int64_t v = 0; v < graph.unit_count(); ++v)
    if (predicate(v)) vertices.push_back(v);
  return vertices;
}

void sum_units(const LayeredGraph& graph, const Reach& reach, Profile& p) {
  for (const LayerProfile& layer : p.layers) {
    p.network.stub_units += layer.stub_units;
    p.network.dead_units += layer.dead_units;
    p.network.connected = p.network.connected || (layer.output && layer.units_on_path > 0);
  }
  for (const Layer& layer : graph.layers()) {
    for (std::int64_t v = layer.first; v < layer.first + layer.units; ++v) {
      p.network.unused_inputs += layer.input && is_unused_input(graph, reach, v);
      p.network.unused_outputs += layer.output && is_unused_output(graph, reach, v);
    }
  }
}

}  // namespace

Profile profile(const LayeredGraph& graph, const Reach& reach, const KeptParameters* kept) {
  Profile p;
  for (const Layer& layer : graph.layers()) p.layers.push_back(layer_profile(graph, reach, layer));
  sum_units(graph, reach, p);

  const std::vector<ParameterCounts> counts = count_parameters(graph, reach);
  for (const ParameterCounts& c : counts) {
    p.network.counts.prunable += c.prunable;
    p.network.counts.kept += c.kept;
    p.network.counts.effective += c.effective;
  }
  for (const Link& link : graph.links()) {
    if (link.fixed()) continue;
    LinkProfile l{link.name, graph.parameters()[link.parameter].name, counts[link.parameter], std::nullopt};
    if (graph.has_weights()) l.zero_weights = zero_weights(graph, link.parameter, kept);
    if (l.counts.kept == 0) p.network.collapsed_links.push_back(l.name);
    p.links.push_back(std::move(l));
  }
  return p;
}

std::vector<std::int64_t> stub_units(const LayeredGraph& graph, const Reach& reach) {
  return vertices_where(graph, [&](std::int64_t v) { return is_stub(graph, reach, v); });
}

std::vector<std::int64_t> dead_units(const LayeredGraph& graph, const Reach& reach) {
  return vertices_where(graph, [&](std::int64_t v) { return is_dead(graph, reach, v); });
}

}  // namespace phew
