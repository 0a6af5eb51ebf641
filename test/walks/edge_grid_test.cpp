#include "walks/edge_grid.hpp"

#include "small_networks.hpp"

#include <boost/test/unit_test.hpp>

#include <vector>

namespace {

using phew::EdgeGrid;
using phew::LayeredGraph;
using phew::Mask;

}  // namespace

BOOST_AUTO_TEST_SUITE(edge_grid)

// Grouped 4 → 12 in 2 groups of 3×3 kernels, depthwise 12, 1×1 12 → 10, dense 10 maps of 2×2 → 6.
BOOST_AUTO_TEST_CASE(a_grid_is_a_tensors_edges) {
  const LayeredGraph graph(phew::test::grouped_network());
  const std::vector<EdgeGrid> grids = phew::edge_grids(graph);
  BOOST_REQUIRE(grids.size() == 4);
  const auto is = [&](std::size_t i, std::int64_t targets, std::int64_t sources, std::int64_t groups,
                      std::int64_t kernel) {
    return grids[i].targets == targets && grids[i].sources == sources && grids[i].groups == groups &&
           grids[i].kernel == kernel && grids[i].parameters() == graph.parameters()[i].size();
  };
  BOOST_TEST(is(0, 12, 2, 2, 9));
  BOOST_TEST(is(1, 12, 1, 12, 9));
  BOOST_TEST(is(2, 10, 12, 1, 1));
  BOOST_TEST(is(3, 6, 10, 1, 4));
}

BOOST_AUTO_TEST_CASE(an_edge_is_its_whole_kernel) {
  const LayeredGraph graph(phew::test::grouped_network());
  const std::vector<EdgeGrid> grids = phew::edge_grids(graph);
  Mask edges(phew::edge_parameters(grids));
  edges[0].set(7, 1);
  edges[3].set(5, 2);
  const Mask mask = phew::with_whole_kernels(graph, grids, edges);
  BOOST_TEST(mask.kept() == 9 + 4);
  for (std::int64_t p = 9; p < 18; ++p) BOOST_TEST(mask[0].test(7, p));
  for (std::int64_t p = 8; p < 12; ++p) BOOST_TEST(mask[3].test(5, p));
}

/// A tied tensor is one grid, though it has two links.
BOOST_AUTO_TEST_CASE(a_tied_tensor_is_one_grid) {
  phew::Network net("tied");
  auto v = net.add("input", phew::op::Input{{3, 1, 1}});
  v = net.add("a", phew::op::Linear{3, 3, false, "w"}, {v});
  v = net.add("b", phew::op::Linear{3, 3, false, "w"}, {v});
  net.add("output", phew::op::Output{}, {v});
  const std::vector<EdgeGrid> grids = phew::edge_grids(LayeredGraph(net));
  BOOST_REQUIRE(grids.size() == 1);
  BOOST_TEST(grids[0].link == 0);
}

BOOST_AUTO_TEST_CASE(a_budget_hands_on_what_is_left) {
  phew::Budget budget(50, 100);
  BOOST_TEST(budget.share(40) == 20);
  budget.spend(40, 26);
  BOOST_TEST(budget.share(60) == 24);
  budget.spend(50, 30);
  BOOST_TEST(budget.share(10) == 0);  // spent: never less than nothing
}

BOOST_AUTO_TEST_SUITE_END()
