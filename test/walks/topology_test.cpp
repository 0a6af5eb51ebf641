#include "walks/topology.hpp"

#include "small_networks.hpp"
#include "support/random_network.hpp"
#include "walks/edge_grid.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <map>
#include <vector>

namespace {

using phew::EdgeGrid;
using phew::LayeredGraph;
using phew::Mask;
using phew::Topology;

using Degrees = std::vector<std::int64_t>;

/// Edges of each target and of each source of a tensor's link.
struct UnitDegrees {
  Degrees targets, sources;
};

UnitDegrees degrees_of(const LayeredGraph& graph, const Mask& mask, const EdgeGrid& grid) {
  const phew::Link& link = graph.links()[grid.link];
  UnitDegrees degrees{Degrees(static_cast<std::size_t>(grid.targets)),
                      Degrees(static_cast<std::size_t>(graph.layers()[link.from].units))};
  for (std::int64_t t = 0; t < grid.targets; ++t)
    for (std::int64_t c = 0; c < grid.sources; ++c) {
      if (!mask[link.parameter].test(t, c * grid.kernel)) continue;
      ++degrees.targets[static_cast<std::size_t>(t)];
      ++degrees.sources[static_cast<std::size_t>(link.first_source(t) + c)];
    }
  return degrees;
}

std::int64_t spread(const Degrees& degrees) {
  const auto [least, most] = std::ranges::minmax(degrees);
  return most - least;
}

LayeredGraph dense(const std::string& name) { return LayeredGraph(phew::make_network(name)); }

int bits_of(const Mask& mask) {
  int bits = 0;
  for (std::int64_t r = 0; r < mask[0].rows(); ++r)
    for (std::int64_t c = 0; c < mask[0].columns(); ++c) bits = bits * 2 + (mask[0].test(r, c) ? 1 : 0);
  return bits;
}

constexpr int each = 300;  // draws an outcome

/// Checks that each of `outcomes` masks came `each` times, within six standard deviations.
void check_equal(const std::map<int, int>& counts, std::size_t outcomes) {
  BOOST_TEST(counts.size() == outcomes);
  for (const auto& [mask, count] : counts) BOOST_TEST(std::abs(count - each) < 6 * std::sqrt(double{each}));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(topology)

BOOST_AUTO_TEST_CASE(degrees_of_random_regular_links_differ_by_one_at_most) {
  int links = 0;
  for (std::uint64_t seed = 0; seed < 120; ++seed) {
    const phew::Network net = phew::test::random_network(seed);
    const LayeredGraph graph(net);
    for (const double density : {0.1, 0.35, 0.5, 0.8, 1.0}) {
      const auto target = static_cast<std::int64_t>(std::ceil(density * static_cast<double>(net.prunable())));
      const Topology topology = phew::random_regular(graph, target, seed);
      for (const EdgeGrid& grid : phew::edge_grids(graph)) {
        const UnitDegrees degrees = degrees_of(graph, topology.mask, grid);
        BOOST_TEST_CONTEXT(phew::test::to_text(net) << "link " << grid.link << " at " << density) {
          BOOST_TEST(spread(degrees.targets) <= 1);
          BOOST_TEST(spread(degrees.sources) <= 1);
        }
        ++links;
      }
      if (density == 1.0) BOOST_TEST(topology.mask.kept() == net.prunable());
    }
  }
  BOOST_TEST(links > 1000);
}

// 2-regular bipartite graphs of 4 + 4 units: 90, of which 18 are two circles of 4 edges. Dealing alone gives those in a
// third of all draws, not a fifth: the switches even it out.
BOOST_AUTO_TEST_CASE(all_regular_graphs_are_equally_likely) {
  const LayeredGraph graph = dense("mlp:4-4");
  std::map<int, int> counts;
  for (std::uint64_t seed = 0; seed < 90 * each; ++seed) ++counts[bits_of(phew::random_regular(graph, 8, seed).mask)];
  check_equal(counts, 90);
}

// 3 sources, 2 targets, 4 edges: targets of degree 2, sources of 1, 1, 2. The source of both targets is any of three,
// and the other two go to either: 3 · 2. The other way round likewise.
BOOST_AUTO_TEST_CASE(uneven_degrees_fall_on_any_unit) {
  for (const char* name : {"mlp:3-2", "mlp:2-3"}) {
    const LayeredGraph graph = dense(name);
    std::map<int, int> counts;
    for (std::uint64_t seed = 0; seed < 6 * each; ++seed) ++counts[bits_of(phew::random_regular(graph, 4, seed).mask)];
    check_equal(counts, 6);
  }
}

// A depthwise convolution at a third: 2 of 6 channels, any of them.
BOOST_AUTO_TEST_CASE(groups_with_an_edge_more_are_drawn) {
  phew::Network net("depthwise");
  auto v = net.add("input", phew::op::Input{{6, 3, 3}});
  v = net.add("dw", phew::op::Conv2d{.in = 6, .out = 6, .kernel = {3, 3}, .groups = 6}, {v});
  net.add("output", phew::op::Output{}, {v});
  const LayeredGraph graph(net);
  std::map<int, int> counts;
  for (std::uint64_t seed = 0; seed < 15 * each; ++seed) {
    const Mask mask = phew::random_regular(graph, 18, seed).mask;
    int channels = 0;
    for (std::int64_t c = 0; c < 6; ++c) channels = channels * 2 + (mask[0].test(c, 4) ? 1 : 0);
    ++counts[channels];
  }
  check_equal(counts, 15);
}

BOOST_AUTO_TEST_CASE(all_erdos_renyi_links_of_a_count_are_equally_likely) {
  const LayeredGraph graph = dense("mlp:3-2");
  std::map<int, int> last;
  const std::vector<std::int64_t> targets{5, 3, 2};
  for (std::uint64_t seed = 0; seed < 15 * each; ++seed)
    ++last[bits_of(phew::erdos_renyi(graph, targets, seed).back().mask)];
  check_equal(last, 15);
}

// Each link has the density of the whole, to half an edge of 9 parameters and what the links before it left over.
BOOST_AUTO_TEST_CASE(links_have_the_nearest_density) {
  for (const auto& net : phew::test::small_networks) {
    const LayeredGraph graph = net.graph();
    for (const double density : {0.07, 0.3, 0.77}) {
      const auto target = static_cast<std::int64_t>(density * static_cast<double>(graph.prunable()));
      const std::vector<std::int64_t> targets{target};
      for (const Topology& topology :
           {phew::random_regular(graph, target, 1), phew::erdos_renyi(graph, targets, 1).front()}) {
        std::int64_t edges = 0;
        for (const EdgeGrid& grid : phew::edge_grids(graph)) {
          const std::size_t parameter = graph.links()[grid.link].parameter;
          const std::int64_t kept = topology.mask[parameter].count();
          edges += kept / grid.kernel;
          BOOST_TEST(std::abs(static_cast<double>(kept) - density * static_cast<double>(grid.parameters())) <= 13.5);
        }
        BOOST_TEST(topology.edges == edges);
      }
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
