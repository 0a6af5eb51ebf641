#include "analysis/path_sampling.hpp"

#include "graph/random_stream.hpp"
#include "graph/sweep.hpp"

#include <algorithm>
#include <cmath>

namespace phew {
namespace {

/// By layer and unit: the number of paths of EWP > 0 from the inputs.
std::vector<ScaledSums> positive_counts(const LayeredGraph& graph, PathLevel level) {
  return sweep_forward(graph, &ScaledSums::add, [&](std::size_t l, const std::vector<double>& f, auto& part) {
    const Link& link = graph.links()[l];
    for (std::size_t t = 0; t < part.size(); ++t)
      for_each_step(graph, link, level, static_cast<std::int64_t>(t),
                    [&](std::int64_t source, std::int64_t, double value) {
                      if (!std::isfinite(value)) graph.weights().require_finite(link.parameter);
                      if (value > 0) part[t] += f[static_cast<std::size_t>(source)];
                    });
    return std::int64_t{0};
  });
}

/// What may be chosen, each with a weight on a scale of its own.
class Choices {
 public:
  struct Choice {
    double until;  ///< sum of the weights up to this one
    std::int64_t vertex;
    double value;
  };

  void clear() { choices_.clear(); }
  void add(double weight, std::int64_t vertex, double value) {
    if (weight > 0) choices_.push_back({(choices_.empty() ? 0 : choices_.back().until) + weight, vertex, value});
  }
  [[nodiscard]] bool empty() const { return choices_.empty(); }
  /// In proportion to the weights; 0 ≤ uniform < 1.
  [[nodiscard]] const Choice& pick(double uniform) const {
    const auto found = std::ranges::upper_bound(choices_, uniform * choices_.back().until, {}, &Choice::until);
    return found == choices_.end() ? choices_.back() : *found;
  }

 private:
  std::vector<Choice> choices_;
};

/// Takes samples from the outputs back to the inputs.
class Sampler {
 public:
  Sampler(const LayeredGraph& graph, const PathSampleOptions& options)
      : graph_(graph),
        options_(options),
        counts_(positive_counts(graph, options.level)),
        at_(static_cast<std::size_t>(graph.unit_count())) {}

  std::vector<double> run() {
    list_outputs();
    if (choices_.empty()) return {};
    logs_.assign(static_cast<std::size_t>(options_.samples), 0.0);
    for (std::int64_t i = 0; i < options_.samples; ++i) advance(i, graph_.layers().size());
    for (std::size_t l = graph_.layers().size(); l-- > 0;) {
      if (graph_.layers()[l].in_links.empty()) continue;
      for (std::int64_t u = 0; u < graph_.layers()[l].units; ++u) leave(l, u);
    }
    return std::move(logs_);
  }

 private:
  /// 2^(a layer's exponent − the largest among those that are chosen from).
  static double scale(std::int64_t exponent, std::int64_t largest) {
    return std::ldexp(1.0, static_cast<int>(std::max<std::int64_t>(exponent - largest, -2000)));
  }

  void list_outputs() {
    std::int64_t largest = 0;
    for (std::size_t l = 0; l < counts_.size(); ++l)
      if (graph_.layers()[l].output) largest = std::max(largest, counts_[l].exponent);
    for (std::size_t l = 0; l < counts_.size(); ++l) {
      if (!graph_.layers()[l].output) continue;
      for (std::size_t u = 0; u < counts_[l].value.size(); ++u)
        choices_.add(counts_[l].value[u] * scale(counts_[l].exponent, largest),
                     graph_.vertex(l, static_cast<std::int64_t>(u)), 1);
    }
  }

  /// All steps into a unit, each weighted by the number of paths that come before it.
  void list_steps(const Layer& layer, std::int64_t unit) {
    choices_.clear();
    std::int64_t largest = 0;
    for (const std::size_t l : layer.in_links) largest = std::max(largest, counts_[graph_.links()[l].from].exponent);
    for (const std::size_t l : layer.in_links) {
      const Link& link = graph_.links()[l];
      const ScaledSums& from = counts_[link.from];
      const double factor = scale(from.exponent, largest);
      for_each_step(graph_, link, options_.level, unit, [&](std::int64_t source, std::int64_t, double value) {
        if (value > 0)
          choices_.add(from.value[static_cast<std::size_t>(source)] * factor, graph_.vertex(link.from, source), value);
      });
    }
  }

  /// One step of all samples that are at a unit.
  void leave(std::size_t layer, std::int64_t unit) {
    const auto here = static_cast<std::size_t>(graph_.vertex(layer, unit));
    if (at_[here].empty()) return;
    list_steps(graph_.layers()[layer], unit);
    for (const std::int64_t i : at_[here]) advance(i, layer);
    at_[here] = {};
  }

  /// Sample i draws one of the choices; `step` is the layer that it leaves, which is never the same twice.
  void advance(std::int64_t i, std::size_t step) {
    const RandomStream stream(options_.seed, Purpose::path_sample, static_cast<std::uint64_t>(i));
    const RandomStream::Block bits = stream.block(static_cast<std::uint32_t>(step));
    const Choices::Choice& choice = choices_.pick(unit_interval(bits[0], bits[1]));
    logs_[static_cast<std::size_t>(i)] += std::log(choice.value);
    at_[static_cast<std::size_t>(choice.vertex)].push_back(i);
  }

  const LayeredGraph& graph_;
  const PathSampleOptions& options_;
  std::vector<ScaledSums> counts_;
  std::vector<std::vector<std::int64_t>> at_;  ///< by vertex: the samples that are there
  std::vector<double> logs_;
  Choices choices_;
};

}  // namespace

std::vector<double> sample_log_ewp(const LayeredGraph& graph, const PathSampleOptions& options) {
  return Sampler(graph, options).run();
}

}  // namespace phew
