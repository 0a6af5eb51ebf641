#include "walks/random_mask.hpp"

#include "graph/error.hpp"
#include "graph/zoo.hpp"
#include "small_networks.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <map>
#include <vector>

namespace {

using phew::Counts;
using phew::Mask;
using phew::Purpose;
using phew::Scope;

const phew::Network net = phew::make_network("mlp:3-2-2");  // 6 and 4 parameters

/// All bits in order, as a number.
int bits_of(const Mask& mask) {
  int bits = 0;
  for (std::size_t t = 0; t < mask.tensor_count(); ++t)
    for (std::int64_t r = 0; r < mask[t].rows(); ++r)
      for (std::int64_t c = 0; c < mask[t].columns(); ++c) bits = bits * 2 + (mask[t].test(r, c) ? 1 : 0);
  return bits;
}

/// Checks that `draw(seed)` gives each of `outcomes` values equally often: no count is more than six standard
/// deviations from its mean. A false alarm has a chance below 1e-6.
template <typename Draw>
void check_all_equally_likely(std::size_t outcomes, Draw&& draw) {
  constexpr int each = 400;
  const auto seeds = static_cast<std::uint64_t>(outcomes) * each;
  std::map<int, int> counts;
  for (std::uint64_t seed = 0; seed < seeds; ++seed) ++counts[draw(seed)];
  BOOST_TEST(counts.size() == outcomes);
  for (const auto& [outcome, count] : counts) BOOST_TEST(std::abs(count - each) < 6 * std::sqrt(double{each}));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(random_mask)

BOOST_AUTO_TEST_CASE(every_choice_is_equally_likely) {
  // 10 over 3 choices; per layer, 6 over 2 times 4 over 2.
  check_all_equally_likely(
      120, [](std::uint64_t seed) { return bits_of(phew::random_mask(net.parameters(), 3, seed, Scope::global)); });
  const std::vector<Counts> counts{{2, 2}};
  check_all_equally_likely(90, [&](std::uint64_t seed) {
    return bits_of(phew::random_masks(net.parameters(), counts, seed, Purpose::erk_mask).front());
  });
}

/// Thinning must not prefer what an earlier mask drew first.
BOOST_AUTO_TEST_CASE(every_choice_of_a_nested_mask_is_equally_likely) {
  const std::vector<Counts> whole{{7}, {4}, {2}}, layers{{4, 3}, {2, 2}};
  check_all_equally_likely(45, [&](std::uint64_t seed) {
    return bits_of(phew::random_masks(net.parameters(), whole, seed, Purpose::random_mask).back());
  });
  check_all_equally_likely(90, [&](std::uint64_t seed) {
    return bits_of(phew::random_masks(net.parameters(), layers, seed, Purpose::random_mask).back());
  });
}

BOOST_AUTO_TEST_CASE(counts_are_exact_and_out_of_range_is_refused) {
  const std::vector<Counts> counts{{6, 4}, {5, 1}, {5, 0}, {0, 0}};
  const std::vector<Mask> masks = phew::random_masks(net.parameters(), counts, 1, Purpose::random_mask);
  for (std::size_t i = 0; i < masks.size(); ++i) {
    BOOST_TEST(masks[i][0].count() == counts[i][0]);
    BOOST_TEST(masks[i][1].count() == counts[i][1]);
    if (i > 0) BOOST_TEST(phew::test::outside(masks[i], masks[i - 1]) == 0);
  }
  for (const std::vector<Counts>& bad : std::vector<std::vector<Counts>>{{{7, 4}}, {{-1, 4}}, {{3, 3}, {4, 0}}})
    BOOST_CHECK_THROW((void)phew::random_masks(net.parameters(), bad, 1, Purpose::random_mask), phew::Error);
}

BOOST_AUTO_TEST_CASE(bernoulli_keeps_each_parameter_by_itself) {
  const auto wide = phew::make_network("mlp:67-31-5");  // rows of odd length: a random block spans two of them
  const double chance = 0.3;
  constexpr int seeds = 400;
  std::vector<int> kept(static_cast<std::size_t>(wide.prunable()));
  std::vector<int> pairs(kept.size() - 1);
  for (int seed = 0; seed < seeds; ++seed) {
    const Mask mask = phew::bernoulli_mask(wide.parameters(), chance, static_cast<std::uint64_t>(seed));
    std::size_t i = 0;
    bool last = false;
    for (std::size_t t = 0; t < mask.tensor_count(); ++t)
      for (std::int64_t r = 0; r < mask[t].rows(); ++r)
        for (std::int64_t c = 0; c < mask[t].columns(); ++c, ++i) {
          const bool bit = mask[t].test(r, c);
          kept[i] += bit ? 1 : 0;
          if (i > 0) pairs[i - 1] += bit && last ? 1 : 0;
          last = bit;
        }
  }
  const auto far = [](const std::vector<int>& counts, double p) {
    return std::ranges::count_if(counts,
                                 [&](int n) { return std::abs(n - seeds * p) > 6 * std::sqrt(seeds * p * (1 - p)); });
  };
  BOOST_TEST(far(kept, chance) == 0);
  BOOST_TEST(far(pairs, chance * chance) == 0);
}

BOOST_AUTO_TEST_CASE(bernoulli_of_chance_0_and_1) {
  BOOST_TEST(phew::bernoulli_mask(net.parameters(), 0, 1).kept() == 0);
  BOOST_TEST(phew::bernoulli_mask(net.parameters(), 1, 1).kept() == 10);
}

BOOST_AUTO_TEST_SUITE_END()
