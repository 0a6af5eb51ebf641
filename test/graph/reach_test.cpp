// Reach along all edges is compared with all paths in test/analysis/layer_profile_test.cpp; here, without shortcuts.
#include "graph/reach.hpp"

#include "support/brute_force.hpp"
#include "support/random_network.hpp"
#include "support/starved_block.hpp"
#include "support/wide_network.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <functional>
#include <utility>

namespace {

using phew::test::ParameterEdge;

bool enters_a_copy(const phew::LayeredGraph& graph, const ParameterEdge& e) {
  return graph.layers()[graph.unit(e.to).layer].copy;
}

/// Edges that reaching without shortcuts follows.
std::vector<ParameterEdge> without_shortcuts(const phew::LayeredGraph& graph) {
  std::vector<ParameterEdge> edges = phew::test::parameter_edges(graph);
  std::erase_if(edges, [&](const ParameterEdge& e) {
    return e.parameter == phew::Network::no_parameter && !enters_a_copy(graph, e);
  });
  return edges;
}

/// Which units a search from the ends (inputs, or outputs against the edges) finds.
std::vector<std::uint8_t> search(const phew::LayeredGraph& graph, const std::vector<ParameterEdge>& edges,
                                 bool forward) {
  std::vector<std::uint8_t> found(static_cast<std::size_t>(graph.unit_count()));
  const std::function<void(std::int64_t)> visit = [&](std::int64_t v) {
    if (std::exchange(found[static_cast<std::size_t>(v)], std::uint8_t{1}) != 0) return;
    for (const ParameterEdge& e : edges)
      if ((forward ? e.from : e.to) == v) visit(forward ? e.to : e.from);
  };
  for (const phew::Layer& layer : graph.layers())
    for (std::int64_t v = layer.first; (forward ? layer.input : layer.output) && v < layer.first + layer.units; ++v)
      visit(v);
  return found;
}

/// Kept parameters whose source an input reaches and whose target reaches an output, edge by edge.
void expect_effective(const phew::LayeredGraph& graph, const phew::Reach& r, const std::vector<ParameterEdge>& edges) {
  phew::Mask expected(graph.parameters());
  for (const ParameterEdge& e : edges)
    if (e.parameter != phew::Network::no_parameter && r.from_input[static_cast<std::size_t>(e.from)] != 0 &&
        r.to_output[static_cast<std::size_t>(e.to)] != 0)
      expected[e.parameter].set(e.row, e.column);
  BOOST_TEST((phew::effective_mask(graph, r) == expected));
  const std::vector<std::int64_t> counts = phew::effective_counts(graph, r);
  BOOST_TEST_REQUIRE(counts.size() == expected.tensor_count());
  for (std::size_t i = 0; i < counts.size(); ++i) BOOST_TEST(counts[i] == expected[i].count());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(reach)

// The shortcut alone carries the paths, and hides that no parameter reaches the join.
BOOST_AUTO_TEST_CASE(a_starved_block_shows_without_its_shortcut) {
  const auto graph = phew::test::StarvedBlock().graph;
  const phew::Reach all = phew::reach(graph), parametric = phew::reach(graph, phew::FixedEdges::copies);
  const std::int64_t a0 = 2, add0 = 4;
  BOOST_TEST(all.on_path(a0));
  BOOST_TEST(all.on_path(add0));
  BOOST_TEST(!parametric.on_path(a0));
  BOOST_TEST(!parametric.on_path(add0));
  BOOST_TEST(!is_stub(graph, all, a0));
  BOOST_TEST(is_stub(graph, parametric, a0));    // entered, and nothing leaves but the shortcut
  BOOST_TEST(is_stub(graph, parametric, add0));  // left, and nothing enters but the shortcut
  BOOST_TEST(effective_mask(graph, parametric).kept() == 0);
}

BOOST_AUTO_TEST_CASE(agrees_with_searches_without_shortcuts) {
  int hidden_by_shortcuts = 0;
  for (std::uint64_t seed = 0; seed < 1000; ++seed) {
    const phew::test::RandomCase random = phew::test::random_case(seed);
    BOOST_TEST_INFO_SCOPE(random);
    const auto graph = phew::LayeredGraph(random.network).masked(random.mask);
    const auto edges = without_shortcuts(graph);
    const phew::Reach r = phew::reach(graph, phew::FixedEdges::copies);
    BOOST_TEST(r.from_input == search(graph, edges, true), boost::test_tools::per_element());
    BOOST_TEST(r.to_output == search(graph, edges, false), boost::test_tools::per_element());
    for (std::int64_t v = 0; v < graph.unit_count(); ++v)
      BOOST_TEST(is_stub(graph, r, v) == phew::test::is_stub_by_search(graph, edges, v));
    const phew::Reach all = phew::reach(graph);
    hidden_by_shortcuts += all.from_input != r.from_input || all.to_output != r.to_output;
  }
  BOOST_TEST(hidden_by_shortcuts > 50);
}

// Rows of several words, groups that begin inside a word, and both kinds of links into a join.
BOOST_AUTO_TEST_CASE(agrees_with_searches_on_wide_layers) {
  const phew::LayeredGraph dense(phew::test::wide_network());
  phew::test::Dice dice(5);
  for (const double density : {0.005, 0.01, 0.02, 0.05, 0.05}) {
    const auto graph = dense.masked(phew::test::sparse_mask(dense, density, dice));
    const auto edges = phew::test::parameter_edges(graph);
    const phew::Reach r = phew::reach(graph);
    BOOST_TEST(r.from_input == search(graph, edges, true), boost::test_tools::per_element());
    BOOST_TEST(r.to_output == search(graph, edges, false), boost::test_tools::per_element());
    for (std::int64_t v = 0; v < graph.unit_count(); ++v)
      BOOST_TEST(is_stub(graph, r, v) == phew::test::is_stub_by_search(graph, edges, v));
    expect_effective(graph, r, edges);
  }
}

BOOST_AUTO_TEST_CASE(effective_parameters_agree_with_single_edges) {
  int tied = 0;
  for (std::uint64_t seed = 0; seed < 1000; ++seed) {
    const phew::test::RandomCase random = phew::test::random_case(seed);
    BOOST_TEST_INFO_SCOPE(random);
    const phew::LayeredGraph dense(random.network), masked = dense.masked(random.mask);
    for (const auto* graph : {&dense, &masked})
      expect_effective(*graph, phew::reach(*graph), phew::test::parameter_edges(*graph));
    std::vector<int> links(dense.parameters().size());
    for (const phew::Link& link : dense.links()) tied += !link.fixed() && ++links[link.parameter] == 2;
  }
  BOOST_TEST(tied > 20);
}

BOOST_AUTO_TEST_SUITE_END()
