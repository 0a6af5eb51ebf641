#include "analysis/path_counts.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

namespace phew {
namespace {

using Counts = std::vector<PathCount>;

/// Numbers of paths to one layer's units: all of them, and those of EWP > 0.
struct LayerCounts {
  Counts all, positive;

  explicit LayerCounts(std::int64_t units, int start = 0)
      : all(static_cast<std::size_t>(units), PathCount(start)), positive(all) {}
};

/// Steps from one source unit to a target.
struct Steps {
  std::int64_t source = -1;
  unsigned all = 0, positive = 0;
};

void add(const Steps& steps, const LayerCounts& from, LayerCounts& to, std::size_t t) {
  if (steps.source < 0) return;
  const auto s = static_cast<std::size_t>(steps.source);
  if (steps.all > 0) to.all[t] += from.all[s] * steps.all;
  if (steps.positive > 0) to.positive[t] += from.positive[s] * steps.positive;
}

/// Row by row: the steps from one source follow each other and are multiplied, not added one by one.
void add_row(const LayeredGraph& graph, const Link& link, PathLevel level, const LayerCounts& from, LayerCounts& to,
             std::size_t t) {
  Steps steps;
  for_each_step(graph, link, level, static_cast<std::int64_t>(t), [&](std::int64_t source, std::int64_t, double value) {
    if (source != steps.source) {
      add(steps, from, to, t);
      steps = {source, 0, 0};
    }
    ++steps.all;
    steps.positive += value != 0 ? 1 : 0;
  });
  add(steps, from, to, t);
}

/// The rows of a dense link: those of a group that have no weight of 0 bring the same.
class DenseRows {
 public:
  DenseRows(const LayeredGraph& graph, const Link& link, PathLevel level, const LayerCounts& from)
      : graph_(graph), link_(link), level_(level), from_(from), group_(1) {}

  void add_row(LayerCounts& to, std::size_t t) {
    if (has_zero(static_cast<std::int64_t>(t))) return phew::add_row(graph_, link_, level_, from_, to, t);
    const std::int64_t first = link_.first_source(static_cast<std::int64_t>(t));
    if (first != summed_) sum_group(first);
    to.all[t] += group_.all[0];
    to.positive[t] += group_.positive[0];
  }

 private:
  [[nodiscard]] bool has_zero(std::int64_t t) const {
    if (!graph_.has_weights()) return false;
    const std::int64_t length = link_.group_sources * link_.kernel;
    const float* row = graph_.weights()[link_.parameter].data() + t * length;
    return std::find(row, row + length, 0.0F) != row + length;
  }

  void sum_group(std::int64_t first) {
    const unsigned each = level_ == PathLevel::kernel ? 1 : static_cast<unsigned>(link_.kernel);
    group_ = LayerCounts(1);
    for (std::int64_t s = first; s < first + link_.group_sources; ++s) add({s, each, each}, from_, group_, 0);
    summed_ = first;
  }

  const LayeredGraph& graph_;
  const Link& link_;
  PathLevel level_;
  const LayerCounts& from_;
  LayerCounts group_;
  std::int64_t summed_ = -1;  ///< first source of the group that group_ is of
};

}  // namespace

PathCounts path_counts(const LayeredGraph& graph, PathLevel level) {
  std::vector<LayerCounts> counts;
  PathCounts whole;
  for (const Layer& layer : graph.layers()) {
    LayerCounts to(layer.units, layer.input ? 1 : 0);
    for (const std::size_t l : layer.in_links) {
      const Link& link = graph.links()[l];
      const bool dense = !link.fixed() && !graph.has_mask();
      DenseRows rows(graph, link, level, counts[link.from]);
      for (std::size_t t = 0; t < to.all.size(); ++t)
        dense ? rows.add_row(to, t) : add_row(graph, link, level, counts[link.from], to, t);
    }
    for (std::size_t t = 0; layer.output && t < to.all.size(); ++t) {
      whole.paths += to.all[t];
      whole.zero_paths += to.all[t] - to.positive[t];
    }
    counts.push_back(std::move(to));
  }
  return whole;
}

double log10_of(const PathCount& count) {
  const auto bits = static_cast<std::int64_t>(msb(count));
  const std::int64_t shift = std::max<std::int64_t>(bits - 63, 0);
  const PathCount leading = count >> static_cast<unsigned>(shift);
  return std::log10(leading.convert_to<double>()) + static_cast<double>(shift) * std::numbers::ln2 / std::numbers::ln10;
}

}  // namespace phew
