#include "analysis/theory.hpp"

#include "graph/error.hpp"
#include "graph/portable_math.hpp"
#include "graph/zoo.hpp"
#include "support/dice.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <numbers>

namespace data = boost::unit_test::data;

namespace {

constexpr double close = 1e-10;

bool near(double x, double y, double tolerance = close) {
  return std::abs(x - y) <= tolerance * std::max({std::abs(x), std::abs(y), 1e-300});
}

}  // namespace

BOOST_AUTO_TEST_SUITE(theory)

// --- Stub units ----------------------------------------------------------------------------------------------------

// A unit with one parameter in and one out, each kept with chance 3/4 and 1/3: a stub if exactly one is kept.
BOOST_AUTO_TEST_CASE(a_unit_with_two_parameters) {
  BOOST_TEST(near(phew::stub_probability({1, 0.25}, {1, 2.0 / 3}), 0.75 * 2 / 3 + 0.25 / 3));
}

BOOST_AUTO_TEST_CASE(a_side_without_parameters_keeps_none) {
  BOOST_TEST(phew::stub_probability({0, 0.5}, {0, 0.5}) == 0);
  BOOST_TEST(near(phew::stub_probability({0, 0.5}, {2, 0.5}), 0.75));
  BOOST_TEST(phew::stub_probability({3, 0.0}, {0, 1.0}) == 1);
}

// Eq. 5 as it is printed, and its limits: nothing is a stub where nothing or everything is pruned.
BOOST_DATA_TEST_CASE(equation_5, data::xrange(1, 60, 7), width) {
  for (const double x : {0.1, 0.5, 0.9, 0.99}) {
    const double power = std::pow(x, width);
    BOOST_TEST(near(phew::stub_probability({width, 3, x}), 2 * power * (1 - power)));
  }
  BOOST_TEST(phew::stub_probability({width, 3, 0.0}) == 0);
  BOOST_TEST(phew::stub_probability({width, 3, 1.0}) == 0);
}

// x^N next to 1: 1 − x^N must not cancel. To first order it is N · 2^-50.
BOOST_AUTO_TEST_CASE(equation_5_near_the_end) {
  const double x = 1 - 0x1p-50;
  BOOST_TEST(near(phew::stub_probability({4, 3, x}), 2 * 4 * 0x1p-50, 1e-12));
}

BOOST_AUTO_TEST_CASE(equations_6_to_8_at_the_example) {
  const phew::RandomPruning pruning{4, 3, 0.5};  // P = 2/16 · 15/16
  BOOST_TEST(near(phew::stub_probability(pruning), 30.0 / 256));
  BOOST_TEST(near(phew::expected_stub_units(pruning), 12 * 30.0 / 256));
  BOOST_TEST(near(phew::any_stub_probability(pruning), 1 - std::pow(226.0 / 256, 12)));
  BOOST_TEST(std::abs(phew::any_stub_probability(pruning) - 0.776) < 5e-4);
}

BOOST_AUTO_TEST_CASE(rare_stubs_keep_their_digits) {
  const phew::RandomPruning pruning{100, 3, 0.5};  // P ≈ 2^-99
  BOOST_TEST(near(phew::any_stub_probability(pruning), 300 * 0x1p-99, 1e-12));
}

// --- Steps of walks ------------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(steps_with_closed_forms) {
  using std::numbers::pi;
  BOOST_TEST(near(phew::mean_uniform_step(), std::sqrt(2 / pi)));
  BOOST_TEST(near(phew::mean_biased_step(1), std::sqrt(2 / pi)));
  // Two: r/(cos φ + sin φ) with E[r] = √(π/2) and φ uniform over a quarter turn.
  BOOST_TEST(near(phew::mean_biased_step(2), 2 / std::sqrt(pi) * std::log(1 + std::sqrt(2.0))));
}

BOOST_AUTO_TEST_CASE(steps_grow_towards_the_wide_limit) {
  using std::numbers::pi;
  const double limit = std::sqrt(pi / 2);
  double last = 0;
  for (std::int64_t n = 1; n < 5000; n += 1 + n / 3) {
    const double step = phew::mean_biased_step(n);
    BOOST_TEST(step > last);
    BOOST_TEST(step < limit);
    last = step;
  }
  for (const std::int64_t n : {1'000, 10'000, 1'000'000}) {
    const auto width = static_cast<double>(n);
    const double second_order = (1 - phew::mean_biased_step(n) / limit) * width;
    BOOST_TEST(std::abs(second_order - (2 - pi / 2)) < 2 / width + width * 1e-10);
  }
}

// Against a plain simulation, 1,000,000 draws a width; the worst of three z has 1e-6 beyond 5.1.
BOOST_DATA_TEST_CASE(steps_agree_with_simulation, data::make({3, 5, 40}), choices) {
  phew::test::Dice dice(7, static_cast<std::uint64_t>(choices));
  const int draws = 1'000'000 / choices;
  double sum = 0, sum_of_squares = 0;
  for (int i = 0; i < draws; ++i) {
    double magnitudes = 0, squares = 0;
    for (int k = 0; k < choices; ++k) {
      const double w = std::abs(phew::normal_quantile(dice.uniform() + 0x1p-33));
      magnitudes += w;
      squares += w * w;
    }
    const double step = squares / magnitudes;
    sum += step;
    sum_of_squares += step * step;
  }
  const double mean = sum / draws, error = std::sqrt((sum_of_squares / draws - mean * mean) / draws);
  BOOST_TEST(std::abs(mean - phew::mean_biased_step(choices)) < 5.1 * error);
}

BOOST_AUTO_TEST_CASE(no_choice_is_no_step) { BOOST_CHECK_THROW((void)phew::mean_biased_step(0), phew::Error); }

// Eq. 4 for L equal layers, and its ratio (π/2)^L.
BOOST_AUTO_TEST_CASE(equation_4) {
  const std::vector<phew::WalkStep> steps(5, {100, 0.3});
  const phew::ExpectedEwp ewp = phew::expected_ewp(steps);
  BOOST_TEST(near(ewp.uniform, std::pow(2 / std::numbers::pi, 2.5) * std::pow(0.3, 5)));
  BOOST_TEST(near(ewp.biased_wide / ewp.uniform, std::pow(std::numbers::pi / 2, 5)));
  BOOST_TEST(near(ewp.biased, std::pow(0.3 * phew::mean_biased_step(100), 5)));
}

// The same in logarithms, on a network: forward and reverse walks differ in their choices, and their mean is meant.
BOOST_AUTO_TEST_CASE(logarithms_of_equation_4) {
  const phew::LayeredGraph graph(phew::make_network("mlp:6-4-5"));
  const auto of = [&](phew::Direction d) { return phew::expected_ewp(phew::walk_steps(graph, {}, d)); };
  const phew::ExpectedEwp forward = of(phew::Direction::forward), reverse = of(phew::Direction::reverse);
  const phew::ExpectedEwpLog log = phew::expected_ewp_log(graph, {}).value();
  BOOST_TEST(near(log.uniform, std::log(forward.uniform)));
  BOOST_TEST(near(log.biased, std::log((forward.biased + reverse.biased) / 2)));
  // A product of a thousand layers is below any double; its logarithm is not.
  const phew::LayeredGraph deep(phew::make_network("mlp:4x1001"));
  const auto tiny = phew::expected_ewp_log(deep, phew::parse_initializer("normal:1e-6")).value();
  const auto links = static_cast<double>(deep.links().size());
  BOOST_TEST(near(tiny.uniform, links * std::log(1e-6 * phew::mean_uniform_step())));
  BOOST_TEST(near(tiny.biased, links * std::log(1e-6 * phew::mean_biased_step(4))));
  BOOST_TEST(!phew::expected_ewp_log(graph, phew::parse_initializer("xavier-uniform")).has_value());
  BOOST_TEST(!phew::expected_ewp_log(phew::LayeredGraph(phew::make_network("resnet20")), {}).has_value());
}

// 6 ──► 4 ──► 5: forward a walk chooses among the 4, then the 5; in reverse among the 4, then the 6.
BOOST_AUTO_TEST_CASE(steps_of_an_mlp) {
  const phew::LayeredGraph graph(phew::make_network("mlp:6-4-5"));
  const auto forward = phew::walk_steps(graph, {}, phew::Direction::forward);
  const auto reverse = phew::walk_steps(graph, {}, phew::Direction::reverse);
  BOOST_REQUIRE(forward.size() == 2U);
  BOOST_TEST(forward[0].choices == 4);
  BOOST_TEST(forward[1].choices == 5);
  BOOST_TEST(reverse[0].choices == 6);
  BOOST_TEST(reverse[1].choices == 4);
  BOOST_TEST(near(forward[0].std, std::sqrt(2.0 / 4)));  // fan-out
  BOOST_TEST(near(forward[1].std, std::sqrt(2.0 / 5)));
}

BOOST_AUTO_TEST_CASE(steps_of_convolutions_count_parameters) {
  const phew::LayeredGraph graph(phew::make_network("vgg11"));
  const auto forward = phew::walk_steps(graph, {}, phew::Direction::forward);
  const auto reverse = phew::walk_steps(graph, {}, phew::Direction::reverse);
  BOOST_TEST(forward.front().choices == 64 * 9);
  BOOST_TEST(reverse.front().choices == 3 * 9);
  BOOST_TEST(forward.back().choices == 10);
}

BOOST_AUTO_TEST_CASE(what_eq_4_is_not_about_is_refused) {
  using phew::Direction;
  const phew::LayeredGraph chain(phew::make_network("mlp:3-3")), residual(phew::make_network("resnet20"));
  BOOST_CHECK_THROW((void)phew::walk_steps(residual, {}, Direction::forward), phew::Error);
  BOOST_CHECK_THROW((void)phew::walk_steps(chain, phew::parse_initializer("xavier-uniform"), Direction::forward),
                    phew::Error);
  phew::Network tied("tied");
  auto v = tied.add("input", phew::op::Input{{2, 1, 1}});
  v = tied.add("a", phew::op::Linear{2, 2, true, "shared"}, {v});
  v = tied.add("b", phew::op::Linear{2, 2, true, "shared"}, {v});
  tied.add("output", phew::op::Output{}, {v});
  BOOST_CHECK_THROW((void)phew::walk_steps(phew::LayeredGraph(tied), {}, Direction::forward), phew::Error);
}

BOOST_AUTO_TEST_SUITE_END()
