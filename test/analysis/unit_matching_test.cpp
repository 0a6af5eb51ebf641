#include "analysis/unit_matching.hpp"

#include "analysis/similarity.hpp"
#include "graph/zoo.hpp"
#include "support/random_network.hpp"
#include "support/relabelling.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <numeric>

namespace data = boost::unit_test::data;

namespace {

using namespace phew;

/// Each parameter kept with chance `density`, independently.
Mask sparse_mask(const Network& network, double density, test::Dice& dice) {
  Mask mask(network.parameters());
  for (std::size_t t = 0; t < mask.tensor_count(); ++t)
    for (std::int64_t r = 0; r < mask[t].rows(); ++r)
      for (std::int64_t c = 0; c < mask[t].columns(); ++c)
        if (dice.chance(density)) mask[t].set(r, c);
  return mask;
}

std::int64_t overlap_of(const Mask& a, const Mask& b) {
  std::int64_t both = 0;
  for (std::size_t t = 0; t < a.tensor_count(); ++t) both += overlap(a[t], b[t]).both;
  return both;
}

std::int64_t overlap_after(const LayeredGraph& graph, const Mask& a, const Mask& b, const Partners& partners) {
  return overlap_of(a, relabelled(graph, b, partners));
}

/// Calls f(partners) for every permutation of block `first` and those after it, times each other; others as they are.
template <typename F>
void for_each_permutation(const UnitBlocks& units, std::size_t first, std::size_t last, Partners& partners, F&& f) {
  if (first == last) return f(partners);
  const UnitBlock& block = units.blocks[first];
  std::vector<std::size_t> order(block.size());
  std::iota(order.begin(), order.end(), 0U);
  const Partners before = partners;
  do {
    for (std::size_t i = 0; i < order.size(); ++i)
      for (std::size_t p = 0; p < block.places; ++p)
        partners[static_cast<std::size_t>(block.vertex(i, p))] = block.vertex(order[i], p);
    for_each_permutation(units, first + 1, last, partners, f);
  } while (std::ranges::next_permutation(order).found);
  partners = before;
}

double permutations(const UnitBlocks& units) {
  double count = 1;
  for (const UnitBlock& block : units.blocks)
    for (std::size_t i = 2; i <= block.size(); ++i) count *= static_cast<double>(i);
  return count;
}

std::int64_t most_over_all(const LayeredGraph& graph, const UnitBlocks& units, const Mask& a, const Mask& b) {
  std::int64_t most = 0;
  Partners partners = same_units(graph);
  for_each_permutation(units, 0, units.blocks.size(), partners,
                       [&](const Partners& p) { most = std::max(most, overlap_after(graph, a, b, p)); });
  return most;
}

/// A mask of `network`, and the same with its units relabelled at random: is it found again?
void expect_found_again(const std::string& name, double density, std::uint64_t seed) {
  const Network network = make_network(name);
  const LayeredGraph graph(network);
  const UnitMatcher matcher(graph);
  test::Dice dice(seed);
  const Mask mask = sparse_mask(network, density, dice);
  const Mask moved = relabelled(graph, mask, test::random_relabelling(matcher.network().units(), dice));
  const double before = similarity(mask, moved).whole.value.value();
  BOOST_TEST(before < 0.5, name << ": " << before);
  const Mask back = relabelled(graph, moved, matcher.match(mask, moved));
  BOOST_TEST(similarity(mask, back).whole.value.value() == 1.0, name << " at " << density);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(unit_matching)

// 2 inputs, 2 hidden units, 1 output. Row 0 of the first mask is row 1 of the second, and its out-edge goes with it.
BOOST_AUTO_TEST_CASE(two_units_that_changed_places) {
  const Network network = make_network("mlp:2-2-1");
  const LayeredGraph graph(network);
  Mask a(network.parameters()), b(network.parameters());
  a[0].set(0, 0), a[1].set(0, 0);
  b[0].set(1, 0), b[1].set(0, 1);
  const Partners partners = UnitMatcher(graph).match(a, b);
  BOOST_TEST(partners == (Partners{0, 1, 3, 2, 4}), boost::test_tools::per_element());
  BOOST_TEST((relabelled(graph, b, partners) == a));
}

BOOST_AUTO_TEST_CASE(relabelled_masks_are_found_again) {
  for (std::uint64_t seed = 0; seed < 3; ++seed) {
    expect_found_again("mlp:784-300-100-10", 0.05, seed);
    expect_found_again("mlp:30-40-40-40-10,bn", 0.2, seed);
    expect_found_again("resnet20", 0.05, seed);
  }
  expect_found_again("vgg11", 0.02, 0);
  expect_found_again("resnet18", 0.02, 0);
}

// Masks that agree in half of what they keep, too, where a unit still has enough to tell it by.
BOOST_DATA_TEST_CASE(half_of_a_mask_is_enough, data::xrange(4), seed) {
  const Network network = make_network(seed % 2 == 0 ? "mlp:200-100-60-10" : "resnet20");
  const LayeredGraph graph(network);
  const UnitMatcher matcher(graph);
  test::Dice dice(static_cast<std::uint64_t>(seed), 3);
  const Mask common = sparse_mask(network, 0.06, dice);
  const auto with_more = [&] {
    Mask mask = sparse_mask(network, 0.06, dice);
    for (std::size_t t = 0; t < mask.tensor_count(); ++t)
      for (std::int64_t r = 0; r < mask[t].rows(); ++r)
        for_each_set(common[t].row(r), [&](std::int64_t c) { mask[t].set(r, c); });
    return mask;
  };
  const Mask a = with_more(), b = with_more();
  const Mask moved = relabelled(graph, b, test::random_relabelling(matcher.network().units(), dice));
  BOOST_TEST(overlap_after(graph, a, moved, matcher.match(a, moved)) >= overlap_of(a, b));
}

// On random small networks of every kind: never below the masks as they are, partners within blocks, no permutation of
// one block alone better (but where a link ties a block to itself), never above the best of all permutations, and equal
// to it for one block.
BOOST_DATA_TEST_CASE(laws, data::xrange(400), seed) {
  const Network network = test::random_network(static_cast<std::uint64_t>(seed), {.max_units = 16, .max_blocks = 2});
  const LayeredGraph graph(network);
  const UnitMatcher matcher(graph);
  const BlockLinks& links = matcher.network();
  test::Dice dice(static_cast<std::uint64_t>(seed), 1);
  const Mask a = test::random_mask(network, dice), b = test::random_mask(network, dice);
  Partners partners = matcher.match(a, b);
  const std::int64_t found = overlap_after(graph, a, b, partners);
  BOOST_TEST(found >= overlap_of(a, b));
  BOOST_TEST(relabelled(graph, b, partners).kept() == b.kept());
  for (std::size_t v = 0; v < partners.size(); ++v)
    BOOST_TEST(links.units().block_of[v] == links.units().block_of[static_cast<std::size_t>(partners[v])]);
  for (std::size_t block = 0; block < links.units().blocks.size(); ++block)
    if (!links.own_neighbour(block) && links.units().blocks[block].size() <= 5)
      for_each_permutation(links.units(), block, block + 1, partners,
                           [&](const Partners& p) { BOOST_TEST(overlap_after(graph, a, b, p) <= found); });
  if (permutations(links.units()) > 2000) return;
  const std::int64_t most = most_over_all(graph, links.units(), a, b);
  BOOST_TEST(found <= most);
  if (links.units().blocks.size() == 1 && !links.own_neighbour(0)) BOOST_TEST(found == most);
}

BOOST_DATA_TEST_CASE(one_hidden_layer_is_solved_exactly, data::xrange(60), seed) {
  const Network network = make_network("mlp:4-6-3");
  const LayeredGraph graph(network);
  test::Dice dice(static_cast<std::uint64_t>(seed), 2);
  const Mask a = sparse_mask(network, dice.uniform(), dice), b = sparse_mask(network, dice.uniform(), dice);
  const UnitMatcher matcher(graph);
  BOOST_TEST(overlap_after(graph, a, b, matcher.match(a, b)) == most_over_all(graph, matcher.network().units(), a, b));
}

// Deep enough that one turn of the blocks is not all: no permutation of any one of them betters the result.
BOOST_DATA_TEST_CASE(no_block_alone_can_be_bettered, data::xrange(40), seed) {
  const Network network = make_network("mlp:3-5-5-5-3");
  const LayeredGraph graph(network);
  const UnitMatcher matcher(graph);
  test::Dice dice(static_cast<std::uint64_t>(seed), 10);
  const Mask a = sparse_mask(network, 0.5, dice), b = sparse_mask(network, 0.5, dice);
  Partners partners = matcher.match(a, b);
  const std::int64_t found = overlap_after(graph, a, b, partners);
  std::int64_t most = 0;
  for (std::size_t block = 0; block < 3; ++block)
    for_each_permutation(matcher.network().units(), block, block + 1, partners,
                         [&](const Partners& p) { most = std::max(most, overlap_after(graph, a, b, p)); });
  BOOST_TEST(found == most);
}

//   input ─► a ─┬─► b ─► add ─► fc     the link b ties the stream's units to themselves
//               └─────────┘
BOOST_DATA_TEST_CASE(a_stream_tied_to_itself_never_falls, data::xrange(100), seed) {
  Network network("stream");
  const auto input = network.add("input", op::Input{{2, 1, 1}});
  const auto a = network.add("a", op::Linear{2, 5, true, ""}, {input});
  const auto add = network.add("add", op::Add{}, {network.add("b", op::Linear{5, 5, true, ""}, {a}), a});
  network.add("output", op::Output{}, {network.add("fc", op::Linear{5, 2, true, ""}, {add})});
  const LayeredGraph graph(network);
  const UnitMatcher matcher(graph);
  test::Dice dice(static_cast<std::uint64_t>(seed), 11);
  const Mask first = sparse_mask(network, 0.4, dice), second = sparse_mask(network, 0.4, dice);
  const std::int64_t found = overlap_after(graph, first, second, matcher.match(first, second));
  BOOST_TEST(found >= overlap_of(first, second));
  BOOST_TEST(found <= most_over_all(graph, matcher.network().units(), first, second));
}

// Two hidden layers: a local optimum. How often it is the best of all 24 · 24 is a property of the starts: of 200
// pairs, 9 of 10 at least.
BOOST_AUTO_TEST_CASE(two_hidden_layers_mostly_reach_the_optimum) {
  const Network network = make_network("mlp:4-4-4-3");
  const LayeredGraph graph(network);
  const UnitMatcher matcher(graph);
  test::Dice dice(9);
  int reached = 0;
  for (int i = 0; i < 200; ++i) {
    const Mask a = sparse_mask(network, 0.4, dice), b = sparse_mask(network, 0.4, dice);
    const std::int64_t found = overlap_after(graph, a, b, matcher.match(a, b));
    const std::int64_t most = most_over_all(graph, matcher.network().units(), a, b);
    BOOST_TEST(found <= most);
    reached += found == most;
  }
  BOOST_TEST_MESSAGE(reached << " of 200 reach the optimum");
  BOOST_TEST(reached >= 180);
}

// A tied tensor is one set of parameters: it is counted and relabelled once.
BOOST_AUTO_TEST_CASE(relabelling_and_back_is_nothing) {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    const Network network = test::random_network(seed);
    const LayeredGraph graph(network);
    test::Dice dice(seed, 4);
    const Mask mask = test::random_mask(network, dice);
    const Partners there = test::random_relabelling(phew::unit_blocks(graph), dice);
    Partners back(there.size());
    for (std::size_t v = 0; v < there.size(); ++v)
      back[static_cast<std::size_t>(there[v])] = static_cast<std::int64_t>(v);
    const Mask moved = relabelled(graph, mask, there);
    BOOST_TEST(moved.kept() == mask.kept());
    BOOST_TEST((relabelled(graph, moved, back) == mask));
  }
}

BOOST_AUTO_TEST_SUITE_END()
