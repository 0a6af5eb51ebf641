#include "phew-graph/measured_ewp.hpp"

#include "analysis/theory.hpp"
#include "graph/zoo.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <fmt/format.h>

#include <array>
#include <cmath>

namespace data = boost::unit_test::data;

namespace {

constexpr std::array biases{phew::Bias::uniform, phew::Bias::weight};

/// Standard errors between a measurement and what is expected of it. A mean over 300 initialisations is nearly normal:
/// 28 of them pass 5 by chance once in 60,000 sets of seeds.
constexpr double bound = 5;

double z(const phew::tools::MeasuredEwp& measured, double expected) {
  return (measured.mean - expected) / measured.error;
}

std::vector<phew::tools::MeasuredEwp> measure(const std::string& network, std::uint64_t seed, int threads = 1) {
  return phew::tools::measure_ewp(phew::make_network(network), {}, biases,
                                  {.inits = 300, .walks = 500, .seed = seed, .threads = threads, .progress = {}});
}

/// Mean of forward and reverse walks.
double mean_of_both(const phew::LayeredGraph& graph, double phew::ExpectedEwp::*figure) {
  const auto of = [&](phew::Direction d) { return phew::expected_ewp(phew::walk_steps(graph, {}, d)).*figure; };
  return (of(phew::Direction::forward) + of(phew::Direction::reverse)) / 2;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(measured_ewp)

// Kaiming-normal MLPs of depth 2–8: uniform walks have Eq. 4's mean at any width, biased ones Π E[Σw²/Σ|w|].
BOOST_DATA_TEST_CASE(walks_agree_with_theory, data::make({4, 32}) * data::xrange(2, 9), width, depth) {
  const std::string name = fmt::format("mlp:{}x{}", width, depth + 1);
  const auto steps = phew::walk_steps(phew::LayeredGraph(phew::make_network(name)), {}, phew::Direction::forward);
  const phew::ExpectedEwp expected = phew::expected_ewp(steps);
  const auto measured = measure(name, 1);
  BOOST_TEST(std::abs(z(measured[0], expected.uniform)) < bound);
  BOOST_TEST(std::abs(z(measured[1], expected.biased)) < bound);
  // The measurement is fine enough to tell Eq. 4's wide limit from the truth where layers are narrow.
  if (width == 4) BOOST_TEST(z(measured[1], expected.biased_wide) < -bound);
}

// Unequal layers: the two directions choose among different numbers of edges, and their mean is measured.
//   2 ──► 40 ──► 60
BOOST_AUTO_TEST_CASE(directions_choose_among_their_own_ends) {
  const phew::LayeredGraph graph(phew::make_network("mlp:2-40-60"));
  const auto measured = measure("mlp:2-40-60", 2);
  BOOST_TEST(std::abs(z(measured[0], mean_of_both(graph, &phew::ExpectedEwp::uniform))) < bound);
  BOOST_TEST(std::abs(z(measured[1], mean_of_both(graph, &phew::ExpectedEwp::biased))) < bound);
}

BOOST_AUTO_TEST_CASE(threads_and_other_networks_change_nothing) {
  const auto one = measure("mlp:5x4", 3), three = measure("mlp:5x4", 3, 3);
  for (std::size_t b = 0; b < biases.size(); ++b) {
    BOOST_TEST(one[b].mean == three[b].mean);
    BOOST_TEST(one[b].error == three[b].error);
  }
  BOOST_TEST(measure("mlp:5x4", 4)[0].mean != one[0].mean);
}

BOOST_AUTO_TEST_SUITE_END()
