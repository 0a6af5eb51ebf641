#include "analysis/quantile.hpp"

#include "graph/portable_math.hpp"
#include "support/dice.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

namespace data = boost::unit_test::data;

namespace {

/// 1 … n.
std::vector<double> ranks(int n) {
  std::vector<double> values(static_cast<std::size_t>(n));
  std::iota(values.begin(), values.end(), 1.0);
  return values;
}

/// What estimates of many samples say of an interval and of a standard error.
struct Trials {
  double covered = 0;            ///< share of the intervals that hold the true quantile
  double spread = 0;             ///< standard deviation of the estimates
  double mean_square_error = 0;  ///< root of the mean squared standard error
};

/// `draw` makes a value of a uniform number in (0, 1), so that its quantiles are known.
template <typename Draw>
Trials run(int trials, int n, double probability, Draw draw) {
  const double truth = draw(probability);
  Trials result;
  double sum = 0, squares = 0;
  for (int trial = 0; trial < trials; ++trial) {
    phew::test::Dice dice(static_cast<std::uint64_t>(trial), static_cast<std::uint64_t>(n));
    std::vector<double> values;
    for (int i = 0; i < n; ++i) values.push_back(draw((static_cast<double>(dice.bits()) + 0.5) * 0x1p-32));
    std::ranges::sort(values);
    const auto e = phew::estimate_quantile(values, probability);
    result.covered += (!e.low || *e.low <= truth) && (!e.high || truth <= *e.high);
    sum += e.value;
    squares += e.value * e.value;
    result.mean_square_error += e.standard_error * e.standard_error / trials;
  }
  result.covered /= trials;
  result.spread = std::sqrt(squares / trials - sum / trials * (sum / trials));
  result.mean_square_error = std::sqrt(result.mean_square_error);
  return result;
}

double normal(double u) { return phew::normal_quantile(u); }
double skewed(double u) { return -std::log1p(-u); }
double lumps(double u) { return std::floor(5 * u * u); }

}  // namespace

BOOST_AUTO_TEST_SUITE(quantile)

// Binomial(100, 1/2) tables: P(X ≤ 39) = .0176, P(X ≤ 40) = .0284, P(X ≤ 60) = .9824, P(X ≤ 59) = .9716, so ranks 40
// and 61 cover the median with 96.5 %, and no narrower pair of tails of 2.5 % does.
BOOST_AUTO_TEST_CASE(the_median_of_a_hundred) {
  const auto e = phew::estimate_quantile(ranks(100), 0.5);
  BOOST_TEST(e.value == 50.0);
  BOOST_TEST(e.low.value() == 40.0);
  BOOST_TEST(e.high.value() == 61.0);
  // Of equally spaced values the bootstrap's rank has the spread of Beta(50, 51), in steps of 1/100.
  BOOST_TEST(e.standard_error == 100 * std::sqrt(50.0 * 51 / (101.0 * 101 * 102)), boost::test_tools::tolerance(2e-2));
}

BOOST_AUTO_TEST_CASE(ranks_and_ends) {
  BOOST_TEST(phew::estimate_quantile(ranks(10), 0.25).value == 3.0);
  BOOST_TEST(phew::estimate_quantile(ranks(10), 0.3).value == 3.0);
  BOOST_TEST(phew::estimate_quantile(ranks(10), 0.001).value == 1.0);
  const auto low = phew::estimate_quantile(ranks(10), 0.01), high = phew::estimate_quantile(ranks(10), 0.99);
  BOOST_TEST(!low.low.has_value());
  BOOST_TEST(!high.high.has_value());
  const std::vector<double> one{3};
  const auto single = phew::estimate_quantile(one, 0.5);
  BOOST_TEST(single.value == 3.0);
  BOOST_TEST(single.standard_error == 0.0);
  BOOST_TEST(!single.low.has_value());
  BOOST_TEST(!single.high.has_value());
  const std::vector<double> equal(1000, -7.5);
  BOOST_TEST(phew::estimate_quantile(equal, 0.1).standard_error == 0.0);
  BOOST_TEST(phew::estimate_quantile(equal, 0.1).low.value() == -7.5);
}

// 2,500 samples: intervals cover with 95 % or a little more (with five standard errors of the share to spare), and
// standard errors are the estimates' spread.
BOOST_DATA_TEST_CASE(intervals_cover_and_errors_are_the_spread, data::make({60, 250}) * data::make({0.1, 0.5, 0.9}), n,
                     probability) {
  const double slack = 5 * std::sqrt(0.05 * 0.95 / 2500);
  for (const auto draw : {normal, skewed}) {
    const Trials t = run(2500, n, probability, draw);
    BOOST_TEST(t.covered > 0.95 - slack);
    BOOST_TEST(t.covered < 0.985 + slack);
    BOOST_TEST(t.mean_square_error == t.spread, boost::test_tools::tolerance(n == 60 ? 0.25 : 0.15));
  }
}

// With ties the intervals still cover, and may do so more often.
BOOST_AUTO_TEST_CASE(ties_lose_no_coverage) {
  for (const double probability : {0.2, 0.5, 0.8}) BOOST_TEST(run(1500, 200, probability, lumps).covered > 0.93);
}

BOOST_AUTO_TEST_SUITE_END()
