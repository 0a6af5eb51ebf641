#include "analysis/components.hpp"

#include "graph/zoo.hpp"
#include "support/brute_force.hpp"
#include "support/random_network.hpp"
#include "support/wide_network.hpp"

#include <boost/graph/adjacency_list.hpp>
#include <boost/graph/connected_components.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>

namespace {

/// Boost.Graph's components of all edges, written down one by one without their direction.
std::vector<std::int64_t> by_boost(const phew::LayeredGraph& graph) {
  boost::adjacency_list<boost::vecS, boost::vecS, boost::undirectedS> copy(
      static_cast<std::size_t>(graph.unit_count()));
  for (const phew::test::ParameterEdge& e : phew::test::parameter_edges(graph))
    add_edge(static_cast<std::size_t>(e.from), static_cast<std::size_t>(e.to), copy);
  std::vector<std::int64_t> components(num_vertices(copy));
  boost::connected_components(copy,
                              boost::make_iterator_property_map(components.begin(), get(boost::vertex_index, copy)));
  return components;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(components)

//   0 ──► 3 ──► 6       {0, 3, 6}, {1, 4}, {2}, {5, 7}
//   1 ──► 4
//   2     5 ──► 7
BOOST_AUTO_TEST_CASE(a_toy_network) {
  const phew::Network network = phew::make_network("mlp:3-3-2");
  phew::Mask mask(network.parameters());
  mask[0].set(0, 0);
  mask[0].set(1, 1);
  mask[1].set(0, 0);
  mask[1].set(1, 2);
  const auto found = phew::connected_components(phew::LayeredGraph(network).masked(mask));
  const std::vector<std::int64_t> of{0, 1, 2, 0, 1, 3, 0, 3}, units{3, 2, 1, 2};
  BOOST_TEST(found.of == of, boost::test_tools::per_element());
  BOOST_TEST(found.units == units, boost::test_tools::per_element());
  BOOST_TEST(found.count() == 4);
  BOOST_TEST(found.isolated == 1);
  BOOST_TEST(found.largest() == 3);
}

// A grouped convolution without a mask: two groups of 2 → 3 channels that nothing joins.
BOOST_AUTO_TEST_CASE(groups_stay_apart) {
  phew::Network network("grouped");
  const auto input = network.add("input", phew::op::Input{{4, 1, 1}});
  const auto conv = network.add("conv", phew::op::Conv2d{.in = 4, .out = 6, .groups = 2}, {input});
  network.add("output", phew::op::Output{}, {conv});
  const phew::LayeredGraph graph(network);
  const phew::Components found = phew::connected_components(graph);
  const std::vector<std::int64_t> of{0, 0, 1, 1, 0, 0, 0, 1, 1, 1};
  BOOST_TEST(found.of == of, boost::test_tools::per_element());
  BOOST_TEST(by_boost(graph) == of, boost::test_tools::per_element());
  BOOST_TEST(found.isolated == 0);
}

BOOST_AUTO_TEST_CASE(agrees_with_boost_graph_on_random_networks) {
  int several = 0;
  for (std::uint64_t seed = 0; seed < 1000; ++seed) {
    const phew::test::RandomCase random = phew::test::random_case(seed);
    BOOST_TEST_INFO_SCOPE(random);
    const phew::LayeredGraph dense(random.network);
    const auto masked = dense.masked(random.mask);
    for (const auto* graph : {&dense, &masked}) {
      const phew::Components found = phew::connected_components(*graph);
      const std::vector<std::int64_t> expected = by_boost(*graph);
      BOOST_TEST(found.of == expected, boost::test_tools::per_element());
      for (std::int64_t c = 0; c < found.count(); ++c)
        BOOST_TEST(found.units[static_cast<std::size_t>(c)] == std::ranges::count(expected, c));
      several += found.count() > 1;
    }
  }
  BOOST_TEST(several > 300);
}

BOOST_AUTO_TEST_CASE(agrees_with_boost_graph_on_wide_layers) {
  const phew::LayeredGraph dense(phew::test::wide_network());
  phew::test::Dice dice(3);
  for (const double density : {0.0, 0.002, 0.005, 0.01, 0.3}) {
    const auto graph = dense.masked(phew::test::sparse_mask(dense, density, dice));
    BOOST_TEST(phew::connected_components(graph).of == by_boost(graph), boost::test_tools::per_element());
  }
  BOOST_TEST(phew::connected_components(dense).count() == 1);
}

BOOST_AUTO_TEST_SUITE_END()
