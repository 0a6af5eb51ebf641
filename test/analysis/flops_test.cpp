#include "analysis/flops.hpp"

#include "graph/zoo.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

namespace data = boost::unit_test::data;

namespace {

/// 2×6×6 ─ conv 3×3, stride 2, padding 1 ─► 4×3×3 ─ flatten ─► 5: 72 parameters at 9 positions, 180 at one.
phew::Network small_network() {
  phew::Network network("small");
  auto v = network.add("input", phew::op::Input{{2, 6, 6}});
  phew::op::Conv2d conv{.in = 2, .out = 4, .kernel = {3, 3}, .stride = {2, 2}, .padding = {1, 1}};
  v = network.add("conv", conv, {v});
  v = network.add("flatten", phew::op::Flatten{}, {v});
  v = network.add("fc", phew::op::Linear{36, 5, true, ""}, {v});
  network.add("output", phew::op::Output{}, {v});
  return network;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(flops)

BOOST_AUTO_TEST_CASE(two_for_each_kept_parameter_and_position) {
  const phew::Network network = small_network();
  const phew::LayeredGraph graph(network);
  const std::vector<std::int64_t> dense{2 * 72 * 9, 2 * 180}, pruned{2 * 3 * 9, 2 * 2};
  BOOST_TEST(phew::flops(network, graph).links == dense, boost::test_tools::per_element());
  phew::Mask mask(network.parameters());
  for (const std::int64_t p : {0, 1, 17}) mask[0].set(2, p);
  for (const std::int64_t p : {0, 35}) mask[1].set(4, p);
  const phew::Flops masked = phew::flops(network, graph.masked(mask));
  BOOST_TEST(masked.links == pruned, boost::test_tools::per_element());
  BOOST_TEST(masked.whole == 2 * 3 * 9 + 2 * 2);
}

// A dense network's are those of its ops; fixed links have none.
BOOST_DATA_TEST_CASE(built_in_networks, data::make({"mlp:9-8-7", "resnet20", "vgg11-bn"}), name) {
  const phew::Network network = phew::make_network(name);
  const phew::LayeredGraph graph(network);
  std::int64_t expected = 0;
  for (phew::Network::Vertex v = 0; v < network.node_count(); ++v) expected += 2 * multiply_accumulates(network, v);
  const phew::Flops dense = phew::flops(network, graph);
  BOOST_TEST(dense.whole == expected);
  BOOST_TEST(phew::flops(network, graph.masked(phew::Mask(network.parameters(), true))).whole == expected);
  BOOST_TEST(phew::flops(network, graph.masked(phew::Mask(network.parameters()))).whole == 0);
  for (std::size_t l = 0; l < graph.links().size(); ++l) BOOST_TEST((dense.links[l] == 0) == graph.links()[l].fixed());
}

// A tensor that two ops use is applied twice.
BOOST_AUTO_TEST_CASE(tied_tensors_count_in_each_link) {
  phew::Network network("tied");
  auto v = network.add("input", phew::op::Input{{2, 1, 1}});
  v = network.add("a", phew::op::Linear{2, 2, true, "shared"}, {v});
  v = network.add("b", phew::op::Linear{2, 2, true, "shared"}, {v});
  network.add("output", phew::op::Output{}, {v});
  BOOST_TEST(phew::flops(network, phew::LayeredGraph(network)).whole == 16);
}

BOOST_AUTO_TEST_SUITE_END()
