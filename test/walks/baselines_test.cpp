#include "walks/baselines.hpp"

#include "graph/error.hpp"
#include "small_networks.hpp"
#include "walks/layer_counts.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <set>
#include <vector>

namespace {

using phew::LayeredGraph;
using phew::Mask;
using phew::Scope;

/// An MLP of few weights, some of them equal in size.
struct Fixture {
  phew::Network net = phew::make_network("mlp:3-2-2");
  phew::Weights weights{net.parameters(),
                        {phew::make_tensor("0.weight", {2, 3}, {0.5F, -3, 0, 2, -0.5F, 1}),
                         phew::make_tensor("2.weight", {2, 2}, {-1, 4, 0.25F, -0.5F})}};
  LayeredGraph graph{net, weights};
};

std::vector<int> bits_of(const Mask& mask) {
  std::vector<int> bits;
  for (std::size_t t = 0; t < mask.tensor_count(); ++t)
    for (std::int64_t r = 0; r < mask[t].rows(); ++r)
      for (std::int64_t c = 0; c < mask[t].columns(); ++c) bits.push_back(mask[t].test(r, c) ? 1 : 0);
  return bits;
}

Mask made(phew::MaskSampler (*prepare)(const phew::MethodInput&, const phew::MethodOptions&),
          const phew::MethodInput& input, std::int64_t target, Scope scope = Scope::global) {
  return prepare(input, {.scope = scope}).sample(target, 1).mask;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(baselines, Fixture)

BOOST_AUTO_TEST_CASE(rankings_by_hand) {
  using Bits = std::vector<int>;
  const auto is = [](const Mask& mask, const Bits& bits) { return bits_of(mask) == bits; };
  BOOST_TEST(is(made(phew::prepare_magnitude, {graph}, 4), {0, 1, 0, 1, 0, 1, 0, 1, 0, 0}));
  BOOST_TEST(is(made(phew::prepare_magnitude, {graph}, 5, Scope::per_layer), {0, 1, 0, 1, 0, 1, 1, 1, 0, 0}));
  BOOST_TEST(is(made(phew::prepare_scores, {graph, weights}, 4), {1, 0, 0, 1, 0, 1, 0, 1, 0, 0}));
  BOOST_TEST(is(made(phew::prepare_invert, {graph, weights}, 3), {0, 1, 0, 0, 0, 0, 1, 0, 0, 1}));
  BOOST_TEST(is(made(phew::prepare_invert, {graph}, 3), {0, 0, 1, 0, 0, 0, 0, 0, 1, 1}));
}

BOOST_DATA_TEST_CASE(invert_is_what_a_ranking_prunes, phew::test::small_networks, small) {
  const LayeredGraph g = small.graph();
  for (const Scope scope : {Scope::global, Scope::per_layer})
    for (const std::int64_t target : {std::int64_t{0}, g.prunable() / 3, g.prunable()}) {
      const Mask low = made(phew::prepare_invert, {g}, target, scope);
      BOOST_TEST(low.kept() == target);
      if (scope == Scope::per_layer) {
        const auto parts = phew::shares(g.parameters(), target);
        for (std::size_t i = 0; i < parts.size(); ++i) BOOST_TEST(low[i].count() == parts[i]);
      } else {
        const Mask high = made(phew::prepare_magnitude, {g}, g.prunable() - target);
        BOOST_TEST(phew::test::outside(low, high) == target);
      }
    }
}

BOOST_DATA_TEST_CASE(random_by_layer_has_the_layers_counts, phew::test::small_networks, small) {
  const LayeredGraph g = small.graph();
  const std::int64_t target = g.prunable() / 7;
  const Mask erk = made(phew::prepare_erk, {g}, target);
  const Mask uniform = made(phew::prepare_uniform_layer, {g}, target);
  const Mask random = made(phew::prepare_random, {g}, target, Scope::per_layer);
  const auto erk_parts = phew::erk_counts(g.parameters(), target), parts = phew::shares(g.parameters(), target);
  for (std::size_t i = 0; i < parts.size(); ++i) {
    BOOST_TEST(erk[i].count() == erk_parts[i]);
    BOOST_TEST(uniform[i].count() == parts[i]);
    BOOST_TEST(random[i].count() == parts[i]);
  }
}

BOOST_AUTO_TEST_CASE(shuffle_keeps_each_tensors_count_and_reinit_all_of_it) {
  const Mask mask = made(phew::prepare_magnitude, {graph}, 4);  // 3 and 1
  std::set<std::vector<int>> seen;
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    const Mask shuffled = phew::prepare_shuffle({graph, {}, mask}, {}).sample(4, seed).mask;
    BOOST_TEST(shuffled[0].count() == 3);
    BOOST_TEST(shuffled[1].count() == 1);
    seen.insert(bits_of(shuffled));
  }
  BOOST_TEST(seen.size() > 30);  // of 20 · 4
  BOOST_TEST((made(phew::prepare_reinit, {graph, {}, mask}, 4) == mask));
  BOOST_CHECK_THROW((void)made(phew::prepare_reinit, {graph, {}, mask}, 5), phew::Error);
}

// Largest remainders may give a tensor one parameter more of a lower target: of sizes 1, 3, 3 a target of 4 keeps
// 0, 2, 2 and one of 3 keeps 1, 1, 1.
BOOST_AUTO_TEST_CASE(nested_by_layer_where_shares_would_rise) {
  const phew::Network odd = phew::make_network("mlp:1-1-3-1");
  const LayeredGraph g(odd, phew::initial_weights(odd, {}, 0, 1));
  int rises = 0;
  std::vector<std::int64_t> targets, last;
  for (std::int64_t target = odd.prunable(); target > 0; --target) {
    const auto parts = phew::shares(odd.parameters(), target);
    for (std::size_t i = 0; i < last.size(); ++i) rises += parts[i] > last[i] ? 1 : 0;
    last = parts;
    targets.push_back(target);
  }
  BOOST_REQUIRE(rises > 0);  // or this test tests nothing
  for (const char* name : {"random", "magnitude", "invert"}) {
    const auto nested = phew::find_method(name).prepare({g}, {.scope = Scope::per_layer}).nested(targets, 2);
    for (std::size_t i = 0; i < nested.size(); ++i) {
      BOOST_TEST(nested[i].kept == targets[i]);
      if (i > 0) BOOST_TEST(phew::test::outside(nested[i].mask, nested[i - 1].mask) == 0);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
