#include "analysis/mask_groups.hpp"

#include "support/dice.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <cmath>
#include <numeric>

namespace data = boost::unit_test::data;

namespace {

/// Values of the pairs (0,1), (0,2), …, (1,2), …
phew::PairTable table_of(std::size_t masks, const std::vector<double>& values) {
  phew::PairTable table(masks);
  auto next = values.begin();
  for (std::size_t i = 0; i < masks; ++i)
    for (std::size_t j = i + 1; j < masks; ++j) table.set(i, j, *next++);
  return table;
}

phew::PairTable random_table(phew::test::Dice& dice, std::size_t masks) {
  phew::PairTable table(masks);
  for (std::size_t i = 0; i < masks; ++i)
    for (std::size_t j = i + 1; j < masks; ++j) table.set(i, j, dice.uniform());
  return table;
}

/// Mean over pairs i < j that `wanted` says belong, without mask `left_out`.
template <typename F>
double plain_mean(const phew::PairTable& table, F&& wanted, std::size_t left_out) {
  double sum = 0;
  int n = 0;
  for (std::size_t i = 0; i < table.masks(); ++i)
    for (std::size_t j = i + 1; j < table.masks(); ++j)
      if (i != left_out && j != left_out && wanted(i, j)) sum += *table(i, j), ++n;
  return sum / n;
}

/// (m − 1)/m Σ (θ₍ᵢ₎ − mean θ)² by its formula.
template <typename F>
double plain_jackknife(const phew::PairTable& table, F&& wanted, std::size_t first, std::size_t count) {
  std::vector<double> theta;
  for (std::size_t m = first; m < first + count; ++m) theta.push_back(plain_mean(table, wanted, m));
  const double mean = std::accumulate(theta.begin(), theta.end(), 0.0) / static_cast<double>(count);
  double sum = 0;
  for (const double t : theta) sum += (t - mean) * (t - mean);
  return sum * static_cast<double>(count - 1) / static_cast<double>(count);
}

constexpr std::size_t none = static_cast<std::size_t>(-1);

}  // namespace

BOOST_AUTO_TEST_SUITE(mask_groups, *boost::unit_test::tolerance(1e-12))

// Three masks, pairs .1 .2 .6: θ without one of them = the other two's pair. Mean .3,
// SE² = 2/3 · ((.6 − .3)² + (.2 − .3)² + (.1 − .3)²) = 2/3 · .14; t(2 df) = 4.30265…
BOOST_AUTO_TEST_CASE(three_masks_by_hand) {
  const phew::PairMean m = phew::mean_within(table_of(3, {0.1, 0.2, 0.6}), 0, 3);
  BOOST_TEST(m.pairs == 3);
  BOOST_TEST(m.mean.value() == 0.3);
  BOOST_TEST(m.std.value() == std::sqrt(0.14 / 2));
  const double half = 4.302652729749464 * std::sqrt(0.14 * 2 / 3);
  BOOST_TEST(m.low.value() == 0.3 - half);
  BOOST_TEST(m.high.value() == 0.3 + half);
}

BOOST_AUTO_TEST_CASE(too_few_masks_have_no_interval) {
  const phew::PairTable two = table_of(2, {0.4});
  BOOST_TEST(phew::mean_within(two, 0, 2).mean.value() == 0.4);
  BOOST_TEST(!phew::mean_within(two, 0, 2).std.has_value());
  BOOST_TEST(!phew::mean_within(two, 0, 2).low.has_value());
  BOOST_TEST(!phew::mean_across(two, 1).low.has_value());
  BOOST_TEST(!phew::mean_within(two, 0, 1).mean.has_value());
  BOOST_TEST(!phew::permutation_test(two, 1).has_value());
}

BOOST_DATA_TEST_CASE(intervals_agree_with_their_formula, data::xrange(60), seed) {
  phew::test::Dice dice(static_cast<std::uint64_t>(seed));
  const auto a = static_cast<std::size_t>(dice.between(3, 6)), b = static_cast<std::size_t>(dice.between(2, 6));
  const phew::PairTable table = random_table(dice, a + b);
  const auto within_a = [&](std::size_t i, std::size_t j) { return i < a && j < a; };
  const auto across = [&](std::size_t i, std::size_t j) { return (i < a) != (j < a); };

  const phew::PairMean within = phew::mean_within(table, 0, a);
  BOOST_TEST(within.mean.value() == plain_mean(table, within_a, none));
  const double ratio_a =
      (within.high.value() - within.mean.value()) / std::sqrt(plain_jackknife(table, within_a, 0, a));
  // Student's 97.5 % points for 2 … 5 degrees of freedom.
  const double t[] = {4.302652729749464, 3.182446305284263, 2.776445105198023, 2.570581835636314};
  BOOST_TEST(ratio_a == t[a - 3]);

  const phew::PairMean between = phew::mean_across(table, a);
  BOOST_TEST(between.pairs == static_cast<std::int64_t>(a * b));
  BOOST_TEST(between.mean.value() == plain_mean(table, across, none));
  const double variance = plain_jackknife(table, across, 0, a) + plain_jackknife(table, across, a, b);
  const double multiple = (between.high.value() - between.mean.value()) / std::sqrt(variance);
  if (a + b - 2 == 5) BOOST_TEST(multiple == t[3]);
  BOOST_TEST((multiple > 2 && multiple < 3.2));
}

// Coverage of the interval: masks with a random effect each, pair value = (effect_i + effect_j)/2, whose mean is 0.
// Treating the pairs as independent would cover far less than 95 %.
BOOST_AUTO_TEST_CASE(the_interval_covers_the_truth_about_as_often_as_it_says) {
  phew::test::Dice dice(11);
  int covered = 0;
  constexpr int trials = 2000;
  for (int trial = 0; trial < trials; ++trial) {
    double effect[8];
    for (double& e : effect) e = dice.uniform() + dice.uniform() + dice.uniform() - 1.5;
    phew::PairTable table(8);
    for (std::size_t i = 0; i < 8; ++i)
      for (std::size_t j = i + 1; j < 8; ++j) table.set(i, j, (effect[i] + effect[j]) / 2);
    const phew::PairMean m = phew::mean_within(table, 0, 8);
    covered += m.low.value() <= 0 && 0 <= m.high.value();
  }
  BOOST_TEST(std::abs(covered / static_cast<double>(trials) - 0.95) < 0.02);
}

// One mask (0) against four that agree with each other and not with it: of the five labelings only the real one
// reaches its statistic, so p is the smallest there is, 1/5.
BOOST_AUTO_TEST_CASE(one_mask_against_n) {
  phew::PairTable table(5);
  for (std::size_t i = 0; i < 5; ++i)
    for (std::size_t j = i + 1; j < 5; ++j) table.set(i, j, i == 0 ? 0.1 : 0.9);
  const auto test = phew::permutation_test(table, 1).value();
  BOOST_TEST(test.exact);
  BOOST_TEST(test.labelings == 5);
  BOOST_TEST(test.statistic == 0.8);
  BOOST_TEST(test.p == 0.2);
  BOOST_TEST(test.smallest_p == 0.2);
}

// Groups of equal size: the swapped labeling gives the same statistic, so the smallest p is 2/C(6, 3) = .1.
BOOST_AUTO_TEST_CASE(equal_groups_and_no_difference) {
  phew::PairTable apart(6), alike(6);
  for (std::size_t i = 0; i < 6; ++i)
    for (std::size_t j = i + 1; j < 6; ++j) apart.set(i, j, (i < 3) == (j < 3) ? 0.8 : 0.2), alike.set(i, j, 0.5);
  const auto far = phew::permutation_test(apart, 3).value();
  BOOST_TEST(far.labelings == 20);
  BOOST_TEST(far.p == 0.1);
  BOOST_TEST(far.smallest_p == 0.1);
  BOOST_TEST(phew::permutation_test(alike, 3).value().p == 1.0);
}

BOOST_AUTO_TEST_CASE(a_sample_agrees_with_the_enumeration_and_repeats) {
  phew::test::Dice dice(3);
  const phew::PairTable table = random_table(dice, 9);
  const auto exact = phew::permutation_test(table, 4).value();
  const phew::PermutationOptions sampled{.enumerate_up_to = 10, .samples = 20'000, .seed = 5};
  const auto first = phew::permutation_test(table, 4, sampled).value();
  BOOST_TEST(exact.exact);
  BOOST_TEST(exact.labelings == 126);
  BOOST_TEST(!first.exact);
  BOOST_TEST(std::abs(first.p - exact.p) < 4 * std::sqrt(0.25 / 20'000));
  BOOST_TEST(first.p == phew::permutation_test(table, 4, sampled).value().p);
}

// Ten masks against ten that differ as far as they can: no sampled labeling gets there (2 of 184,756 would), and p is
// not 0 but the smallest that 99 labelings allow.
BOOST_AUTO_TEST_CASE(a_sample_without_hits_does_not_prove_impossibility) {
  phew::PairTable table(20);
  for (std::size_t i = 0; i < 20; ++i)
    for (std::size_t j = i + 1; j < 20; ++j) table.set(i, j, (i < 10) == (j < 10) ? 1.0 : 0.0);
  const auto test = phew::permutation_test(table, 10, {.enumerate_up_to = 10, .samples = 99}).value();
  BOOST_TEST(test.p == 0.01);
  BOOST_TEST(test.smallest_p == 0.01);
}

// Under the null hypothesis p ≤ α happens with chance at most α.
BOOST_AUTO_TEST_CASE(p_is_valid_when_the_groups_do_not_differ) {
  phew::test::Dice dice(21);
  int below_a_tenth = 0;
  constexpr int trials = 1000;
  for (int trial = 0; trial < trials; ++trial)
    below_a_tenth += phew::permutation_test(random_table(dice, 7), 3).value().p <= 0.1;
  BOOST_TEST(below_a_tenth / static_cast<double>(trials) < 0.1 + 0.03);
  BOOST_TEST(below_a_tenth / static_cast<double>(trials) > 0.1 - 0.05);
}

BOOST_AUTO_TEST_CASE(pairs_without_a_value_are_left_out) {
  phew::PairTable table = table_of(4, {0.2, 0.4, 0.6, 0.8, 1.0, 0.0});
  table.set(2, 3, std::nullopt);
  BOOST_TEST(phew::mean_within(table, 0, 4).pairs == 5);
  BOOST_TEST(phew::mean_within(table, 0, 4).mean.value() == 0.6);
  const phew::PairTable nothing(3);
  BOOST_TEST(!phew::mean_within(nothing, 0, 3).mean.has_value());
  BOOST_TEST(!phew::permutation_test(nothing, 1).has_value());
}

BOOST_AUTO_TEST_SUITE_END()
