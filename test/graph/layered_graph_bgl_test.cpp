// LayeredGraph models Boost.Graph's concepts, and BGL's algorithms agree with the block kernels on it.
#include "graph/layered_graph_bgl.hpp"

#include "graph/path_sums.hpp"
#include "graph/reach.hpp"
#include "graph/zoo.hpp"
#include "support/random_network.hpp"

#include <boost/graph/breadth_first_search.hpp>
#include <boost/graph/dag_shortest_paths.hpp>
#include <boost/graph/graph_concepts.hpp>
#include <boost/graph/reverse_graph.hpp>
#include <boost/graph/topological_sort.hpp>
#include <boost/test/unit_test.hpp>

#include <cmath>
#include <limits>
#include <set>

namespace {

using phew::Edge;
using phew::LayeredGraph;

BOOST_CONCEPT_ASSERT((boost::VertexListGraphConcept<LayeredGraph>));
BOOST_CONCEPT_ASSERT((boost::BidirectionalGraphConcept<LayeredGraph>));
BOOST_CONCEPT_ASSERT((boost::EdgeListGraphConcept<LayeredGraph>));
BOOST_CONCEPT_ASSERT((boost::AdjacencyMatrixConcept<LayeredGraph>));
BOOST_CONCEPT_ASSERT((boost::ReadablePropertyGraphConcept<LayeredGraph, Edge, boost::edge_weight_t>));
BOOST_CONCEPT_ASSERT((boost::ReadablePropertyGraphConcept<LayeredGraph, Edge, phew::edge_magnitude_t>));
BOOST_CONCEPT_ASSERT((boost::ReadablePropertyGraphConcept<LayeredGraph, Edge, phew::edge_link_t>));
BOOST_CONCEPT_ASSERT((boost::ReadablePropertyGraphConcept<LayeredGraph, std::size_t, boost::vertex_index_t>));
BOOST_CONCEPT_ASSERT((boost::ReadablePropertyGraphConcept<LayeredGraph, std::size_t, phew::vertex_layer_t>));

constexpr double infinity = std::numeric_limits<double>::infinity();

/// Units that a breadth-first search from each of `starts` discovers.
template <typename Graph>
std::vector<std::uint8_t> discovered_from(const Graph& graph, const std::vector<std::size_t>& starts) {
  std::vector<boost::default_color_type> colour(boost::num_vertices(graph), boost::white_color);
  boost::queue<std::size_t> queue;
  boost::breadth_first_search(graph, starts.begin(), starts.end(), queue, boost::default_bfs_visitor(), colour.data());
  std::vector<std::uint8_t> found;
  for (const auto c : colour) found.push_back(c == boost::white_color ? 0 : 1);
  return found;
}

std::vector<std::size_t> units_of(const LayeredGraph& graph, bool phew::Layer::*end) {
  std::vector<std::size_t> vertices;
  for (const auto& layer : graph.layers())
    for (std::int64_t u = 0; layer.*end && u < layer.units; ++u)
      vertices.push_back(static_cast<std::size_t>(layer.first + u));
  return vertices;
}

/// Shortest distances from one unit, edge by edge in vertex order: the naive relaxation of a DAG.
std::vector<double> naive_distances(const LayeredGraph& graph, std::size_t start) {
  std::vector<double> distance(boost::num_vertices(graph), infinity);
  distance[start] = 0;
  for (std::size_t v = 0; v < distance.size(); ++v)
    for (std::size_t l = 0; l < graph.links().size(); ++l) {
      const auto& link = graph.links()[l];
      const auto unit = graph.unit(static_cast<std::int64_t>(v));
      if (link.to != unit.layer) continue;
      if (link.fixed()) {
        const std::int64_t s = link.source_of[static_cast<std::size_t>(unit.index)];
        if (s >= 0) distance[v] = std::min(distance[v], distance[static_cast<std::size_t>(graph.vertex(link.from, s))]);
        continue;
      }
      for (std::int64_t c = 0; c < link.group_sources; ++c)
        if (graph.has_edge(link, unit.index, c))
          distance[v] =
              std::min(distance[v],
                       distance[static_cast<std::size_t>(graph.vertex(link.from, link.first_source(unit.index) + c))] +
                           graph.length(link, unit.index, c));
    }
  return distance;
}

void check_searches(const LayeredGraph& graph) {
  const phew::Reach reach = phew::reach(graph);
  BOOST_TEST((discovered_from(graph, units_of(graph, &phew::Layer::input)) == reach.from_input));
  BOOST_TEST(
      (discovered_from(boost::make_reverse_graph(graph), units_of(graph, &phew::Layer::output)) == reach.to_output));
}

void check_topological_sort(const LayeredGraph& graph) {
  std::vector<std::size_t> order;
  boost::topological_sort(graph, std::back_inserter(order));
  BOOST_REQUIRE(order.size() == boost::num_vertices(graph));
  std::vector<std::size_t> rank(order.size());
  for (std::size_t i = 0; i < order.size(); ++i) rank[order[i]] = order.size() - i;
  for (const Edge& e : boost::make_iterator_range(edges(graph))) BOOST_REQUIRE(rank[e.source] < rank[e.target]);
}

void check_shortest_paths(const LayeredGraph& graph) {
  std::vector<double> distance(boost::num_vertices(graph));
  const std::size_t start = units_of(graph, &phew::Layer::input).front();
  // Edges of all-zero kernels have infinite length; a combine that knows infinity keeps them out.
  boost::dag_shortest_paths(graph, start, boost::distance_map(distance.data()).distance_inf(infinity));
  const auto naive = naive_distances(graph, start);
  for (std::size_t v = 0; v < distance.size(); ++v) {
    if (std::isinf(naive[v]))
      BOOST_REQUIRE(std::isinf(distance[v]));
    else
      BOOST_REQUIRE(std::abs(distance[v] - naive[v]) < 1e-9);
  }
}

void check_edges(const LayeredGraph& graph) {
  std::set<Edge> all, in, out;
  double magnitude = 0;
  for (const Edge& e : boost::make_iterator_range(edges(graph))) {
    BOOST_REQUIRE(all.insert(e).second);
    const auto [found, there] = edge(e.source, e.target, graph);
    BOOST_REQUIRE(there);
    BOOST_REQUIRE(found.link <= e.link);
    magnitude += get(phew::edge_magnitude, graph, e);
    BOOST_REQUIRE(get(phew::vertex_layer, graph, e.source) < get(phew::vertex_layer, graph, e.target));
  }
  for (const std::size_t v : boost::make_iterator_range(vertices(graph))) {
    for (const Edge& e : boost::make_iterator_range(in_edges(v, graph)))
      BOOST_REQUIRE((e.target == v && in.insert(e).second));
    for (const Edge& e : boost::make_iterator_range(out_edges(v, graph)))
      BOOST_REQUIRE((e.source == v && out.insert(e).second));
  }
  BOOST_TEST((in == all));
  BOOST_TEST((out == all));
  BOOST_TEST(num_edges(graph) == all.size());

  double expected = 0;  // Σ|w| of kept parameters, once a link, and 1 a fixed edge
  for (const auto& link : graph.links()) {
    if (link.fixed()) {
      expected += static_cast<double>(graph.edge_count(link));
      continue;
    }
    const auto& p = graph.parameters()[link.parameter];
    for (std::int64_t i = 0; i < p.size(); ++i)
      if (!graph.has_mask() || graph.mask()[link.parameter].test(i / p.row_length(), i % p.row_length()))
        expected += std::abs(graph.weights()[link.parameter][static_cast<std::size_t>(i)]);
  }
  BOOST_TEST(std::abs(magnitude - expected) < 1e-9 * (1 + expected));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(layered_graph_bgl)

BOOST_AUTO_TEST_CASE(algorithms_agree_with_the_block_kernels_on_random_networks) {
  for (std::uint64_t seed = 0; seed < 1000; ++seed) {
    const auto random = phew::test::random_case(seed);
    const LayeredGraph dense(random.network, random.weights);
    for (const LayeredGraph& graph : {dense, dense.masked(random.mask)}) {
      BOOST_TEST_CONTEXT(random << (graph.has_mask() ? "masked" : "dense")) {
        check_edges(graph);
        check_searches(graph);
        check_topological_sort(graph);
        check_shortest_paths(graph);
      }
    }
  }
}

//  0 ──w=½──► 2 ──w=2──► 4      the best path 0→4 has product 1, length 0
//  1 ──w=¼──► 3 ──w=1──► 4
BOOST_AUTO_TEST_CASE(a_length_is_minus_the_log_of_the_best_product) {
  const auto net = phew::make_network("mlp:2-2-1");
  const phew::Weights weights(net.parameters(), {phew::make_tensor("0.weight", {2, 2}, {0.5F, 0, 0, -0.25F}),
                                                 phew::make_tensor("2.weight", {1, 2}, {2, 1})});
  const LayeredGraph graph(net, weights);
  std::vector<double> distance(5);
  boost::dag_shortest_paths(graph, 0, boost::distance_map(distance.data()).distance_inf(infinity));
  BOOST_TEST(std::abs(distance[4]) < 1e-12);
  BOOST_TEST(std::isinf(distance[3]));
  boost::dag_shortest_paths(graph, 1, boost::distance_map(distance.data()).distance_inf(infinity));
  BOOST_TEST(std::abs(distance[4] - std::log(4.0)) < 1e-12);
}

BOOST_AUTO_TEST_SUITE_END()
