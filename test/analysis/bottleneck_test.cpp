#include "analysis/bottleneck.hpp"

#include "graph/zoo.hpp"
#include "support/brute_force.hpp"
#include "support/random_network.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>

namespace {

std::optional<phew::HiddenCut> cut_of(const phew::LayeredGraph& graph) {
  return phew::minimum_hidden_cut(graph, phew::reach(graph));
}

/// Whether no path of `graph` avoids `cut`.
bool separates(const phew::test::BruteForce& all, const std::vector<std::int64_t>& cut) {
  return std::ranges::all_of(all.unit_paths, [&](const std::vector<std::int64_t>& path) {
    return std::ranges::any_of(path, [&](std::int64_t v) { return std::ranges::count(cut, v) > 0; });
  });
}

}  // namespace

BOOST_AUTO_TEST_SUITE(bottleneck)

//   in    a     b    out
//   0 ──► 2 ──► 5 ──► 8        1→3→6→8 and 0→2→5→8 share no hidden unit, so one unit is not enough.
//   1 ──► 3 ──► 5     ▲        {5, 6} and {3, 5} are cuts of two; {3, 5} is the one nearer the inputs.
//   │     3 ──► 6 ────┘        Unit 7 has no edges.
//   └───► 4 ──► 5
BOOST_AUTO_TEST_CASE(a_toy_network) {
  const phew::Network network = phew::make_network("mlp:2-3-3-1");
  phew::Mask mask(network.parameters());
  for (const auto& [parameter, target, source] :
       {std::tuple{0, 0, 0}, {0, 1, 1}, {0, 2, 1}, {1, 0, 0}, {1, 0, 1}, {1, 0, 2}, {1, 1, 1}, {2, 0, 0}, {2, 0, 1}})
    mask[static_cast<std::size_t>(parameter)].set(target, source);
  const auto cut = cut_of(phew::LayeredGraph(network).masked(mask));
  const std::vector<std::int64_t> expected{3, 5};
  BOOST_REQUIRE(cut.has_value());
  BOOST_TEST(cut->units == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(dense_networks_are_as_wide_as_their_narrowest_layer) {
  BOOST_TEST(cut_of(phew::LayeredGraph(phew::make_network("mlp:20-7-5-6-30")))->size() == 5);
  BOOST_TEST(cut_of(phew::LayeredGraph(phew::make_network("vgg19")))->size() == 64);
  BOOST_TEST(cut_of(phew::LayeredGraph(phew::make_network("resnet34")))->size() == 64);
}

BOOST_AUTO_TEST_CASE(no_path_and_no_hidden_unit) {
  const phew::Network network = phew::make_network("mlp:3-4-2");
  const auto none = cut_of(phew::LayeredGraph(network).masked(phew::Mask(network.parameters())));
  BOOST_REQUIRE(none.has_value());
  BOOST_TEST(none->size() == 0);
  BOOST_TEST(!cut_of(phew::LayeredGraph(phew::make_network("mlp:3-2"))).has_value());
}

// input(2) ─ Linear ─► hidden(3) ─┐
//       └────── copies ───────────┴─► Concat(5) ─ Linear ─► out
// The input's copies cannot be cut, so some path has no hidden unit; with their columns pruned the hidden units hold
// the network together.
BOOST_AUTO_TEST_CASE(copies_cannot_be_cut) {
  phew::Network network("copies");
  const auto input = network.add("input", phew::op::Input{{2, 1, 1}});
  const auto hidden = network.add("hidden", phew::op::Linear{2, 3, true, ""}, {input});
  const auto cat = network.add("cat", phew::op::Concat{}, {hidden, input});
  network.add("output", phew::op::Output{}, {network.add("fc", phew::op::Linear{5, 2, true, ""}, {cat})});
  const phew::LayeredGraph graph(network);
  BOOST_TEST(!cut_of(graph).has_value());
  phew::Mask mask(network.parameters(), true);
  for (const std::int64_t row : {0, 1})
    for (const std::int64_t column : {3, 4}) mask[1].reset(row, column);
  BOOST_TEST(cut_of(graph.masked(mask))->size() == 3);
}

BOOST_AUTO_TEST_CASE(agrees_with_all_subsets_on_random_networks) {
  int compared = 0, none = 0, disconnected = 0, larger = 0;
  for (std::uint64_t seed = 0; compared < 1000; ++seed) {
    const phew::test::RandomCase random = phew::test::random_case(seed, {.max_units = 24});
    const auto graph = phew::LayeredGraph(random.network).masked(random.mask);
    const auto all = phew::test::enumerate_paths(graph, 3000);
    if (!all || std::ranges::count(all->on_path, 1) > 18) continue;
    ++compared;
    const auto expected = phew::test::smallest_cut_by_subsets(graph, *all);
    const auto cut = cut_of(graph);
    BOOST_TEST_INFO_SCOPE(random);
    BOOST_REQUIRE(cut.has_value() == expected.has_value());
    if (cut) {
      BOOST_TEST(cut->size() == *expected);
      BOOST_TEST(separates(*all, cut->units));
    }
    none += !cut;
    disconnected += cut && cut->size() == 0;
    larger += cut && cut->size() > 1;
  }
  // The sample is worth something only if it has all kinds.
  BOOST_TEST(none > 20);
  BOOST_TEST(disconnected > 100);
  BOOST_TEST(larger > 50);
}

BOOST_AUTO_TEST_SUITE_END()
