#include "analysis/layer_profile.hpp"

#include "graph/zoo.hpp"
#include "support/brute_force.hpp"
#include "support/random_network.hpp"
#include "support/starved_block.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace data = boost::unit_test::data;

namespace {

phew::Profile profile_of(const phew::LayeredGraph& graph) { return phew::profile(graph, phew::reach(graph)); }

/// Sets (parameter, target, source) bits of dense layers.
phew::Mask mask_of(const phew::Network& network, const std::vector<std::array<std::int64_t, 3>>& kept) {
  phew::Mask mask(network.parameters());
  for (const auto& [parameter, target, source] : kept) mask[static_cast<std::size_t>(parameter)].set(target, source);
  return mask;
}

const std::vector<std::string> no_names;

}  // namespace

BOOST_AUTO_TEST_SUITE(layer_profile)

//   in    h1     h2    out
//   0 ──► 3 ───► 7 ──► 10       h1: 3 is on a path, 4 is entered only (stub), 5 is left only (stub), 6 is dead
//   1 ──► 4      7 ◄── 5        h2: 7 is on a path, 8 is left only (stub), 9 is dead
//   2            8 ──► 11       input 2 is unused; output 12 is unused
//         6      9     12
// Kept 6, of which 0→3, 3→7 and 7→10 lie on the only path.
BOOST_AUTO_TEST_CASE(a_toy_network) {
  const phew::Network network = phew::make_network("mlp:3-4-3-3");
  const phew::Mask mask = mask_of(network, {{0, 0, 0}, {0, 1, 1}, {1, 0, 0}, {1, 0, 2}, {2, 0, 0}, {2, 1, 1}});
  const auto graph = phew::LayeredGraph(network).masked(mask);
  const phew::Reach reach = phew::reach(graph);
  const phew::Profile p = phew::profile(graph, reach);

  BOOST_TEST(p.network.counts.prunable == 12 + 12 + 9);
  BOOST_TEST(p.network.counts.kept == 6);
  BOOST_TEST(p.network.counts.effective == 3);
  BOOST_TEST(p.network.counts.density() == 6.0 / 33);
  BOOST_TEST(p.network.counts.effective_density() == 3.0 / 33);
  BOOST_TEST(p.network.stub_units == 3);
  BOOST_TEST(p.network.dead_units == 2);
  BOOST_TEST(p.network.unused_inputs == 1);
  BOOST_TEST(p.network.unused_outputs == 1);
  BOOST_TEST(p.network.connected);
  BOOST_TEST(p.network.collapsed_links == no_names, boost::test_tools::per_element());

  const std::vector<std::int64_t> stubs{4, 5, 8}, dead{6, 9}, stubs_by_layer{0, 2, 1, 0}, on_path{1, 1, 1, 1};
  BOOST_TEST(phew::stub_units(graph, reach) == stubs, boost::test_tools::per_element());
  BOOST_TEST(phew::dead_units(graph, reach) == dead, boost::test_tools::per_element());
  for (std::size_t l = 0; l < 4; ++l) {
    BOOST_TEST(p.layers[l].stub_units == stubs_by_layer[l]);
    BOOST_TEST(p.layers[l].units_on_path == on_path[l]);
  }
  BOOST_TEST(p.layers[0].input);
  BOOST_TEST(p.layers[3].output);
  BOOST_TEST(p.links[1].name == "2");
  BOOST_TEST(p.links[1].parameter == "2.weight");
  BOOST_TEST(p.links[1].counts.kept == 2);
  BOOST_TEST(p.links[1].counts.effective == 1);
  BOOST_TEST(!p.links[1].zero_weights.has_value());
}

// An identity shortcut keeps outputs reachable over a collapsed link: collapse and disconnection are two things.
BOOST_AUTO_TEST_CASE(a_collapsed_link_beside_a_shortcut) {
  const phew::Profile p = profile_of(phew::test::StarvedBlock().graph);
  const std::vector<std::string> collapsed{"b"};
  BOOST_TEST(p.network.collapsed_links == collapsed, boost::test_tools::per_element());
  BOOST_TEST(p.network.connected);
  BOOST_TEST(p.network.stub_units == 0);
  BOOST_TEST(p.network.counts.effective == 6);
}

BOOST_AUTO_TEST_CASE(an_empty_mask_is_reported) {
  const phew::Network network = phew::make_network("mlp:3-4-2");
  const phew::Profile p = profile_of(phew::LayeredGraph(network).masked(phew::Mask(network.parameters())));
  const std::vector<std::string> collapsed{"0", "2"};
  BOOST_TEST(p.network.collapsed_links == collapsed, boost::test_tools::per_element());
  BOOST_TEST(!p.network.connected);
  BOOST_TEST(p.network.counts.effective == 0);
  BOOST_TEST(p.network.dead_units == 4);
  BOOST_TEST(p.network.unused_inputs == 3);
  BOOST_TEST(p.network.unused_outputs == 2);
}

BOOST_AUTO_TEST_CASE(zero_weights_are_counted_where_kept) {
  const phew::Network network = phew::make_network("mlp:2-2-1");
  std::vector<phew::Tensor> tensors{phew::make_tensor("0.weight", {2, 2}, {0, 1, 0, -0.0F}),
                                    phew::make_tensor("2.weight", {1, 2}, {1, 2})};
  const phew::LayeredGraph graph(network, phew::Weights(network.parameters(), tensors));
  BOOST_TEST(profile_of(graph).links[0].zero_weights.value() == 3);
  BOOST_TEST(profile_of(graph).links[1].zero_weights.value() == 0);
  const phew::Profile masked = profile_of(graph.masked(mask_of(network, {{0, 0, 0}, {0, 0, 1}, {0, 1, 1}})));
  BOOST_TEST(masked.links[0].zero_weights.value() == 2);
  // A kept weight of 0 is an edge: structure does not look at values.
  BOOST_TEST(profile_of(graph).network.counts.effective == 6);
}

BOOST_AUTO_TEST_CASE(a_tied_tensor_counts_once_in_the_whole) {
  phew::Network network("tied");
  auto v = network.add("input", phew::op::Input{{2, 1, 1}});
  v = network.add("a", phew::op::Linear{2, 2, true, "shared"}, {v});
  v = network.add("b", phew::op::Linear{2, 2, true, "shared"}, {v});
  network.add("output", phew::op::Output{}, {v});
  const phew::Profile p = profile_of(phew::LayeredGraph(network).masked(mask_of(network, {{0, 0, 0}, {0, 0, 1}})));
  BOOST_TEST(p.network.counts.prunable == 4);
  BOOST_TEST(p.network.counts.kept == 2);
  BOOST_REQUIRE(p.links.size() == 2);
  BOOST_TEST(p.links[0].counts.kept == 2);
  BOOST_TEST(p.links[1].counts.kept == 2);
  // (0, 1) is on the path input 1 → a[0] → b[0] in a; in b it leaves a[1], which nothing enters.
  BOOST_TEST(p.network.counts.effective == 2);
}

BOOST_AUTO_TEST_CASE(agrees_with_all_paths_on_random_networks) {
  int compared = 0, with_stubs = 0, disconnected = 0;
  for (std::uint64_t seed = 0; compared < 1200; ++seed) {
    const phew::test::RandomCase random = phew::test::random_case(seed);
    const auto graph = phew::LayeredGraph(random.network).masked(random.mask);
    const auto all = phew::test::enumerate_paths(graph, 20'000);
    if (!all) continue;
    ++compared;
    const phew::Reach reach = phew::reach(graph);
    const phew::Profile p = phew::profile(graph, reach);
    BOOST_TEST_INFO_SCOPE(random);

    BOOST_TEST(p.network.connected == (all->paths > 0));
    BOOST_TEST(p.network.counts.effective == static_cast<std::int64_t>(all->effective.size()));
    BOOST_TEST(p.network.counts.kept == random.mask.kept());
    for (const phew::LinkProfile& link : p.links) {
      const auto on_path = std::ranges::count_if(
          all->effective, [&](const auto& e) { return graph.parameters()[std::get<0>(e)].name == link.parameter; });
      BOOST_TEST(link.counts.effective == on_path);
    }
    const auto edges = phew::test::parameter_edges(graph);
    std::vector<std::int64_t> stubs;
    for (std::int64_t v = 0; v < graph.unit_count(); ++v)
      if (phew::test::is_stub_by_search(graph, edges, v)) stubs.push_back(v);
    BOOST_TEST(phew::stub_units(graph, reach) == stubs, boost::test_tools::per_element());
    for (std::size_t l = 0; l < p.layers.size(); ++l) {
      const auto first = all->on_path.begin() + graph.layers()[l].first;
      BOOST_TEST(p.layers[l].units_on_path == std::count(first, first + graph.layers()[l].units, 1));
    }
    with_stubs += !stubs.empty();
    disconnected += all->paths == 0;
  }
  // The sample is worth something only if it has both kinds.
  BOOST_TEST(with_stubs > 300);
  BOOST_TEST(disconnected > 100);
}

// Adding a hidden unit without edges to a dense layer changes the dead count (and the size), nothing else.
BOOST_DATA_TEST_CASE(a_dead_unit_changes_only_the_dead_count, data::xrange(100), seed) {
  phew::test::Dice dice(static_cast<std::uint64_t>(seed));
  const std::int64_t in = dice.between(1, 5), hidden = dice.between(1, 6), out = dice.between(1, 4);
  const phew::Network small = phew::make_network(fmt::format("mlp:{}-{}-{}", in, hidden, out));
  const phew::Network large = phew::make_network(fmt::format("mlp:{}-{}-{}", in, hidden + 1, out));
  const phew::Mask mask = phew::test::random_mask(small, dice);
  phew::Mask padded(large.parameters());
  for (std::size_t t = 0; t < 2; ++t)
    for (std::int64_t r = 0; r < mask[t].rows(); ++r)
      phew::for_each_set(mask[t].row(r), [&](std::int64_t c) { padded[t].set(r, c); });
  const phew::Profile a = profile_of(phew::LayeredGraph(small).masked(mask));
  const phew::Profile b = profile_of(phew::LayeredGraph(large).masked(padded));
  BOOST_TEST(b.network.dead_units == a.network.dead_units + 1);
  BOOST_TEST(b.network.stub_units == a.network.stub_units);
  BOOST_TEST(b.network.counts.kept == a.network.counts.kept);
  BOOST_TEST(b.network.counts.effective == a.network.counts.effective);
  BOOST_TEST(b.network.unused_inputs == a.network.unused_inputs);
  BOOST_TEST(b.network.unused_outputs == a.network.unused_outputs);
  BOOST_TEST(b.layers[1].units_on_path == a.layers[1].units_on_path);
}

// Relabelling a hidden layer's units permutes which units are stubs and changes no count.
BOOST_DATA_TEST_CASE(permuting_units_permutes_the_results, data::xrange(100), seed) {
  phew::test::Dice dice(static_cast<std::uint64_t>(seed));
  const phew::Network network = phew::make_network("mlp:4-6-5-3");
  const phew::Mask mask = phew::test::random_mask(network, dice);
  std::vector<std::int64_t> to(6);  // unit i of the first hidden layer becomes unit to[i]
  std::iota(to.begin(), to.end(), 0);
  for (std::int64_t i = 5; i > 0; --i) std::swap(to[i], to[dice.below(i + 1)]);
  phew::Mask permuted = mask;
  permuted[0] = phew::BitMatrix(6, 4);
  permuted[1] = phew::BitMatrix(5, 6);
  for (std::int64_t i = 0; i < 6; ++i) {
    phew::for_each_set(mask[0].row(i), [&](std::int64_t c) { permuted[0].set(to[i], c); });
    for (std::int64_t t = 0; t < 5; ++t)
      if (mask[1].test(t, i)) permuted[1].set(t, to[i]);
  }
  const auto before = phew::LayeredGraph(network).masked(mask), after = phew::LayeredGraph(network).masked(permuted);
  std::vector<std::int64_t> expected;
  for (const std::int64_t v : phew::stub_units(before, phew::reach(before)))
    expected.push_back(v >= 4 && v < 10 ? 4 + to[v - 4] : v);
  std::ranges::sort(expected);
  BOOST_TEST(phew::stub_units(after, phew::reach(after)) == expected, boost::test_tools::per_element());
  BOOST_TEST(profile_of(after).network.counts.effective == profile_of(before).network.counts.effective);
  BOOST_TEST(profile_of(after).network.dead_units == profile_of(before).network.dead_units);
}

BOOST_DATA_TEST_CASE(a_full_mask_is_the_dense_network, data::xrange(60), seed) {
  const phew::Network network = phew::test::random_network(static_cast<std::uint64_t>(seed));
  const phew::LayeredGraph graph(network);
  const phew::Profile dense = profile_of(graph),
                      full = profile_of(graph.masked(phew::Mask(network.parameters(), true)));
  BOOST_TEST(dense.network.counts.kept == network.prunable());
  BOOST_TEST(full.network.counts.kept == network.prunable());
  BOOST_TEST(full.network.counts.effective == dense.network.counts.effective);
  BOOST_TEST(full.network.stub_units == dense.network.stub_units);
}

BOOST_DATA_TEST_CASE(every_parameter_of_a_built_in_network_is_effective,
                     data::make({"mlp:7-5-3", "resnet20", "vgg11-bn"}), name) {
  const phew::Profile p = profile_of(phew::LayeredGraph(phew::make_network(name)));
  BOOST_TEST(p.network.counts.effective == p.network.counts.prunable);
  BOOST_TEST(p.network.stub_units + p.network.dead_units + p.network.unused_inputs + p.network.unused_outputs == 0);
}

BOOST_AUTO_TEST_SUITE_END()
