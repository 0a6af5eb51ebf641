// Sweep: values of all units, computed layer by layer along the links, forward or backward, in scaled doubles.
//
// path_sums adds what several edges bring to a unit; best_paths keeps the largest.
#pragma once

#include "graph/layered_graph.hpp"

#include <cstddef>
#include <cstdint>
#include <numbers>
#include <vector>

namespace phew {

/// Values of one layer's units, scaled: unit i's is value[i] · 2^exponent. After a sweep the largest value[i] lies in
/// [½, 1) unless all are 0 (a lone 1 is ½ · 2^1), so values of a thousand layers neither overflow nor vanish. Scaling
/// rounds nothing, except that what is below 2^-1022 of the layer's largest may lose bits or become 0.
struct ScaledSums {
  std::vector<double> value;
  std::int64_t exponent = 0;

  [[nodiscard]] double log_scale() const { return static_cast<double>(exponent) * std::numbers::ln2; }

  /// Adds part · 2^part_exponent. The larger of the two scales stays, so that nothing overflows. No value is negative.
  void add(std::vector<double>& part, std::int64_t part_exponent);
  /// The same with the larger of the two values instead of their sum. What is below 2^-850 of the largest becomes 0:
  /// products of the rest with a float lose no bits to the scale.
  void raise(std::vector<double>& part, std::int64_t part_exponent);
  /// Brings the largest value into [½, 1).
  void normalise();

 private:
  /// Brings this and `part` to the same scale; returns false if part is all 0.
  bool align(std::vector<double>& part, std::int64_t part_exponent);
};

/// How a unit's value follows from what its links bring: &ScaledSums::add or &ScaledSums::raise.
using Combine = void (ScaledSums::*)(std::vector<double>& part, std::int64_t part_exponent);

/// Values of all units, by layer, in the direction of the links: an input unit starts with 1, and link l brings
/// product(l, values of its source layer, part), which fills `part` (one value, at first 0, per target unit) and
/// returns the power of two by which part is to be multiplied.
template <typename Product>
[[nodiscard]] std::vector<ScaledSums> sweep_forward(const LayeredGraph& graph, Combine combine, Product&& product) {
  std::vector<ScaledSums> sums;
  std::vector<double> part;
  for (const Layer& layer : graph.layers()) {
    ScaledSums& to = sums.emplace_back();
    to.value.assign(static_cast<std::size_t>(layer.units), layer.input ? 1.0 : 0.0);
    for (const std::size_t l : layer.in_links) {
      const ScaledSums& from = sums[graph.links()[l].from];
      part.assign(to.value.size(), 0.0);
      const std::int64_t exponent = product(l, from.value, part);
      (to.*combine)(part, from.exponent + exponent);
    }
    to.normalise();
  }
  return sums;
}

/// The same against the direction of the links, from the output units: product(l, values of its target layer, part) has
/// one value per source unit.
template <typename Product>
[[nodiscard]] std::vector<ScaledSums> sweep_backward(const LayeredGraph& graph, Combine combine, Product&& product) {
  std::vector<ScaledSums> sums(graph.layers().size());
  std::vector<double> part;
  for (std::size_t i = graph.layers().size(); i-- > 0;) {
    const Layer& layer = graph.layers()[i];
    sums[i].value.assign(static_cast<std::size_t>(layer.units), layer.output ? 1.0 : 0.0);
    for (const std::size_t l : layer.out_links) {
      const ScaledSums& to = sums[graph.links()[l].to];
      part.assign(sums[i].value.size(), 0.0);
      const std::int64_t exponent = product(l, to.value, part);
      (sums[i].*combine)(part, to.exponent + exponent);
    }
    sums[i].normalise();
  }
  return sums;
}

/// What a fixed link brings in a sweep: each target unit has its source's value (forward) …
void copy_forward(const Link& link, const std::vector<double>& sources, std::vector<double>& part);
/// … and each source unit the sum or, of values that are combined by it, the largest of its targets' (backward).
void copy_backward(const Link& link, Combine combine, const std::vector<double>& targets, std::vector<double>& part);

/// A value per source unit of target group `group`, repeated for each parameter of a kernel: entry p belongs to
/// position p of a row. The values themselves where kernels have one parameter; else they are written to `storage`.
[[nodiscard]] const double* by_position(const Link& link, std::int64_t group, const std::vector<double>& sources,
                                        std::vector<double>& storage);
/// The other way: adds values by position of a row of group `group` to the source units that they belong to.
void add_by_source(const Link& link, std::int64_t group, const std::vector<double>& by_position,
                   std::vector<double>& sources);

}  // namespace phew
