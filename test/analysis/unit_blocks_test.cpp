#include "analysis/unit_blocks.hpp"

#include "analysis/unit_matching.hpp"
#include "graph/error.hpp"
#include "graph/zoo.hpp"
#include "support/random_network.hpp"
#include "support/relabelling.hpp"
#include "train/reference_forward.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <cmath>
#include <optional>

namespace data = boost::unit_test::data;

namespace {

using namespace phew;

/// "4x1 3x2": blocks as bundles × places.
std::string shape_of(const UnitBlocks& units) {
  std::string text;
  for (const UnitBlock& block : units.blocks)
    text += (text.empty() ? "" : " ") + std::to_string(block.size()) + "x" + std::to_string(block.places);
  return text;
}
std::string shape_of(const Network& network) { return shape_of(unit_blocks(LayeredGraph(network))); }

/// input ─► …ops… ─► fc ─► output, from ops that build the middle.
template <typename Middle>
Network network_of(std::int64_t inputs, Middle&& middle) {
  Network network("test");
  const auto input = network.add("input", op::Input{{inputs, 4, 4}});
  const auto last = middle(network, input);
  const std::int64_t channels = network.node(last).output.channels;
  const auto pool = network.add("pool", op::GlobalAvgPool{}, {last});
  const auto flat = network.add("flat", op::Flatten{}, {pool});
  network.add("output", op::Output{}, {network.add("fc", op::Linear{channels, 2, true, ""}, {flat})});
  return network;
}

op::Conv2d conv(std::int64_t in, std::int64_t out, std::int64_t groups = 1, const std::string& weight = "") {
  return {.in = in, .out = out, .kernel = {1, 1}, .stride = {1, 1}, .groups = groups, .weight = weight};
}

/// Weights from few values, so that a relabelling of masks relabels them: the mask of each value is relabelled.
constexpr float values[] = {-1.5F, -0.5F, 0.75F, 1.25F};

std::vector<Mask> value_masks(const Network& network, test::Dice& dice) {
  std::vector<Mask> masks(std::size(values), Mask(network.parameters()));
  for (std::size_t t = 0; t < network.parameters().size(); ++t)
    for (std::int64_t r = 0; r < masks[0][t].rows(); ++r)
      for (std::int64_t c = 0; c < masks[0][t].columns(); ++c) {
        const auto value = static_cast<std::size_t>(dice.below(2 * static_cast<std::int64_t>(std::size(values))));
        if (value < std::size(values)) masks[value][t].set(r, c);  // else pruned
      }
  return masks;
}

/// The state with these weights; all else is constant, hence the same for every unit.
std::vector<Tensor> state_of(const Network& network, const std::vector<Mask>& masks) {
  std::vector<Tensor> state;
  for (const StateTensor& s : network.state()) {
    std::vector<float> filled(static_cast<std::size_t>(element_count(s.shape)), 0.3F);
    if (s.role == StateRole::running_var) std::ranges::fill(filled, 0.8F);
    if (s.role == StateRole::weight) {
      const std::size_t t = network.node(s.node).parameter;
      for (std::int64_t r = 0; r < masks[0][t].rows(); ++r)
        for (std::int64_t c = 0; c < masks[0][t].columns(); ++c) {
          float& w = filled[static_cast<std::size_t>(r * masks[0][t].columns() + c)];
          w = 0;
          for (std::size_t v = 0; v < masks.size(); ++v)
            if (masks[v][t].test(r, c)) w = values[v];
        }
    }
    state.push_back(make_tensor(s.name, s.shape, std::move(filled)));
  }
  return state;
}

/// The number of values of its only input; none if the network has several inputs or outputs.
std::optional<std::int64_t> only_input(const Network& network) {
  std::int64_t inputs = 0, outputs = 0, size = 0;
  for (std::size_t v = 0; v < network.node_count(); ++v) {
    outputs += std::holds_alternative<op::Output>(network.node(v).op);
    if (!std::holds_alternative<op::Input>(network.node(v).op)) continue;
    ++inputs;
    size = network.node(v).output.channels * network.node(v).output.positions();
  }
  if (inputs != 1 || outputs != 1) return std::nullopt;
  return size;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(unit_blocks)

BOOST_AUTO_TEST_CASE(hidden_layers_are_blocks_and_inputs_and_outputs_stay) {
  BOOST_TEST(shape_of(make_network("mlp:5-4-3-2")) == "4x1 3x1");
  BOOST_TEST(shape_of(make_network("mlp:5-2")).empty());
  // Three residual streams, of 4, 3 and 3 joins (conv1 or downsample tie into them), and the blocks' inner layers.
  BOOST_TEST(shape_of(make_network("resnet20")) == "16x4 16x1 16x1 16x1 32x1 32x3 32x1 32x1 64x1 64x3 64x1 64x1");
}

//   input ─► a ─┬─► b ─► add     the stream a = add: one block of two places; b inside an Add is its layer
//               └────────►┘
BOOST_AUTO_TEST_CASE(a_residual_stream_is_one_block) {
  BOOST_TEST(shape_of(network_of(3, [](Network& n, auto input) {
               const auto a = n.add("a", conv(3, 4), {input});
               return n.add("add", op::Add{}, {n.add("b", conv(4, 4), {a}), a});
             })) == "4x2");
  // A shortcut from the input ties the join to it.
  BOOST_TEST(shape_of(network_of(3, [](Network& n, auto input) {
               return n.add("add", op::Add{}, {n.add("b", conv(3, 3), {input}), input});
             })).empty());
}

BOOST_AUTO_TEST_CASE(concat_carries_blocks_at_their_offsets) {
  const Network network = network_of(3, [](Network& n, auto input) {
    const auto a = n.add("a", conv(3, 4), {input}), b = n.add("b", conv(3, 5), {input});
    return n.add("concat", op::Concat{}, {a, b});
  });
  const LayeredGraph graph(network);
  const UnitBlocks units = phew::unit_blocks(graph);
  BOOST_TEST(shape_of(units) == "4x2 5x2");
  // Unit 1 of b is unit 4 + 1 of the concat.
  BOOST_TEST(units.blocks[1].vertex(1, 0) == graph.vertex(2, 1));
  BOOST_TEST(units.blocks[1].vertex(1, 1) == graph.vertex(3, 5));
}

BOOST_AUTO_TEST_CASE(groups_keep_their_channels) {
  // 6 units that a convolution of 2 groups reads: two blocks of 3; its 4 units: two of 2.
  BOOST_TEST(shape_of(network_of(3, [](Network& n, auto input) {
               const auto a = n.add("a", conv(3, 6), {input});
               return n.add("g", conv(6, 4, 2), {a});
             })) == "3x1 3x1 2x1 2x1");
  // Depthwise: a unit and what is made of it move together; two for each with a multiplier of 2.
  BOOST_TEST(shape_of(network_of(3, [](Network& n, auto input) {
               const auto a = n.add("a", conv(3, 6), {input});
               return n.add("d", conv(6, 12, 6), {a});
             })) == "6x3");
}

BOOST_AUTO_TEST_CASE(shared_tensors_tie_what_they_read_and_make) {
  // a ─► b ─► c with one tensor: a, b and c are relabelled alike.
  BOOST_TEST(shape_of(network_of(3, [](Network& n, auto input) {
               const auto a = n.add("a", conv(3, 4), {input});
               const auto b = n.add("b", conv(4, 4), {a});
               return n.add("c", conv(4, 4, 1, "b.weight"), {b});
             })) == "4x3");
}

// The law that all rules serve: weights relabelled within blocks give the same outputs.
BOOST_DATA_TEST_CASE(relabelling_changes_no_function, data::xrange(300), seed) {
  const Network network = test::random_network(static_cast<std::uint64_t>(seed));
  const LayeredGraph graph(network);
  const UnitBlocks units = phew::unit_blocks(graph);
  BOOST_TEST(units.block_of.size() == static_cast<std::size_t>(graph.unit_count()));
  const std::optional<std::int64_t> inputs = only_input(network);
  if (!inputs) return;  // reference_forward takes one input and one output
  test::Dice dice(static_cast<std::uint64_t>(seed), 5);
  const Partners partners = test::random_relabelling(units, dice);
  const std::vector<Mask> masks = value_masks(network, dice);
  std::vector<Mask> moved;
  for (const Mask& mask : masks) moved.push_back(relabelled(graph, mask, partners));
  std::vector<std::vector<double>> examples(2, std::vector<double>(static_cast<std::size_t>(*inputs)));
  for (auto& example : examples)
    for (double& x : example) x = dice.uniform() - 0.5;
  const auto before = test::reference_forward(network, state_of(network, masks), examples, false);
  const auto after = test::reference_forward(network, state_of(network, moved), examples, false);
  for (std::size_t e = 0; e < before.size(); ++e)
    for (std::size_t o = 0; o < before[e].size(); ++o)
      BOOST_TEST(std::abs(before[e][o] - after[e][o]) <= 1e-9 * (1 + std::abs(before[e][o])),
                 test::to_text(network) << before[e][o] << " became " << after[e][o]);
}

// Every unit is in one block or none, at one place.
BOOST_DATA_TEST_CASE(indices_agree, data::xrange(100), seed) {
  const LayeredGraph graph(test::random_network(static_cast<std::uint64_t>(seed)));
  const UnitBlocks units = phew::unit_blocks(graph);
  std::vector<int> seen(static_cast<std::size_t>(graph.unit_count()), 0);
  for (std::size_t b = 0; b < units.blocks.size(); ++b)
    for (std::size_t i = 0; i < units.blocks[b].size(); ++i)
      for (std::size_t p = 0; p < units.blocks[b].places; ++p) {
        const auto v = static_cast<std::size_t>(units.blocks[b].vertex(i, p));
        ++seen[v];
        BOOST_TEST(units.block_of[v] == static_cast<std::int32_t>(b));
        BOOST_TEST(units.bundle_of[v] == static_cast<std::int32_t>(i));
        BOOST_TEST(units.place_of[v] == static_cast<std::int32_t>(p));
        BOOST_TEST(graph.layers()[graph.unit(static_cast<std::int64_t>(v)).layer].hidden());
      }
  for (std::size_t v = 0; v < seen.size(); ++v) BOOST_TEST(seen[v] == (units.block_of[v] >= 0 ? 1 : 0));
}

BOOST_AUTO_TEST_SUITE_END()
