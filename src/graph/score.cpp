#include "graph/score.hpp"

#include "graph/error.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <functional>
#include <memory>
#include <numeric>

namespace phew {
namespace {

/// A score as an unsigned integer of the same order; −0 counts as 0.
std::uint32_t key_of_score(float score) {
  const auto bits = std::bit_cast<std::uint32_t>(score + 0.0F);
  return (bits & 0x80000000U) != 0 ? ~bits : bits | 0x80000000U;
}

std::uint32_t key_of_magnitude(float weight) { return std::bit_cast<std::uint32_t>(weight) & 0x7FFFFFFFU; }

/// Keys above `cut` are kept, and the first `ties` of those equal to it.
struct Threshold {
  std::uint32_t cut = 0;
  std::int64_t ties = 0;
};

using Histogram = std::array<std::int64_t, 1 << 16>;

/// The bin at which a count from the top reaches `target`; leaves in `target` what is to be taken from that bin.
std::uint32_t cut_bin(const Histogram& histogram, std::int64_t& target) {
  for (std::uint32_t bin = (1 << 16) - 1;; --bin) {
    if (histogram[bin] >= target || bin == 0) return bin;
    target -= histogram[bin];
  }
}

/// The threshold that keeps `target` of the tensors' values: the high halves' histogram, then the low halves' of the
/// one bin that is cut. 0 < target ≤ number of values.
template <typename Key>
Threshold find_threshold(std::span<const std::span<const float>> tensors, std::int64_t target, Key key) {
  auto histogram = std::make_unique<Histogram>();
  for (const auto tensor : tensors)
    for (const float value : tensor) ++(*histogram)[key(value) >> 16];
  const std::uint32_t high = cut_bin(*histogram, target);
  histogram->fill(0);
  for (const auto tensor : tensors)
    for (const float value : tensor)
      if (const std::uint32_t k = key(value); k >> 16 == high) ++(*histogram)[k & 0xFFFF];
  const std::uint32_t low = cut_bin(*histogram, target);
  return {high << 16 | low, target};
}

/// Marks a tensor's kept parameters, and takes from the threshold's ties.
template <typename Key>
void mark(BitMatrix& bits, std::span<const float> values, Threshold& threshold, Key key) {
  for (std::int64_t row = 0, i = 0; row < bits.rows(); ++row)
    for (std::int64_t column = 0; column < bits.columns(); ++column, ++i) {
      const std::uint32_t k = key(values[static_cast<std::size_t>(i)]);
      if (k > threshold.cut || (k == threshold.cut && threshold.ties-- > 0)) bits.set(row, column);
    }
}

std::vector<std::span<const float>> values_of(std::span<const Parameter> parameters, const Weights& scores) {
  std::vector<std::span<const float>> tensors;
  for (std::size_t i = 0; i < parameters.size(); ++i) tensors.push_back(scores[i]);
  return tensors;
}

template <typename Key>
Mask keep(std::span<const Parameter> parameters, const Weights& scores, std::span<const std::int64_t> counts, Key key) {
  Mask mask(parameters);
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const std::int64_t size = parameters[i].size();
    if (counts[i] < 0 || counts[i] > size) fail(ExitCode::internal, "cannot keep {} of {} parameters", counts[i], size);
    if (counts[i] == 0) continue;
    const std::span<const float> tensor = scores[i];
    Threshold threshold = find_threshold(std::span(&tensor, 1), counts[i], key);
    mark(mask[i], tensor, threshold, key);
  }
  return mask;
}

template <typename Key>
Mask keep(std::span<const Parameter> parameters, const Weights& scores, std::int64_t target, Scope scope, Key key) {
  if (scope == Scope::per_layer) return keep(parameters, scores, shares(parameters, target), key);
  Mask mask(parameters);
  if (target == 0) return mask;
  const std::vector<std::span<const float>> tensors = values_of(parameters, scores);
  Threshold threshold = find_threshold(tensors, target, key);
  for (std::size_t i = 0; i < tensors.size(); ++i) mark(mask[i], tensors[i], threshold, key);
  return mask;
}

void check_target(std::span<const Parameter> parameters, std::int64_t target) {
  std::int64_t all = 0;
  for (const Parameter& p : parameters) all += p.size();
  if (target < 0 || target > all) fail(ExitCode::internal, "cannot keep {} of {} parameters", target, all);
}

void refuse_nan(const Weights& scores) {
  for (std::size_t i = 0; i < scores.tensor_count(); ++i) {
    const auto nan = std::ranges::find_if(scores[i], [](float s) { return std::isnan(s); });
    if (nan != scores[i].end())
      fail(ExitCode::data, "{}: found NaN at element {}, expected numbers", scores.place(i), nan - scores[i].begin());
  }
}

void require_all_finite(const Weights& weights) {
  for (std::size_t i = 0; i < weights.tensor_count(); ++i) weights.require_finite(i);
}

}  // namespace

void require_non_negative(const Weights& scores) {
  for (std::size_t i = 0; i < scores.tensor_count(); ++i) {
    scores.require_finite(i);
    const auto negative = std::ranges::find_if(scores[i], [](float score) { return score < 0; });
    if (negative != scores[i].end())
      fail(ExitCode::data, "{}: found {} at element {}, expected scores of at least 0", scores.place(i), *negative,
           negative - scores[i].begin());
  }
}

std::vector<std::int64_t> split(std::int64_t target, std::span<const std::int64_t> weights) {
  // 128 bits: target and weights may each take 62.
  __extension__ using Wide = unsigned __int128;
  const auto all = static_cast<Wide>(std::accumulate(weights.begin(), weights.end(), std::int64_t{0}));
  std::vector<std::int64_t> parts(weights.size()), order(weights.size());
  if (all == 0) return parts;
  const auto exact = [&](std::size_t i) { return static_cast<Wide>(target) * static_cast<Wide>(weights[i]); };
  for (std::size_t i = 0; i < parts.size(); ++i) parts[i] = static_cast<std::int64_t>(exact(i) / all);
  std::iota(order.begin(), order.end(), 0);
  std::ranges::stable_sort(order, std::greater<>{},
                           [&](std::int64_t i) { return exact(static_cast<std::size_t>(i)) % all; });
  std::int64_t missing = target - std::accumulate(parts.begin(), parts.end(), std::int64_t{0});
  for (const std::int64_t i : order)
    if (missing-- > 0) ++parts[static_cast<std::size_t>(i)];
  return parts;
}

std::vector<std::int64_t> shares(std::span<const Parameter> parameters, std::int64_t target) {
  std::vector<std::int64_t> sizes;
  for (const Parameter& p : parameters) sizes.push_back(p.size());
  return split(target, sizes);
}

Mask keep_top(std::span<const Parameter> parameters, const Weights& scores, std::int64_t target, Scope scope) {
  check_target(parameters, target);
  refuse_nan(scores);
  return keep(parameters, scores, target, scope, key_of_score);
}

Mask keep_top(std::span<const Parameter> parameters, const Weights& scores, std::span<const std::int64_t> counts) {
  refuse_nan(scores);
  return keep(parameters, scores, counts, key_of_score);
}

Mask keep_largest(std::span<const Parameter> parameters, const Weights& weights, std::int64_t target, Scope scope) {
  check_target(parameters, target);
  require_all_finite(weights);
  return keep(parameters, weights, target, scope, key_of_magnitude);
}

Mask keep_largest(std::span<const Parameter> parameters, const Weights& weights, std::span<const std::int64_t> counts) {
  require_all_finite(weights);
  return keep(parameters, weights, counts, key_of_magnitude);
}

}  // namespace phew
