#include "analysis/path_statistics.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

namespace phew {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

/// The paths that come to one unit, a term for each step: reduced in two passes, so that deviations are from the mean.
class Terms {
 public:
  void clear() { terms_.clear(); }

  /// The paths of unit s of a layer, each with `log` added to its ln EWP.
  void add(const PathMoments& from, std::size_t s, double log) {
    if (from.most[s] < from.least[s]) return;
    terms_.push_back(
        {from.positive.value[s], from.mean[s] + log, from.variance[s], from.least[s] + log, from.most[s] + log});
  }

  /// Their union, as unit t of `to`.
  void reduce(PathMoments& to, std::size_t t) const {
    double count = 0, sum = 0;
    for (const Term& term : terms_) {
      count += term.count;
      sum += term.count * term.mean;
      to.least[t] = std::min(to.least[t], term.least);
      to.most[t] = std::max(to.most[t], term.most);
    }
    to.positive.value[t] = count;
    if (count == 0) return;
    const double mean = sum / count;
    double squares = 0;
    for (const Term& term : terms_) squares += term.count * (term.variance + (term.mean - mean) * (term.mean - mean));
    to.mean[t] = mean;
    to.variance[t] = squares / count;
  }

 private:
  struct Term {
    double count, mean, variance, least, most;
  };
  std::vector<Term> terms_;
};

/// The paths that a link brings to its target layer.
class LinkMoments {
 public:
  LinkMoments(const LayeredGraph& graph, PathLevel level) : graph_(graph), level_(level) {}

  void add(const Link& link, const PathMoments& from, PathMoments& to) {
    PathMoments part(to.mean.size());
    std::vector<double> zero_before(to.mean.size()), zero_now(to.mean.size());
    part.positive.exponent = from.positive.exponent;
    for (std::size_t t = 0; t < to.mean.size(); ++t) {
      terms_.clear();
      for_each_step(graph_, link, level_, static_cast<std::int64_t>(t),
                    [&](std::int64_t source, std::int64_t, double value) {
                      const auto s = static_cast<std::size_t>(source);
                      zero_before[t] += from.zero.value[s];
                      if (value == 0)
                        zero_now[t] += from.positive.value[s];
                      else
                        terms_.add(from, s, log_of(link, value));
                    });
      terms_.reduce(part, t);
    }
    to.merge(part);
    to.zero.add(zero_before, from.zero.exponent);
    to.zero.add(zero_now, from.positive.exponent);
  }

 private:
  [[nodiscard]] double log_of(const Link& link, double value) const {
    if (link.fixed() || !graph_.has_weights()) return 0;
    if (!std::isfinite(value)) graph_.weights().require_finite(link.parameter);
    return std::log(value);
  }

  const LayeredGraph& graph_;
  PathLevel level_;
  Terms terms_;
};

/// A layer's units as one.
PathMoments together(const PathMoments& layer) {
  PathMoments one(1);
  Terms terms;
  for (std::size_t i = 0; i < layer.mean.size(); ++i) {
    terms.add(layer, i, 0);
    one.zero.value[0] += layer.zero.value[i];
  }
  terms.reduce(one, 0);
  one.positive.exponent = layer.positive.exponent;
  one.zero.exponent = layer.zero.exponent;
  return one;
}

std::optional<double> log10_of(const ScaledSums& one) {
  if (one.value[0] == 0) return std::nullopt;
  return std::log10(one.value[0]) + one.log_scale() * std::numbers::log10e;
}

/// A sum of integers is one as long as doubles hold it exactly.
std::optional<std::int64_t> integer(const ScaledSums& one) {
  constexpr double largest = 0x1p53;
  if (one.value[0] == 0) return 0;
  if (one.exponent > 60) return std::nullopt;
  const double number = std::ldexp(one.value[0], static_cast<int>(one.exponent));
  if (number > largest) return std::nullopt;
  return std::llround(number);
}

ScaledSums both(const PathMoments& whole) {
  ScaledSums sum = whole.positive;
  std::vector<double> zero = whole.zero.value;
  sum.add(zero, whole.zero.exponent);
  return sum;
}

}  // namespace

PathMoments::PathMoments(std::size_t units)
    : mean(units), variance(units), least(units, infinity), most(units, -infinity) {
  positive.value.assign(units, 0.0);
  zero.value.assign(units, 0.0);
}

void PathMoments::merge(PathMoments& part) {
  positive.add(part.positive.value, part.positive.exponent);
  zero.add(part.zero.value, part.zero.exponent);
  for (std::size_t i = 0; i < mean.size(); ++i) {
    least[i] = std::min(least[i], part.least[i]);
    most[i] = std::max(most[i], part.most[i]);
    if (part.positive.value[i] == 0) continue;
    const double share = part.positive.value[i] / positive.value[i];  // add() brought both to one scale
    const double shift = part.mean[i] - mean[i];
    mean[i] += share * shift;
    variance[i] = (1 - share) * variance[i] + share * part.variance[i] + share * (1 - share) * shift * shift;
  }
}

std::optional<double> PathStatistics::paths_log10() const { return log10_of(both(whole)); }
std::optional<std::int64_t> PathStatistics::paths() const { return integer(both(whole)); }
std::optional<double> PathStatistics::zero_paths_log10() const { return log10_of(whole.zero); }
std::optional<std::int64_t> PathStatistics::zero_paths() const { return integer(whole.zero); }

std::optional<LogEwp> PathStatistics::log_ewp() const {
  if (whole.positive.value[0] == 0) return std::nullopt;
  return LogEwp{whole.mean[0], std::sqrt(whole.variance[0]), whole.least[0], whole.most[0]};
}

std::vector<PathMoments> path_moments(const LayeredGraph& graph, PathLevel level) {
  std::vector<PathMoments> moments;
  LinkMoments link_moments(graph, level);
  for (const Layer& layer : graph.layers()) {
    PathMoments& to = moments.emplace_back(static_cast<std::size_t>(layer.units));
    if (layer.input) {
      std::ranges::fill(to.positive.value, 1.0);
      std::ranges::fill(to.least, 0.0);
      std::ranges::fill(to.most, 0.0);
    }
    for (const std::size_t l : layer.in_links) link_moments.add(graph.links()[l], moments[graph.links()[l].from], to);
    to.positive.normalise();
    to.zero.normalise();
  }
  return moments;
}

PathStatistics path_statistics(const LayeredGraph& graph, PathLevel level) {
  const std::vector<PathMoments> moments = path_moments(graph, level);
  PathStatistics statistics;
  for (std::size_t i = 0; i < moments.size(); ++i) {
    if (!graph.layers()[i].output) continue;
    PathMoments layer = together(moments[i]);
    statistics.whole.merge(layer);
  }
  return statistics;
}

}  // namespace phew
