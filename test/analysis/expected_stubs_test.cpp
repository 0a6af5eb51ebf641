#include "analysis/expected_stubs.hpp"

#include "analysis/theory.hpp"
#include "graph/reach.hpp"
#include "graph/zoo.hpp"
#include "support/random_network.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>

namespace {

/// By layer, over all 2^parameters masks, each with its chance.
std::vector<double> enumerate(const phew::Network& network, const phew::LayeredGraph& graph,
                              const std::vector<double>& densities, phew::FixedEdges fixed) {
  std::vector<double> stubs(graph.layers().size());
  for (std::uint64_t bits = 0; bits < std::uint64_t{1} << network.prunable(); ++bits) {
    phew::Mask mask(network.parameters());
    double chance = 1;
    std::uint64_t rest = bits;
    for (std::size_t t = 0; t < mask.tensor_count(); ++t)
      for (std::int64_t p = 0; p < network.parameters()[t].size(); ++p, rest >>= 1) {
        const std::int64_t row_length = network.parameters()[t].row_length();
        if (rest & 1) mask[t].set(p / row_length, p % row_length);
        chance *= rest & 1 ? densities[t] : 1 - densities[t];
      }
    const auto masked = graph.masked(std::move(mask));
    const phew::Reach reach = phew::reach(masked, fixed);
    for (std::int64_t v = 0; v < graph.unit_count(); ++v)
      if (is_stub(masked, reach, v)) stubs[graph.unit(v).layer] += chance;
  }
  return stubs;
}

bool has_tied_tensors(const phew::LayeredGraph& graph) {
  std::size_t weighted = 0;
  for (const phew::Link& link : graph.links()) weighted += !link.fixed();
  return weighted != graph.parameters().size();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(expected_stubs)

// The paper's setting: Eq. 6.
BOOST_AUTO_TEST_CASE(constant_width_is_equation_6) {
  const phew::LayeredGraph graph(phew::make_network("mlp:20x5"));
  const phew::ExpectedStubs found = phew::expected_stubs(graph, std::vector<double>(4, 0.1));
  BOOST_TEST(std::abs(found.whole - phew::expected_stub_units({20, 3, 0.9})) < 1e-12);
  BOOST_TEST(std::abs(found.any - phew::any_stub_probability({20, 3, 0.9})) < 1e-12);
  BOOST_TEST(found.layers[0] == 0);
  BOOST_TEST(std::abs(found.layers[1] - found.whole / 3) < 1e-12);
  BOOST_TEST(found.layers[4] == 0);
}

// A unit in a residual block is a stub only if nothing can be reached along the shortcut either.
//   input ──► a ──┬─► b ─► add ──► fc        q = ½ for each parameter, one unit a layer
//                 └── fixed ──►┘
// a: entered (½), and neither b nor fc kept (¼); or left by b (½), and not entered (½). The second: b leaves a.
// add: entered by b (½), and fc pruned (½); or left (½), and neither b nor input → a kept (¼).
BOOST_AUTO_TEST_CASE(shortcuts_count) {
  phew::Network network("shortcut");
  const auto input = network.add("input", phew::op::Input{{1, 1, 1}});
  const auto a = network.add("a", phew::op::Linear{1, 1, true, ""}, {input});
  const auto b = network.add("b", phew::op::Linear{1, 1, true, ""}, {a});
  const auto add = network.add("add", phew::op::Add{}, {b, a});
  network.add("output", phew::op::Output{}, {network.add("fc", phew::op::Linear{1, 1, true, ""}, {add})});
  const phew::LayeredGraph graph(network);
  const std::vector<double> half(3, 0.5);
  const phew::ExpectedStubs found = phew::expected_stubs(graph, half);
  BOOST_TEST(std::abs(found.layers[1] - (0.5 * 0.25 + 0.5 * 0.5)) < 1e-15);
  BOOST_TEST(std::abs(found.layers[2] - (0.5 * 0.5 + 0.5 * 0.25)) < 1e-15);
}

BOOST_AUTO_TEST_CASE(agrees_with_all_masks_of_random_networks) {
  int compared = 0, with_fixed_links = 0;
  for (std::uint64_t seed = 0; compared < 120; ++seed) {
    const phew::Network network = phew::test::random_network(seed, {.max_units = 12, .max_blocks = 3});
    const phew::LayeredGraph graph(network);
    if (network.prunable() > 12 || has_tied_tensors(graph)) continue;
    ++compared;
    phew::test::Dice dice(seed, 99);
    std::vector<double> densities;
    for (std::size_t t = 0; t < network.parameters().size(); ++t) densities.push_back(dice.uniform());
    BOOST_TEST_INFO_SCOPE(phew::test::to_text(network));
    for (const phew::FixedEdges fixed : {phew::FixedEdges::all, phew::FixedEdges::copies}) {
      const std::vector<double> expected = enumerate(network, graph, densities, fixed);
      const phew::ExpectedStubs found = phew::expected_stubs(graph, densities, fixed);
      double whole = 0;
      for (std::size_t l = 0; l < expected.size(); ++l) {
        BOOST_TEST(std::abs(found.layers[l] - expected[l]) < 1e-12);
        whole += expected[l];
      }
      BOOST_TEST(std::abs(found.whole - whole) < 1e-12);
    }
    with_fixed_links += std::ranges::any_of(graph.links(), [](const phew::Link& l) { return l.fixed(); });
  }
  BOOST_TEST(with_fixed_links > 20);
}

BOOST_AUTO_TEST_CASE(nothing_is_a_stub_at_the_ends_of_the_scale) {
  const phew::LayeredGraph graph(phew::make_network("resnet20"));
  for (const double density : {0.0, 1.0})
    BOOST_TEST(phew::expected_stubs(graph, std::vector<double>(graph.parameters().size(), density)).whole == 0);
}

BOOST_AUTO_TEST_CASE(densities_of_a_mask) {
  const phew::Network network = phew::make_network("mlp:4-2-3");
  phew::Mask mask(network.parameters());
  mask[0].set(0, 0);
  mask[0].set(1, 3);
  mask[1].set(2, 1);
  const auto graph = phew::LayeredGraph(network).masked(mask);
  const std::vector<double> own{2.0 / 8, 1.0 / 6}, global{3.0 / 14, 3.0 / 14}, dense{1, 1};
  BOOST_TEST(phew::tensor_densities(graph) == own, boost::test_tools::per_element());
  BOOST_TEST(phew::global_densities(graph) == global, boost::test_tools::per_element());
  BOOST_TEST(phew::tensor_densities(phew::LayeredGraph(network)) == dense, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()
