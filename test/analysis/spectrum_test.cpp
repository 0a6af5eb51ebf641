#include "analysis/spectrum.hpp"

#include "graph/layered_graph_bgl.hpp"
#include "graph/zoo.hpp"
#include "support/random_network.hpp"

#include <Eigen/SVD>
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace data = boost::unit_test::data;

namespace {

/// All singular values of a link's edge matrix, by Jacobi rotations on a dense copy; descending.
std::vector<double> by_jacobi(const phew::LayeredGraph& graph, std::size_t index) {
  const phew::Link& link = graph.links()[index];
  const phew::Layer &from = graph.layers()[link.from], &to = graph.layers()[link.to];
  Eigen::MatrixXd matrix = Eigen::MatrixXd::Zero(to.units, from.units);
  for (const phew::Edge& e : boost::make_iterator_range(edges(graph)))
    if (e.link == index)
      matrix(static_cast<std::int64_t>(e.target) - to.first, static_cast<std::int64_t>(e.source) - from.first) = 1;
  const Eigen::VectorXd values = Eigen::JacobiSVD<Eigen::MatrixXd>(matrix).singularValues();
  return {values.begin(), values.end()};
}

void expect_values(const phew::LayeredGraph& graph, std::size_t index, std::int64_t count) {
  const std::vector<double> expected = by_jacobi(graph, index);
  const phew::LinkSpectrum found = phew::link_spectrum(graph, graph.links()[index], count);
  for (std::size_t i = 0; i < found.singular_values.size(); ++i)
    BOOST_TEST(std::abs(found.singular_values[i] - expected[i]) <= 1e-9 * std::max(1.0, expected[0]));
  // What is left out where units have no edge is 0.
  for (std::size_t i = found.singular_values.size(); i < std::min<std::size_t>(expected.size(), 2); ++i)
    BOOST_TEST(expected[i] < 1e-9);
}

/// mlp:SOURCES-TARGETS with the edges of which keep(target, source) is true.
template <typename Keep>
phew::LayeredGraph link_of(std::int64_t sources, std::int64_t targets, Keep keep) {
  const phew::Network network = phew::make_network(fmt::format("mlp:{}-{}", sources, targets));
  phew::Mask mask(network.parameters());
  for (std::int64_t t = 0; t < targets; ++t)
    for (std::int64_t s = 0; s < sources; ++s)
      if (keep(t, s)) mask[0].set(t, s);
  return phew::LayeredGraph(network).masked(std::move(mask));
}

phew::LinkSpectrum spectrum_of(const phew::LayeredGraph& graph, std::int64_t count = 2) {
  return phew::link_spectrum(graph, graph.links()[0], count);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(spectrum)

// A cycle of 12 units, 6 a side, is 2-regular: singular values 2 |cos(π k / 6)| and μ = √3, so √1 + √1 − √3.
BOOST_AUTO_TEST_CASE(a_cycle) {
  const auto graph = link_of(6, 6, [](std::int64_t t, std::int64_t s) { return s == t || s == (t + 1) % 6; });
  const phew::LinkSpectrum found = spectrum_of(graph);
  BOOST_TEST(std::abs(found.singular_values[0] - 2) < 1e-12);
  BOOST_TEST(std::abs(found.singular_values[1] - std::sqrt(3.0)) < 1e-12);
  BOOST_TEST(found.source_degree == 2);
  BOOST_TEST(std::abs(found.ramanujan_difference.value() - (2 - std::sqrt(3.0))) < 1e-12);
}

// Small links, residual and grouped and convolutional ones among them, densely.
BOOST_AUTO_TEST_CASE(agrees_with_jacobi_on_random_networks) {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    const phew::test::RandomCase random = phew::test::random_case(seed);
    BOOST_TEST_INFO_SCOPE(random);
    const phew::LayeredGraph dense(random.network);
    for (const auto& graph : {dense, dense.masked(random.mask)})
      for (std::size_t l = 0; l < graph.links().size(); ++l)
        if (!graph.links()[l].fixed()) expect_values(graph, l, 100);
  }
}

// Large links, by Lanczos: at random, from a tenth of an edge a unit on.
BOOST_DATA_TEST_CASE(agrees_with_jacobi_on_large_links, data::make({0.001, 0.01, 0.05, 0.5}) * data::make({70, 150}),
                     density, targets) {
  phew::test::Dice dice(static_cast<std::uint64_t>(density * 1000), static_cast<std::uint64_t>(targets));
  const auto graph = link_of(110, targets, [&](std::int64_t, std::int64_t) { return dice.chance(density); });
  expect_values(graph, 0, 6);
}

// Values that occur several times, each as often: a permutation (all are 1), and twice the same block.
BOOST_AUTO_TEST_CASE(equal_values_are_all_found) {
  const auto permutation = link_of(100, 100, [](std::int64_t t, std::int64_t s) { return s == t * 7 % 100; });
  for (const double value : spectrum_of(permutation, 5).singular_values) BOOST_TEST(std::abs(value - 1) < 1e-9);
  phew::test::Dice dice(5);
  std::vector<bool> block(100 * 90);
  for (auto&& edge : block) edge = dice.chance(0.1);
  const auto twice = link_of(180, 200, [&](std::int64_t t, std::int64_t s) {
    return t / 100 == s / 90 && block[static_cast<std::size_t>(t % 100 * 90 + s % 90)];
  });
  expect_values(twice, 0, 6);
}

// Rank 1: the second value is 0, with and without a mask.
BOOST_AUTO_TEST_CASE(a_full_link) {
  const auto full = link_of(100, 120, [](std::int64_t, std::int64_t) { return true; });
  const phew::LayeredGraph dense(phew::make_network("mlp:100-120"));
  for (const auto* graph : {&full, &dense}) {
    const phew::LinkSpectrum found = spectrum_of(*graph);
    BOOST_TEST(std::abs(found.singular_values[0] - std::sqrt(12'000.0)) < 1e-9);
    BOOST_TEST(std::abs(found.ramanujan_difference.value() - std::sqrt(119.0) - std::sqrt(99.0)) < 1e-8);
  }
}

// The difference needs two units with an edge a side.
BOOST_AUTO_TEST_CASE(no_gap_below_two_units) {
  BOOST_TEST(!spectrum_of(link_of(4, 4, [](auto, auto) { return false; })).ramanujan_difference);
  BOOST_TEST(!spectrum_of(link_of(4, 4, [](auto t, auto) { return t == 1; })).ramanujan_difference);
  BOOST_TEST(!spectrum_of(link_of(4, 4, [](auto, auto s) { return s == 1; })).ramanujan_difference);
  BOOST_TEST(spectrum_of(link_of(4, 4, [](auto t, auto) { return t == 1; })).singular_values[0] == 2);
  const auto two = spectrum_of(link_of(4, 4, [](auto t, auto s) { return t == s && t < 2; }));
  BOOST_TEST(two.ramanujan_difference.value() == -1);
}

BOOST_AUTO_TEST_SUITE_END()
