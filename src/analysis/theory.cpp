#include "analysis/theory.hpp"

#include "graph/error.hpp"

#include <boost/math/quadrature/exp_sinh.hpp>

#include <algorithm>
#include <cmath>
#include <map>
#include <numbers>

namespace phew {
namespace {

/// What expectations of h = |w|, w ~ N(0, 1), weighted by e^(−th), are needed of.
struct HalfNormalTransform {
  double value = 0;   ///< E[e^(−th)] = e^(t²/2) erfc(t/√2)
  double second = 0;  ///< E[h² e^(−th)], its second derivative
};

/// Where t is large, from ratios of repeated integrals of erfc (Abramowitz and Stegun 7.2.5): with z = t/√2,
/// r_k = iᵏerfc(z) / iᵏ⁻¹erfc(z) = 1 / (2z + 2(k + 1) r_(k+1)), value = 2/√π r_0, second = 4 value r_1 r_2.
/// Backward from any start; from 100 on it has converged for z > 2. Sums positive terms only.
HalfNormalTransform transform_by_ratios(double t) {
  const double z = t / std::numbers::sqrt2;
  double r[3] = {};
  double next = 0;
  for (int k = 100; k >= 0; --k) {
    next = 1 / (2 * z + 2 * (k + 1) * next);
    if (k < 3) r[k] = next;
  }
  const double value = 2 * std::numbers::inv_sqrtpi * r[0];
  return {value, 4 * value * r[1] * r[2]};
}

HalfNormalTransform transform(double t) {
  if (t > 3) return transform_by_ratios(t);  // there the formula below would cancel
  const double value = std::exp(t * t / 2) * std::erfc(t / std::numbers::sqrt2);
  return {value, (1 + t * t) * value - t * mean_uniform_step()};
}

/// The first layer that breaks the chain, in which each layer but the last has one weighted out-link, into the next
/// layer, with a tensor of its own; none if it holds.
std::optional<std::size_t> broken_chain(const LayeredGraph& graph) {
  const auto layers = graph.layers();
  if (graph.parameters().size() != graph.links().size()) return 0;
  for (std::size_t l = 0; l < layers.size(); ++l) {
    const bool last = l + 1 == layers.size();
    if (layers[l].input != (l == 0) || layers[l].output != last) return l;
    if (last) continue;
    if (layers[l].out_links.size() != 1) return l;
    const Link& link = graph.links()[layers[l].out_links.front()];
    if (link.fixed() || link.to != l + 1) return l;
  }
  return std::nullopt;
}

bool is_normal(const Initializer& initializer) {
  using Kind = Initializer::Kind;
  return initializer.kind == Kind::kaiming_normal || initializer.kind == Kind::xavier_normal ||
         initializer.kind == Kind::normal;
}

}  // namespace

double PrunedSide::none_kept() const { return std::pow(pruned, static_cast<double>(parameters)); }

double PrunedSide::some_kept() const {
  return parameters == 0 ? 0 : -std::expm1(static_cast<double>(parameters) * std::log(pruned));
}

double stub_probability(const PrunedSide& in, const PrunedSide& out) {
  return in.none_kept() * out.some_kept() + out.none_kept() * in.some_kept();
}

double stub_probability(const RandomPruning& pruning) {
  const PrunedSide side{pruning.width, pruning.pruned};
  return stub_probability(side, side);
}

double expected_stub_units(const RandomPruning& pruning) {
  return stub_probability(pruning) * static_cast<double>(pruning.hidden_units());
}

double any_stub_probability(const RandomPruning& pruning) {
  return -std::expm1(static_cast<double>(pruning.hidden_units()) * std::log1p(-stub_probability(pruning)));
}

double stub_units_variance(const RandomPruning& pruning) {
  const double p = stub_probability(pruning), x = pruning.pruned;
  const double within = expected_stub_units(pruning) * (1 - p);
  if (pruning.hidden_layers < 2) return within;
  const auto width = static_cast<double>(pruning.width);
  const double slope = 2 * std::pow(x, width) - 1;
  const double covariance = slope * slope * std::pow(x, 2 * width - 1) * (1 - x);
  return within + 2 * static_cast<double>(pruning.hidden_layers - 1) * width * width * covariance;
}

double mean_uniform_step() { return std::numbers::sqrt2 * std::numbers::inv_sqrtpi; }

double mean_biased_step(std::int64_t choices) {
  if (choices < 1) fail(ExitCode::internal, "mean_biased_step: found {} choices, expected at least 1", choices);
  const auto n = static_cast<double>(choices);
  // In u = n t, so that the integrand has the same width for any n.
  const auto integrand = [n](double u) {
    const HalfNormalTransform h = transform(u / n);
    return h.second * std::pow(h.value, n - 1);
  };
  return boost::math::quadrature::exp_sinh<double>().integrate(integrand, 1e-12);
}

ExpectedEwp expected_ewp(std::span<const WalkStep> steps) {
  ExpectedEwp ewp{1, 1, 1};
  for (const WalkStep& step : steps) {
    ewp.uniform *= step.std * mean_uniform_step();
    ewp.biased_wide *= step.std / mean_uniform_step();  // √(π/2) = 1/√(2/π)
    ewp.biased *= step.std * mean_biased_step(step.choices);
  }
  return ewp;
}

std::vector<WalkStep> walk_steps(const LayeredGraph& graph, const Initializer& initializer, Direction direction) {
  if (!is_normal(initializer))
    fail(ExitCode::usage, "--init: found a uniform distribution, expected a normal one, which Eq. 4 is about");
  if (const auto layer = broken_chain(graph))
    fail(ExitCode::unsupported,
         "layer {}: found a network with branches, fixed links or tied tensors, expected a chain of weighted links, "
         "such as an MLP or a VGG",
         graph.layers()[*layer].name);
  std::vector<WalkStep> steps;
  for (const Link& link : graph.links()) {
    const std::int64_t units = direction == Direction::forward ? link.group_targets : link.group_sources;
    steps.push_back({units * link.kernel, initial_std(initializer, graph.parameters()[link.parameter].shape)});
  }
  return steps;
}

std::optional<ExpectedEwpLog> expected_ewp_log(const LayeredGraph& graph, const Initializer& initializer) {
  if (!is_normal(initializer) || broken_chain(graph)) return std::nullopt;
  ExpectedEwpLog log;
  double biased[2] = {};  // by direction: a product of many layers may leave a double's range
  std::map<std::int64_t, double> by_choices;
  for (const Direction direction : {Direction::forward, Direction::reverse})
    for (const WalkStep& step : walk_steps(graph, initializer, direction)) {
      const auto [found, fresh] = by_choices.try_emplace(step.choices, 0.0);
      if (fresh) found->second = mean_biased_step(step.choices);
      biased[direction == Direction::reverse] += std::log(step.std * found->second);
      if (direction == Direction::forward) log.uniform += std::log(step.std * mean_uniform_step());
    }
  const auto [less, more] = std::minmax(biased[0], biased[1]);
  log.biased = more + std::log1p(std::exp(less - more)) - std::numbers::ln2;
  return log;
}

}  // namespace phew
