#include "walks/layer_counts.hpp"

#include "graph/error.hpp"
#include "graph/score.hpp"

#include <algorithm>
#include <numeric>

namespace phew {
namespace {

// 128 bits: a target and a tensor's size may each take 62.
__extension__ using Wide = unsigned __int128;

Wide product(std::int64_t a, std::int64_t b) { return static_cast<Wide>(a) * static_cast<Wide>(b); }

/// What ERK divides among tensors that are not full: density · size = scale · Σ dims, scale = left / weights.
struct Scale {
  std::int64_t left = 0, weights = 0;

  [[nodiscard]] Wide scaled(std::int64_t weight) const { return product(left, weight); }  ///< · 1 / weights
};

}  // namespace

std::vector<std::int64_t> erk_counts(std::span<const Parameter> parameters, std::int64_t target) {
  std::vector<std::int64_t> weight, counts(parameters.size()), open(parameters.size());
  std::int64_t all = 0;
  for (const Parameter& p : parameters) {
    weight.push_back(std::accumulate(p.shape.begin(), p.shape.end(), std::int64_t{0}));
    all += p.size();
  }
  if (target < 0 || target > all) fail(ExitCode::internal, "cannot keep {} of {} parameters", target, all);
  const auto at = [](std::int64_t i) { return static_cast<std::size_t>(i); };

  // Fill the tensors whose density would reach 1, until the scale of the others lets none do so.
  std::iota(open.begin(), open.end(), 0);
  Scale scale{target, std::accumulate(weight.begin(), weight.end(), std::int64_t{0})};
  const auto full = [&](std::int64_t i) {
    return scale.scaled(weight[at(i)]) >= product(parameters[at(i)].size(), scale.weights);
  };
  for (auto i = std::ranges::find_if(open, full); i != open.end(); i = std::ranges::find_if(open, full)) {
    counts[at(*i)] = parameters[at(*i)].size();
    scale = {scale.left - counts[at(*i)], scale.weights - weight[at(*i)]};
    open.erase(i);
  }

  std::vector<std::int64_t> open_weights;
  for (const std::int64_t i : open) open_weights.push_back(weight[at(i)]);
  const std::vector<std::int64_t> parts = split(scale.left, open_weights);
  for (std::size_t k = 0; k < open.size(); ++k) counts[at(open[k])] = parts[k];
  return counts;
}

std::vector<std::int64_t> capped(std::vector<std::int64_t> counts, std::span<const std::int64_t> caps) {
  std::int64_t over = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    over += std::max<std::int64_t>(0, counts[i] - caps[i]);
    counts[i] = std::min(counts[i], caps[i]);
  }
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const std::int64_t more = std::min(over, caps[i] - counts[i]);
    counts[i] += more;
    over -= more;
  }
  if (over > 0) fail(ExitCode::internal, "found {} parameters too many for a mask inside another", over);
  return counts;
}

}  // namespace phew
