#include "train/lowest_scores.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <type_traits>
#include <vector>

namespace phew {
namespace {

/// A score's bits: of numbers of at least 0 they have the numbers' order, and −0, a pruned weight's, is above them all.
template <typename T>
using Bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
template <typename T>
Bits<T> score_bits(T weight, T factor) {
  return std::bit_cast<Bits<T>>(weight * std::abs(factor));
}
template <typename T>
constexpr Bits<T> pruned_bits = Bits<T>{1} << (8 * sizeof(T) - 1);

template <typename T>
struct Candidate {
  Bits<T> score;
  std::uint32_t tensor;
  std::size_t element;

  /// Lower scores go first; of equal ones the later places.
  friend bool operator<(const Candidate& a, const Candidate& b) {
    if (a.score != b.score) return a.score < b.score;
    return a.tensor != b.tensor ? a.tensor > b.tensor : a.element > b.element;
  }
};

/// A score that a little more than `count` of the survivors are probably not above: from a sample of them.
template <typename T>
Bits<T> guess(std::span<const Factored<T>> tensors, std::int64_t count) {
  constexpr std::size_t sample = 1 << 16;
  constexpr Bits<T> all = pruned_bits<T> - 1;
  std::size_t elements = 0;
  for (const Factored<T>& tensor : tensors) elements += tensor.weights.size();
  // A stride that is odd shares no period with the extents of most tensors.
  const std::size_t stride = elements / sample | 1;
  std::vector<Bits<T>> found;
  std::size_t looked_at = 0, at = 0;
  for (const Factored<T>& tensor : tensors) {
    for (; at < tensor.weights.size(); at += stride, ++looked_at)
      if (const auto bits = score_bits(tensor.weights[at], tensor.factors[at]); bits < pruned_bits<T>)
        found.push_back(bits);
    at -= tensor.weights.size();
  }
  if (stride == 1 || found.empty()) return all;
  // Every element of the sample stands for elements / looked_at of all.
  const double rank = static_cast<double>(count) * static_cast<double>(looked_at) / static_cast<double>(elements);
  const auto place = static_cast<std::size_t>(rank + 4 * std::sqrt(rank + 1) + 1);
  if (place >= found.size()) return all;
  const auto nth = found.begin() + static_cast<std::ptrdiff_t>(place);
  std::ranges::nth_element(found, nth);
  return *nth;
}

/// The survivors whose scores are not above `highest`.
template <typename T>
std::vector<Candidate<T>> candidates(std::span<const Factored<T>> tensors, Bits<T> highest) {
  std::vector<Candidate<T>> out;
  for (std::uint32_t t = 0; t < tensors.size(); ++t) {
    const auto [weights, factors] = tensors[t];
    for (std::size_t i = 0; i < weights.size(); ++i)
      if (const auto bits = score_bits(weights[i], factors[i]); bits <= highest) out.push_back({bits, t, i});
  }
  return out;
}

}  // namespace

template <typename T>
void prune_lowest(std::span<const Factored<T>> tensors, std::int64_t count) {
  if (count <= 0) return;
  std::vector<Candidate<T>> lowest = candidates(tensors, guess(tensors, count));
  if (std::ssize(lowest) < count) lowest = candidates(tensors, static_cast<Bits<T>>(pruned_bits<T> - 1));
  const auto last = lowest.begin() + std::min<std::ptrdiff_t>(count, std::ssize(lowest));
  std::nth_element(lowest.begin(), last, lowest.end());
  for (auto c = lowest.begin(); c != last; ++c) tensors[c->tensor].weights[c->element] = T{-0.0};
}

template <typename T>
std::int64_t count_survivors(std::span<const T> weights) {
  return std::ranges::count_if(weights, [](T w) { return !std::signbit(w); });
}

template void prune_lowest(std::span<const Factored<float>>, std::int64_t);
template void prune_lowest(std::span<const Factored<double>>, std::int64_t);
template std::int64_t count_survivors(std::span<const float>);
template std::int64_t count_survivors(std::span<const double>);

}  // namespace phew
