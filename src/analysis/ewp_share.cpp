#include "analysis/ewp_share.hpp"

#include "graph/path_steps.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace phew {
namespace {

/// Rounding may lead a share a little above 1.
double at_most_one(double share) { return std::min(share, 1.0); }

/// The total EWP, scaled: one value.
ScaledSums total_of(const LayeredGraph& graph, const PathSums& ewp) {
  ScaledSums total;
  total.value = {0.0};
  for (std::size_t l = 0; l < graph.layers().size(); ++l) {
    if (!graph.layers()[l].output) continue;
    const std::vector<double>& outputs = ewp.forward[l].value;
    std::vector<double> sum{std::accumulate(outputs.begin(), outputs.end(), 0.0)};
    total.add(sum, ewp.forward[l].exponent);
  }
  total.normalise();
  return total;
}

/// f · b · 2^exponent, where f · b alone may leave a double's range.
double product(double f, double b, std::int64_t exponent) {
  int of_f = 0, of_b = 0;
  const double mantissa = std::frexp(f, &of_f) * std::frexp(b, &of_b);
  const std::int64_t whole = exponent + of_f + of_b;
  return std::ldexp(mantissa, static_cast<int>(std::clamp<std::int64_t>(whole, -5000, 5000)));
}

/// Σ over the link's steps of F(source) · value · B(target) / total.
double link_share(const LayeredGraph& graph, const Link& link, const PathSums& ewp, const ScaledSums& total) {
  const ScaledSums &from = ewp.forward[link.from], &to = ewp.backward[link.to];
  const std::int64_t exponent = from.exponent + to.exponent - total.exponent;
  double share = 0;
  for (std::size_t t = 0; t < to.value.size(); ++t) {
    if (to.value[t] == 0) continue;
    double sum = 0;
    for_each_step(graph, link, PathLevel::parameter, static_cast<std::int64_t>(t),
                  [&](std::int64_t source, std::int64_t, double value) {
                    sum += from.value[static_cast<std::size_t>(source)] * value;
                  });
    share += product(sum, to.value[t] / total.value[0], exponent);
  }
  return share;
}

}  // namespace

std::optional<EwpShares> ewp_shares(const LayeredGraph& graph, const PathSums& ewp) {
  const ScaledSums total = total_of(graph, ewp);
  if (total.value[0] == 0) return std::nullopt;
  EwpShares shares;
  for (std::size_t l = 0; l < graph.layers().size(); ++l) {
    const ScaledSums &f = ewp.forward[l], &b = ewp.backward[l];
    std::vector<double>& units = shares.units.emplace_back();
    for (std::size_t u = 0; u < f.value.size(); ++u)
      units.push_back(
          at_most_one(product(f.value[u], b.value[u] / total.value[0], f.exponent + b.exponent - total.exponent)));
  }
  for (const Link& link : graph.links()) {
    // All paths through the units of a layer that one link enters come over it.
    const std::vector<double>& units = shares.units[link.to];
    const bool alone = graph.layers()[link.to].in_links.size() == 1;
    shares.links.push_back(
        at_most_one(alone ? std::accumulate(units.begin(), units.end(), 0.0) : link_share(graph, link, ewp, total)));
  }
  return shares;
}

std::optional<LayerShare> layer_share(std::span<const double> shares) {
  LayerShare layer;
  for (const double s : shares) {
    layer.sum += s;
    layer.largest = std::max(layer.largest, s);
  }
  if (layer.sum == 0) return std::nullopt;
  double squares = 0;
  for (const double s : shares) squares += (s / layer.sum) * (s / layer.sum);
  layer.effective_width = 1 / squares;
  layer.sum = at_most_one(layer.sum);
  return layer;
}

}  // namespace phew
