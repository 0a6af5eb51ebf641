#include "train/lowest_scores.hpp"

#include "support/dice.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <tuple>
#include <vector>

namespace {

using phew::Factored;

/// Tensors of weights, some pruned and many of equal scores, and their factors, which may be negative by rounding.
template <typename T>
struct Tensors {
  std::vector<std::vector<T>> weights, factors;

  Tensors(std::vector<std::size_t> sizes, std::uint64_t seed, bool ties) {
    phew::test::Dice dice(seed);
    for (const std::size_t size : sizes) {
      weights.emplace_back();
      factors.emplace_back();
      for (std::size_t i = 0; i < size; ++i) {
        const double w = ties ? static_cast<double>(dice.below(4)) : dice.uniform();
        const double g = ties ? static_cast<double>(dice.between(-2, 2)) : std::exp(20 * dice.uniform());
        weights.back().push_back(dice.chance(0.2) ? T{-0.0} : static_cast<T>(w));
        factors.back().push_back(static_cast<T>(g));
      }
    }
  }

  [[nodiscard]] std::vector<Factored<T>> view() {
    std::vector<Factored<T>> out;
    for (std::size_t t = 0; t < weights.size(); ++t) out.push_back({weights[t], factors[t]});
    return out;
  }
  [[nodiscard]] std::int64_t survivors() const {
    std::int64_t count = 0;
    for (const auto& tensor : weights) count += phew::count_survivors(std::span<const T>(tensor));
    return count;
  }
};

/// Sorts all survivors by score and, of equal ones, the later first; prunes the first `count`.
template <typename T>
void prune_plainly(Tensors<T>& tensors, std::int64_t count) {
  std::vector<std::tuple<T, std::int64_t, std::int64_t>> all;
  for (std::size_t t = 0; t < tensors.weights.size(); ++t)
    for (std::size_t i = 0; i < tensors.weights[t].size(); ++i)
      if (const T w = tensors.weights[t][i]; !std::signbit(w))
        all.emplace_back(w * std::abs(tensors.factors[t][i]), -static_cast<std::int64_t>(t),
                         -static_cast<std::int64_t>(i));
  std::ranges::sort(all);
  for (std::int64_t k = 0; k < count; ++k) {
    const auto& [score, t, i] = all[static_cast<std::size_t>(k)];
    tensors.weights[static_cast<std::size_t>(-t)][static_cast<std::size_t>(-i)] = T{-0.0};
  }
}

template <typename T>
std::vector<std::vector<bool>> pruned(const Tensors<T>& tensors) {
  std::vector<std::vector<bool>> out;
  for (const auto& tensor : tensors.weights) {
    out.emplace_back();
    for (const T w : tensor) out.back().push_back(std::signbit(w));
  }
  return out;
}

template <typename T>
void compare(const std::vector<std::size_t>& sizes, std::uint64_t seed, bool ties, double share) {
  Tensors<T> ours(sizes, seed, ties), plain = ours;
  const std::int64_t survivors = ours.survivors();
  const auto count = static_cast<std::int64_t>(share * static_cast<double>(survivors));
  phew::prune_lowest<T>(ours.view(), count);
  prune_plainly(plain, count);
  BOOST_TEST(ours.survivors() == survivors - count);
  BOOST_TEST((pruned(ours) == pruned(plain)), "seed " << seed << ", share " << share);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(lowest_scores)

BOOST_AUTO_TEST_CASE(what_sorting_prunes_is_pruned) {
  for (std::uint64_t seed = 0; seed < 20; ++seed)
    for (const bool ties : {false, true})
      for (const double share : {0.0, 0.01, 0.3, 0.99, 1.0}) {
        compare<float>({7, 0, 300, 41}, seed, ties, share);
        compare<double>({7, 0, 300, 41}, seed, ties, share);
      }
}

/// So many elements that the cut is first looked for in a sample.
BOOST_AUTO_TEST_CASE(a_sample_only_saves_time) {
  for (const bool ties : {false, true})
    for (const double share : {0.0001, 0.02, 0.9}) {
      compare<float>({150'000, 13, 120'000}, 3, ties, share);
      compare<double>({150'000, 13, 120'000}, 4, ties, share);
    }
}

/// Low scores at every seventh place, which the sample may happen to look at alone.
BOOST_AUTO_TEST_CASE(a_sample_that_misleads_does_no_harm) {
  for (const std::int64_t count : {60, 100'000}) {
    std::vector<float> large(400'000), small(50, 0.5F), ones(large.size(), 1.0F);
    for (std::size_t i = 0; i < large.size(); ++i) large[i] = i % 7 == 0 ? 1.0F : 1000.0F;
    const std::array tensors{Factored<float>{large, ones}, Factored<float>{small, std::span(ones).first(small.size())}};
    phew::prune_lowest<float>(tensors, count);
    BOOST_TEST(phew::count_survivors(std::span<const float>(small)) == 0);
    BOOST_TEST(phew::count_survivors(std::span<const float>(large)) == 400'050 - count);
    BOOST_TEST(std::signbit(large[399'994]));  // the last multiple of 7
    BOOST_TEST(std::signbit(large[0]) == (count > 60));
    BOOST_TEST(!std::signbit(large[1]));
  }
}

BOOST_AUTO_TEST_CASE(a_survivor_of_score_zero_is_no_pruned_weight_and_nan_survives) {
  std::vector<float> weights{0.0F, -0.0F, 2.0F, 1.0F},
      factors{3.0F, 3.0F, std::numeric_limits<float>::quiet_NaN(), 5.0F};
  phew::prune_lowest<float>(std::array{Factored<float>{weights, factors}}, 2);
  BOOST_TEST(std::signbit(weights[0]));
  BOOST_TEST(weights[2] == 2.0F);
  BOOST_TEST(std::signbit(weights[3]));
}

BOOST_AUTO_TEST_SUITE_END()
