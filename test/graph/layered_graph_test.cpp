#include "graph/layered_graph.hpp"

#include "graph/error.hpp"
#include "graph/zoo.hpp"
#include "support/random_network.hpp"
#include "support/wide_network.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

namespace {

using phew::LayeredGraph;
using phew::Network;
namespace op = phew::op;

op::Conv2d conv(std::int64_t in, std::int64_t out, std::int64_t kernel, std::int64_t groups = 1) {
  op::Conv2d c{.in = in, .out = out};
  c.kernel = {kernel, kernel};
  c.padding = {kernel / 2, kernel / 2};
  c.groups = groups;
  return c;
}

std::vector<std::string> layer_names(const LayeredGraph& graph) {
  std::vector<std::string> names;
  for (const auto& layer : graph.layers()) names.push_back(layer.name);
  return names;
}

const phew::Link& link_named(const LayeredGraph& graph, const std::string& name) {
  for (const auto& link : graph.links())
    if (link.name == name) return link;
  throw std::runtime_error("no link " + name);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(layered_graph)

//   input(2) ──conv1──► conv1(3) ══conv2══► add(3) ──fc──► fc(2)
//                          └─ ─ identity ─ ─ ┘
BOOST_AUTO_TEST_CASE(each_branch_into_an_add_is_a_link_into_its_layer) {
  Network net("residual");
  const auto input = net.add("input", op::Input{{2, 4, 4}});
  const auto c1 = net.add("conv1", conv(2, 3, 3), {input});
  const auto r1 = net.add("relu1", op::ReLU{}, {c1});
  const auto c2 = net.add("conv2", conv(3, 3, 3), {r1});
  const auto b2 = net.add("bn2", op::BatchNorm{}, {c2});
  const auto add = net.add("add", op::Add{}, {b2, r1});
  const auto flat = net.add("flatten", op::Flatten{}, {net.add("relu2", op::ReLU{}, {add})});
  const auto fc = net.add("fc", op::Linear{.in = 48, .out = 2}, {flat});
  net.add("output", op::Output{}, {fc});
  const LayeredGraph graph(net);

  const std::vector<std::string> layers{"input", "conv1", "add", "fc"};
  BOOST_TEST(layer_names(graph) == layers, boost::test_tools::per_element());
  BOOST_TEST(graph.links().size() == 4U);
  BOOST_TEST(graph.unit_count() == 10);
  const auto& identity = link_named(graph, "conv1->add");
  BOOST_TEST(identity.fixed());
  BOOST_TEST(graph.edge_count(identity) == 3);
  BOOST_TEST(graph.layers()[link_named(graph, "conv2").to].name == "add");
  // Flatten: each of fc's kernels is a whole 4×4 map.
  BOOST_TEST(link_named(graph, "fc").kernel == 16);
  BOOST_TEST(graph.edge_count(link_named(graph, "fc")) == 6);
  BOOST_TEST(graph.layers().front().input);
  BOOST_TEST(graph.layers().back().output);
  BOOST_TEST(!graph.layers()[2].copy);
}

BOOST_AUTO_TEST_CASE(a_weighted_op_that_something_else_reads_too_is_a_layer) {
  Network net("shared");
  const auto input = net.add("input", op::Input{{2, 1, 1}});
  const auto a = net.add("a", op::Linear{.in = 2, .out = 2}, {input});
  const auto b = net.add("b", op::Linear{.in = 2, .out = 2}, {a});
  net.add("output", op::Output{}, {net.add("add", op::Add{}, {a, b})});
  const LayeredGraph graph(net);
  const std::vector<std::string> layers{"input", "a", "add"};
  BOOST_TEST(layer_names(graph) == layers, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(groups_restrict_edges_to_their_group) {
  Network net("groups");
  const auto input = net.add("input", op::Input{{4, 1, 1}});
  net.add("output", op::Output{}, {net.add("conv", conv(4, 6, 1, 2), {input})});
  const LayeredGraph graph(net);
  const auto& link = graph.links().front();
  BOOST_TEST(graph.edge_count(link) == 12);
  BOOST_TEST(link.first_source(0) == 0);
  BOOST_TEST(link.first_source(3) == 2);
  BOOST_TEST(link.first_target(1) == 0);
  BOOST_TEST(link.first_target(2) == 3);
  BOOST_TEST(graph.prunable() == 12);
}

//   input(4) ─► a(4) ─ split ─► left(2) ─┐
//                  └─ split ─► right(2) ─┴─► concat(4) ─► shuffle(4) ─► out(1)
BOOST_AUTO_TEST_CASE(concat_split_and_shuffle_copy_units) {
  Network net("copies");
  const auto input = net.add("input", op::Input{{4, 1, 1}});
  const auto a = net.add("a", conv(4, 4, 1), {input});
  const auto left = net.add("left", op::Split{0, 2}, {a});
  const auto right = net.add("right", op::Split{2, 2}, {a});
  const auto concat = net.add("concat", op::Concat{}, {right, left});
  const auto shuffle = net.add("shuffle", op::ChannelShuffle{2}, {concat});
  net.add("output", op::Output{}, {net.add("out", conv(4, 1, 1), {shuffle})});
  const LayeredGraph graph(net);
  const std::vector<std::int64_t> second{-1, -1, 0, 1};
  BOOST_TEST(link_named(graph, "left->concat").source_of == second, boost::test_tools::per_element());
  const std::vector<std::int64_t> shuffled{0, 2, 1, 3};
  BOOST_TEST(link_named(graph, "concat->shuffle").source_of == shuffled, boost::test_tools::per_element());
  for (const auto& layer : graph.layers())
    BOOST_TEST(layer.copy ==
               (layer.name == "left" || layer.name == "right" || layer.name == "concat" || layer.name == "shuffle"));
}

BOOST_AUTO_TEST_CASE(a_gate_broadcasts_and_a_flattened_map_repeats) {
  Network net("gate");
  const auto input = net.add("input", op::Input{{3, 2, 2}});
  const auto a = net.add("a", conv(3, 3, 1), {input});
  const auto gate = net.add("gate", conv(3, 1, 1), {net.add("pool", op::GlobalAvgPool{}, {input})});
  const auto mul = net.add("mul", op::Mul{}, {a, gate});
  const auto concat =
      net.add("concat", op::Concat{}, {net.add("flatten", op::Flatten{}, {mul}), net.add("flat", op::Flatten{}, {a})});
  net.add("output", op::Output{}, {net.add("fc", op::Linear{.in = 24, .out = 2}, {concat})});
  const LayeredGraph graph(net);
  const std::vector<std::int64_t> broadcast{0, 0, 0};
  BOOST_TEST(link_named(graph, "gate->mul").source_of == broadcast, boost::test_tools::per_element());
  const auto& repeated = link_named(graph, "mul->concat").source_of;
  BOOST_TEST(repeated[4] == 1);
  BOOST_TEST(repeated[12] == -1);
  BOOST_TEST(link_named(graph, "fc").kernel == 1);
}

//   input(3) ─► a(3) ─ pooled, padded, resized ─► picked(4): units 2, -, 0, 0 ─► join(4) ◄─ b(4) ─ per position ─►
//   fc(2)
BOOST_AUTO_TEST_CASE(any_map_of_units_is_a_fixed_link) {
  Network net("select");
  const auto input = net.add("input", op::Input{{3, 5, 5}});
  const auto a = net.add("a", conv(3, 3, 1), {input});
  const auto pool =
      net.add("pool", op::AvgPool{{2, 2}, {2, 2}, {0, 0}, true}, {net.add("f", op::PassThrough{"Neg"}, {a})});
  BOOST_TEST((net.node(pool).output == phew::Extent{3, 3, 3}));
  const auto pad = net.add("pad", op::Pad{1, 0, -1, 0}, {pool});
  BOOST_TEST((net.node(pad).output == phew::Extent{3, 4, 2}));
  const auto resized = net.add("resize", op::Rearrange{"Resize", {5, 5}}, {pad});
  const auto picked = net.add("picked", op::Select{{2, -1, 0, 0}}, {resized});
  const auto b = net.add("b", conv(3, 4, 1), {input});
  const auto join = net.add("join", op::Join{"Max"}, {picked, net.add("silu", op::Activation{"silu"}, {b})});
  op::Linear fc{.in = 4, .out = 2};
  BOOST_CHECK_THROW(net.add("fc", fc, {join}), phew::Error);
  fc.per_position = true;
  const auto out = net.add("fc", fc, {join});
  BOOST_TEST((net.node(out).output == phew::Extent{2, 5, 5}));
  BOOST_TEST(multiply_accumulates(net, out) == 8 * 25);
  net.add("output", op::Output{}, {out});
  const LayeredGraph graph(net);
  const std::vector<std::int64_t> map{2, -1, 0, 0};
  BOOST_TEST(link_named(graph, "a->picked").source_of == map, boost::test_tools::per_element());
  BOOST_TEST(graph.layers()[link_named(graph, "b").to].name == "join");  // b's only reader
  BOOST_TEST(link_named(graph, "fc").kernel == 1);
  BOOST_CHECK_THROW(net.add("far", op::Select{{3}}, {a}), phew::Error);
  BOOST_CHECK_THROW(net.add("gone", op::Pad{-3, -2, 0, 0}, {a}), phew::Error);
}

BOOST_AUTO_TEST_CASE(tied_parameters_are_counted_once) {
  Network net("tied");
  const auto input = net.add("input", op::Input{{3, 1, 1}});
  const auto a = net.add("a", op::Linear{.in = 3, .out = 3, .bias = true, .weight = "w"}, {input});
  const auto b = net.add("b", op::Linear{.in = 3, .out = 3, .bias = true, .weight = "w"}, {a});
  net.add("output", op::Output{}, {b});
  const LayeredGraph graph(net);
  BOOST_TEST(graph.prunable() == 9);
  BOOST_TEST(graph.links().size() == 2U);
  BOOST_TEST(graph.links()[0].parameter == graph.links()[1].parameter);
  Network other("tied");
  const auto in = other.add("input", op::Input{{3, 1, 1}});
  const auto x = other.add("a", op::Linear{.in = 3, .out = 3, .bias = true, .weight = "w"}, {in});
  BOOST_CHECK_THROW(other.add("b", op::Linear{.in = 3, .out = 2, .bias = true, .weight = "w"}, {x}), phew::Error);
}

BOOST_AUTO_TEST_CASE(masks_filter_edges) {
  const auto net = phew::make_network("mlp:3-2-1");
  phew::Mask mask(net.parameters());
  mask[0].set(1, 2);
  mask[1].set(0, 1);
  const LayeredGraph graph = LayeredGraph(net).masked(mask);
  BOOST_TEST(graph.edge_count(graph.links()[0]) == 1);
  BOOST_TEST(graph.has_edge(graph.links()[0], 1, 2));
  BOOST_TEST(!graph.has_edge(graph.links()[0], 0, 2));
  BOOST_TEST(graph.targets_by_source(0).test(2, 1));
  BOOST_TEST(graph.targets_by_source(0).count() == 1);
  BOOST_TEST(graph.unit_name(4) == "0[1]");
  BOOST_CHECK_THROW((void)LayeredGraph(phew::make_network("mlp:3-3-1")).masked(mask), phew::Error);
}

// Both tables of edge bits against single edges: random networks have every kind of link, the wide one long rows.
BOOST_AUTO_TEST_CASE(edge_bits_agree_with_single_edges) {
  const auto compare = [](const LayeredGraph& graph) {
    for (std::size_t l = 0; l < graph.links().size(); ++l) {
      const phew::Link& link = graph.links()[l];
      BOOST_TEST_REQUIRE(graph.index_of(link) == l);
      if (link.fixed()) continue;
      const phew::BitMatrix &in = graph.sources_by_target(l), &out = graph.targets_by_source(l);
      std::int64_t edges = 0;
      for (std::int64_t t = 0; t < graph.layers()[link.to].units; ++t)
        for (std::int64_t c = 0; c < link.group_sources; ++c) {
          const bool there = graph.has_edge(link, t, c);
          const std::int64_t s = link.first_source(t) + c;
          BOOST_TEST_REQUIRE(in.test(t, c) == there);
          BOOST_TEST_REQUIRE(out.test(s, t - link.first_target(s)) == there);
          edges += there;
        }
      BOOST_TEST(in.count() == edges);
      BOOST_TEST(out.count() == edges);
      BOOST_TEST(graph.edge_count(link) == edges);
    }
  };
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    const phew::test::RandomCase random = phew::test::random_case(seed);
    BOOST_TEST_INFO_SCOPE(random);
    compare(LayeredGraph(random.network).masked(random.mask));
  }
  const LayeredGraph wide(phew::test::wide_network());
  phew::test::Dice dice(1);
  for (const double density : {0.01, 0.3, 1.0}) compare(wide.masked(phew::test::sparse_mask(wide, density, dice)));
}

BOOST_AUTO_TEST_CASE(residual_networks_have_the_branching_of_their_blocks) {
  const LayeredGraph graph(phew::make_network("resnet20"));
  // conv1, 9 blocks of (conv1 layer, add layer), fc, input.
  BOOST_TEST(graph.layers().size() == 1U + 1U + 18U + 1U);
  BOOST_TEST(link_named(graph, "layer1.0.conv2").to == link_named(graph, "conv1->layer1.0.add").to);
  BOOST_TEST(link_named(graph, "layer2.0.downsample.0").from == link_named(graph, "layer2.0.conv1").from);
  BOOST_TEST(link_named(graph, "layer2.0.downsample.0").to == link_named(graph, "layer2.0.conv2").to);
}

BOOST_AUTO_TEST_SUITE_END()
