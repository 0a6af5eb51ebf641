#include "graph/path_sums.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace phew {
namespace {

constexpr double minus_infinity = -std::numeric_limits<double>::infinity();

/// x · 2^e; what falls below the smallest double is 0.
double scaled(double x, std::int64_t e) { return std::ldexp(x, static_cast<int>(std::max<std::int64_t>(e, -5000))); }

bool all_zero(const std::vector<double>& values) {
  return std::ranges::all_of(values, [](double v) { return v == 0; });
}

/// Adds part · 2^exponent into `sums`. The larger of the two scales stays, so that nothing overflows.
void add_scaled(ScaledSums& sums, const std::vector<double>& part, std::int64_t exponent) {
  if (all_zero(part)) return;
  if (all_zero(sums.value)) sums.exponent = exponent;
  if (exponent > sums.exponent) {
    for (double& v : sums.value) v = scaled(v, sums.exponent - exponent);
    sums.exponent = exponent;
  }
  for (std::size_t i = 0; i < part.size(); ++i) sums.value[i] += scaled(part[i], exponent - sums.exponent);
}

/// Brings the largest value into [½, 1).
void normalise(ScaledSums& sums) {
  if (all_zero(sums.value)) return;
  int exponent = 0;
  (void)std::frexp(*std::ranges::max_element(sums.value), &exponent);
  for (double& v : sums.value) v = scaled(v, -exponent);
  sums.exponent += exponent;
}

/// Sums of a layer before any edge is followed: 1 where paths begin.
ScaledSums start(const Layer& layer, bool begins) {
  return {std::vector<double>(static_cast<std::size_t>(layer.units), begins ? 1.0 : 0.0), 0};
}

/// The two products of a link's value matrix M[target][source] = Σ over the kernel's kept parameters of their value:
/// M f (forward) and Mᵀ b (backward).
class LinkProducts {
 public:
  LinkProducts(const LayeredGraph& graph, const Link& link, PathValue value)
      : graph_(graph), link_(link), value_(graph.has_weights() ? value : PathValue::one) {}

  [[nodiscard]] std::vector<double> forward(const std::vector<double>& f) const {
    std::vector<double> out(units(link_.to));
    for_each_entry([&](std::size_t t, std::size_t s, double m) { out[t] += m * f[s]; });
    return out;
  }
  [[nodiscard]] std::vector<double> backward(const std::vector<double>& b) const {
    std::vector<double> out(units(link_.from));
    for_each_entry([&](std::size_t t, std::size_t s, double m) { out[s] += m * b[t]; });
    return out;
  }

 private:
  [[nodiscard]] std::size_t units(std::size_t layer) const {
    return static_cast<std::size_t>(graph_.layers()[layer].units);
  }

  template <typename F>
  void for_each_entry(F&& f) const {
    const std::int64_t targets = graph_.layers()[link_.to].units;
    for (std::int64_t t = 0; t < targets; ++t) {
      if (link_.fixed()) {
        if (const std::int64_t s = link_.source_of[static_cast<std::size_t>(t)]; s >= 0)
          f(static_cast<std::size_t>(t), static_cast<std::size_t>(s), 1.0);
        continue;
      }
      const std::int64_t first = link_.first_source(t);
      for_each_in_edge(graph_, link_, t, [&](std::int64_t c, std::int64_t begin, std::int64_t end) {
        f(static_cast<std::size_t>(t), static_cast<std::size_t>(first + c), kernel_value(t, begin, end));
      });
    }
  }

  /// Σ value over the kept parameters of positions [begin, end) of row t.
  [[nodiscard]] double kernel_value(std::int64_t t, std::int64_t begin, std::int64_t end) const {
    double sum = 0;
    const std::int64_t row = t * graph_.parameters()[link_.parameter].row_length();
    for (std::int64_t p = begin; p < end; ++p) {
      if (graph_.has_mask() && !graph_.mask()[link_.parameter].test(t, p)) continue;
      sum += value_ == PathValue::one ? 1.0 : of(graph_.weights()[link_.parameter][static_cast<std::size_t>(row + p)]);
    }
    return sum;
  }
  [[nodiscard]] double of(float w) const {
    const double magnitude = std::abs(static_cast<double>(w));
    return value_ == PathValue::square ? magnitude * magnitude : magnitude;
  }

  const LayeredGraph& graph_;
  const Link& link_;
  PathValue value_;
};

/// A NaN or an infinity among the weights shows in the sums: forward sums are at most 1 and products are in double.
void check_finite(const LayeredGraph& graph, const Link& link, const std::vector<double>& sums) {
  if (link.fixed() || std::ranges::all_of(sums, [](double v) { return std::isfinite(v); })) return;
  graph.weights().require_finite(link.parameter);
}

double total_log(const LayeredGraph& graph, const std::vector<ScaledSums>& forward) {
  double total = minus_infinity;
  for (std::size_t i = 0; i < forward.size(); ++i) {
    if (!graph.layers()[i].output) continue;
    double sum = 0;
    for (const double v : forward[i].value) sum += v;
    if (sum <= 0) continue;
    const double log = forward[i].log_scale() + std::log(sum);
    total = std::max(total, log) + std::log1p(std::exp(-std::abs(total - log)));
  }
  return total;
}

}  // namespace

PathSums path_sums(const LayeredGraph& graph, PathValue value) {
  PathSums sums;
  for (const Layer& layer : graph.layers()) {
    sums.forward.push_back(start(layer, layer.input));
    sums.backward.push_back(start(layer, layer.output));
  }
  for (std::size_t i = 0; i < graph.layers().size(); ++i) {
    for (const std::size_t l : graph.layers()[i].in_links) {
      const Link& link = graph.links()[l];
      const ScaledSums& from = sums.forward[link.from];
      const std::vector<double> part = LinkProducts(graph, link, value).forward(from.value);
      check_finite(graph, link, part);
      add_scaled(sums.forward[i], part, from.exponent);
    }
    normalise(sums.forward[i]);
  }
  for (std::size_t i = graph.layers().size(); i-- > 0;) {
    for (const std::size_t l : graph.layers()[i].out_links) {
      const Link& link = graph.links()[l];
      const ScaledSums& to = sums.backward[link.to];
      add_scaled(sums.backward[i], LinkProducts(graph, link, value).backward(to.value), to.exponent);
    }
    normalise(sums.backward[i]);
  }
  sums.total_log = total_log(graph, sums.forward);
  return sums;
}

}  // namespace phew
