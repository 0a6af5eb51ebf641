#include "analysis/degrees.hpp"

#include "graph/layered_graph_bgl.hpp"
#include "graph/zoo.hpp"
#include "support/random_network.hpp"
#include "support/wide_network.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>

namespace {

using Counts = std::vector<std::int64_t>;

/// Degrees in each link, by going through Boost.Graph's edges one by one.
struct Counted {
  std::vector<Counts> out, in;  ///< by link and unit
};

Counted count_edges(const phew::LayeredGraph& graph) {
  Counted counted;
  for (const phew::Link& link : graph.links()) {
    counted.out.emplace_back(graph.layers()[link.from].units);
    counted.in.emplace_back(graph.layers()[link.to].units);
  }
  for (const phew::Edge& e : boost::make_iterator_range(edges(graph))) {
    ++counted.out[e.link][static_cast<std::size_t>(graph.unit(static_cast<std::int64_t>(e.source)).index)];
    ++counted.in[e.link][static_cast<std::size_t>(graph.unit(static_cast<std::int64_t>(e.target)).index)];
  }
  return counted;
}

void expect(const phew::DegreeDistribution& found, const Counts& degrees) {
  BOOST_TEST_REQUIRE(!degrees.empty());
  BOOST_TEST(found.least() == std::ranges::min(degrees));
  BOOST_TEST(found.most() == std::ranges::max(degrees));
  for (std::size_t d = 0; d < found.units.size(); ++d)
    BOOST_TEST(found.units[d] == std::ranges::count(degrees, static_cast<std::int64_t>(d)));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(degrees)

//   0 ──┬──► 3 ◄── 1
//       └──► 4            2, 5 and 6 have no edge
BOOST_AUTO_TEST_CASE(a_toy_link) {
  const phew::Network network = phew::make_network("mlp:3-4");
  phew::Mask mask(network.parameters());
  mask[0].set(0, 0);
  mask[0].set(0, 1);
  mask[0].set(1, 0);
  const auto graph = phew::LayeredGraph(network).masked(mask);
  const phew::LinkDegrees d = phew::link_degrees(graph, graph.links()[0]);
  const Counts out{1, 1, 1}, in{2, 1, 1};
  BOOST_TEST(d.out.units == out, boost::test_tools::per_element());
  BOOST_TEST(d.in.units == in, boost::test_tools::per_element());
  BOOST_TEST(d.out.possible == 4);
  BOOST_TEST(d.in.possible == 3);
  BOOST_TEST(d.out.mean == 1);
  BOOST_TEST(d.in.mean == 0.75);
  BOOST_TEST(std::abs(d.out.std - std::sqrt(2.0 / 3)) < 1e-15);
}

// 100 units of degree 10 of 1,000 possible, but one of 0 and one of 21: three binomial deviations, 3 √(10 · 0.99), are
// 9.4, so that 0 and 21 lie outside and 1 and 19 do not.
BOOST_AUTO_TEST_CASE(units_far_from_the_mean_are_counted) {
  Counts degrees(100, 10);
  degrees[3] = 0;
  degrees[8] = 21;
  degrees[9] = 1;
  degrees[10] = 19;
  const phew::DegreeDistribution d = phew::distribution_of(degrees, 1000);
  BOOST_TEST(d.underloaded == 1);
  BOOST_TEST(d.overloaded == 1);
  BOOST_TEST(d.units[10] == 96);
}

// The binomial distribution is narrower than Poisson's: of 20 possible, 3 √(10 · ½) is 6.7, and 2 and 18 lie outside.
BOOST_AUTO_TEST_CASE(few_possible_edges_leave_little_room) {
  Counts degrees(50, 10);
  degrees[0] = 2;
  degrees[1] = 18;
  const phew::DegreeDistribution d = phew::distribution_of(degrees, 20);
  BOOST_TEST(d.underloaded == 1);
  BOOST_TEST(d.overloaded == 1);
}

BOOST_AUTO_TEST_CASE(equal_degrees_are_neither) {
  const phew::LayeredGraph graph(phew::make_network("mlp:30-20"));
  const phew::LinkDegrees d = phew::link_degrees(graph, graph.links()[0]);
  BOOST_TEST(d.out.underloaded + d.out.overloaded + d.in.underloaded + d.in.overloaded == 0);
  BOOST_TEST(d.in.mean == 30);
  BOOST_TEST(d.out.std == 0);
  const phew::DegreeDistribution none = phew::distribution_of({}, 5);
  BOOST_TEST(none.least() == 0);
  BOOST_TEST(none.most() == 0);
  BOOST_TEST(phew::distribution_of({0, 0}, 5).underloaded == 0);
}

BOOST_AUTO_TEST_CASE(agrees_with_boost_graph_on_random_networks) {
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    const phew::test::RandomCase random = phew::test::random_case(seed);
    BOOST_TEST_INFO_SCOPE(random);
    const phew::LayeredGraph dense(random.network);
    for (const auto& graph : {dense, dense.masked(random.mask)}) {
      const Counted counted = count_edges(graph);
      for (std::size_t l = 0; l < graph.links().size(); ++l) {
        if (graph.links()[l].fixed()) continue;
        const phew::LinkDegrees d = phew::link_degrees(graph, graph.links()[l]);
        expect(d.out, counted.out[l]);
        expect(d.in, counted.in[l]);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(agrees_with_boost_graph_on_wide_layers) {
  const phew::LayeredGraph dense(phew::test::wide_network());
  phew::test::Dice dice(4);
  const auto graph = dense.masked(phew::test::sparse_mask(dense, 0.1, dice));
  const Counted counted = count_edges(graph);
  for (std::size_t l = 0; l < graph.links().size(); ++l) {
    if (graph.links()[l].fixed()) continue;
    const phew::LinkDegrees d = phew::link_degrees(graph, graph.links()[l]);
    expect(d.out, counted.out[l]);
    expect(d.in, counted.in[l]);
  }
}

BOOST_AUTO_TEST_SUITE_END()
