#include "walks/synflow.hpp"

#include "graph/error.hpp"
#include "graph/initializer.hpp"
#include "graph/score.hpp"
#include "graph/zoo.hpp"
#include "support/brute_force.hpp"
#include "support/random_network.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <string>
#include <tuple>
#include <vector>

namespace {

using phew::LayeredGraph;
using phew::Mask;
using phew::Network;
using phew::PathValue;
using phew::PruningSchedule;
using phew::SynflowOptions;
using phew::Weights;

Mask flow_mask(const LayeredGraph& graph, std::int64_t target, const SynflowOptions& options = {}) {
  return phew::synflow_masks(graph, std::array{target}, options).front();
}

using Position = std::tuple<std::size_t, std::int64_t, std::int64_t>;  // parameter, row, column

/// Scores said plainly: F and B over lists of parameters, in long double.
std::map<Position, long double> plain_scores(const LayeredGraph& graph, PathValue value) {
  std::vector<phew::test::ParameterEdge> edges = phew::test::parameter_edges(graph);
  if (value == PathValue::square)
    for (auto& e : edges) e.value *= e.value;
  std::ranges::stable_sort(edges, {}, &phew::test::ParameterEdge::from);
  const auto at = [](std::int64_t v) { return static_cast<std::size_t>(v); };
  std::vector<long double> f(at(graph.unit_count())), b(f);
  for (const phew::Layer& layer : graph.layers())
    for (std::int64_t v = layer.first; v < layer.first + layer.units; ++v) {
      f[at(v)] = layer.input ? 1 : 0;
      b[at(v)] = layer.output ? 1 : 0;
    }
  for (const auto& e : edges) f[at(e.to)] += e.value * f[at(e.from)];
  for (auto e = edges.rbegin(); e != edges.rend(); ++e) b[at(e->from)] += e->value * b[at(e->to)];
  std::map<Position, long double> scores;
  for (const auto& e : edges)
    if (e.parameter != Network::no_parameter)
      scores[{e.parameter, e.row, e.column}] += f[at(e.from)] * e.value * b[at(e.to)];
  return scores;
}

/// Whether `after` keeps parameters of `before`, none of a score below that of one that it drops. Scores that are equal
/// but for rounding (those of edges in series are) may go either way.
bool drops_the_lowest(const LayeredGraph& graph, const Mask& before, const Mask& after, PathValue value) {
  long double least_kept = std::numeric_limits<long double>::infinity(), most_dropped = 0;
  std::int64_t kept = 0;
  for (const auto& [position, score] : plain_scores(graph.masked(before), value)) {
    const auto& [parameter, row, column] = position;
    if (after[parameter].test(row, column)) {
      least_kept = std::min(least_kept, score);
      ++kept;
    } else {
      most_dropped = std::max(most_dropped, score);
    }
  }
  return kept == after.kept() && most_dropped <= least_kept * (1 + 1e-5L);
}

/// Checks a mask round by round: rounds to one target are targets of one round each.
void check_rounds(const LayeredGraph& graph, std::int64_t target, const SynflowOptions& options) {
  Mask before = graph.has_mask() ? graph.mask() : Mask(graph.parameters(), true);
  std::vector<std::int64_t> targets;
  for (std::int64_t k = 1; k <= options.rounds; ++k)
    targets.push_back(phew::left_after(k, options.rounds, before.kept(), target, options.schedule));
  const auto masks = phew::synflow_masks(graph, targets, {.value = options.value, .rounds = 1});
  for (std::size_t k = 0; k < masks.size(); ++k) {
    BOOST_TEST(masks[k].kept() == targets[k]);
    BOOST_TEST(drops_the_lowest(graph, k == 0 ? before : masks[k - 1], masks[k], options.value));
  }
  BOOST_TEST((flow_mask(graph, target, options) == masks.back()));
}

bool inside(const Mask& a, const Mask& b) {
  for (std::size_t t = 0; t < a.tensor_count(); ++t)
    for (std::size_t w = 0; w < a[t].words().size(); ++w)
      if ((a[t].words()[w] & ~b[t].words()[w]) != 0) return false;
  return true;
}

Weights constant(const Network& network, float w) {
  std::vector<phew::Tensor> tensors;
  for (const phew::Parameter& p : network.parameters())
    tensors.push_back(phew::make_tensor(p.name, p.shape, std::vector<float>(static_cast<std::size_t>(p.size()), w)));
  return Weights(network.parameters(), std::move(tensors));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(synflow)

//   in ─ 3 ─► (0) ─ 2 ─► out     flow through each: 6
//      ─ 1 ─► (1) ─ 5 ─► out                        5
//      ─ 2 ─► (2) ─ 2 ─► out                        4
BOOST_AUTO_TEST_CASE(the_least_flow_goes_first) {
  const Network network = phew::make_network("mlp:1-3-1");
  const LayeredGraph graph(network, Weights(network.parameters(), {phew::make_tensor("0.weight", {3, 1}, {3, -1, 2}),
                                                                   phew::make_tensor("2.weight", {1, 3}, {2, 5, -2})}));
  // One round: of the two scores of 4 the later one goes first.
  const auto bits = [](const Mask& mask) {
    std::string text;
    for (std::int64_t i = 0; i < 3; ++i) text += mask[0].test(i, 0) ? '1' : '0';
    text += ' ';
    for (std::int64_t i = 0; i < 3; ++i) text += mask[1].test(0, i) ? '1' : '0';
    return text;
  };
  BOOST_TEST(bits(flow_mask(graph, 5, {.rounds = 1})) == "111 110");
  BOOST_TEST(bits(flow_mask(graph, 4, {.rounds = 1})) == "110 110");
  BOOST_TEST(bits(flow_mask(graph, 3, {.rounds = 1})) == "110 100");
  // In rounds: when a path has lost one edge, no flow is left for its other one.
  BOOST_TEST(bits(flow_mask(graph, 2, {.rounds = 10})) == "100 100");
  // By squares: 36, 25, 16: the same order.
  BOOST_TEST(bits(flow_mask(graph, 3, {.value = PathValue::square, .rounds = 1})) == "110 100");
}

BOOST_AUTO_TEST_CASE(agrees_with_the_plain_rule_on_random_networks) {
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    const phew::test::RandomCase random = phew::test::random_case(seed);
    LayeredGraph graph(random.network, random.weights);
    if (seed % 3 == 0) graph = graph.masked(random.mask);
    const std::int64_t kept = seed % 3 == 0 ? random.mask.kept() : graph.prunable();
    const SynflowOptions options{.value = seed % 2 == 0 ? PathValue::magnitude : PathValue::square,
                                 .rounds = static_cast<std::int64_t>(seed % 7) + 1,
                                 .schedule = seed % 5 == 0 ? PruningSchedule::linear : PruningSchedule::exponential};
    for (const std::int64_t target : {kept / 10, kept / 2, kept}) {
      BOOST_TEST_INFO_SCOPE(random << "target " << target);
      check_rounds(graph, target, options);
    }
  }
}

// Enough parameters for the sampled bracket, and few enough survivors for lists.
BOOST_AUTO_TEST_CASE(agrees_with_the_plain_rule_on_a_larger_network) {
  const Network network = phew::make_network("mlp:64-256-128-64-10");
  const LayeredGraph graph(network, phew::initial_weights(network, {}, 3, 1));
  for (const std::int64_t target : {graph.prunable() / 2, graph.prunable() / 30})
    check_rounds(graph, target, {.rounds = 12});
}

// Of equal scores, most of them in one value, the first positions survive: the bracket's bounds are ties.
BOOST_AUTO_TEST_CASE(ties_survive_by_position) {
  const Network network = phew::make_network("mlp:200-200-200");
  const LayeredGraph graph(network, constant(network, 0.5F));
  for (const std::int64_t target : {1LL, 30'000LL, 79'999LL}) {
    const Mask mask = flow_mask(graph, target, {.rounds = 1});
    std::int64_t first = 0;
    for (std::int64_t i = 0; i < target; ++i)
      first += mask[static_cast<std::size_t>(i / 40'000)].test(i % 40'000 / 200, i % 200) ? 1 : 0;
    BOOST_TEST(first == target);
    BOOST_TEST(mask.kept() == target);
  }
  // No flow at all: positions decide alone.
  const Mask mask = flow_mask(LayeredGraph(network, constant(network, 0)), 70'000, {.rounds = 3});
  BOOST_TEST(mask.kept() == 70'000);
  BOOST_TEST(mask[1].test(149, 199));
  BOOST_TEST(!mask[1].test(150, 0));
}

BOOST_AUTO_TEST_CASE(falling_targets_nest) {
  const Network network = phew::make_network("mlp:64-256-128-64-10");
  const LayeredGraph graph(network, phew::initial_weights(network, {}, 1, 1));
  const std::array targets{graph.prunable() / 2, graph.prunable() / 10, graph.prunable() / 100};
  const auto masks = phew::synflow_masks(graph, targets, {.rounds = 5});
  for (std::size_t i = 0; i < targets.size(); ++i) BOOST_TEST(masks[i].kept() == targets[i]);
  BOOST_TEST(inside(masks[1], masks[0]));
  BOOST_TEST(inside(masks[2], masks[1]));
  BOOST_TEST((masks[0] == flow_mask(graph, targets[0], {.rounds = 5})));
  // From a mask on: the same as a second target.
  BOOST_TEST((masks[1] == flow_mask(graph.masked(masks[0]), targets[1], {.rounds = 5})));
}

// The flow of 1,000 layers is far beyond a double, up or down; scaling all weights by a power of two changes no score's
// rank.
BOOST_AUTO_TEST_CASE(deep_networks_neither_overflow_nor_vanish) {
  const Network network = phew::make_network("mlp:8x1001");
  const Weights weights = phew::initial_weights(network, {}, 0, 1);
  const auto scaled = [&](float factor) {
    std::vector<phew::Tensor> tensors;
    for (std::size_t t = 0; t < weights.tensor_count(); ++t) {
      std::vector<float> values(weights[t].begin(), weights[t].end());
      for (float& w : values) w *= factor;
      tensors.push_back(phew::make_tensor(weights.tensor(t).name, weights.tensor(t).shape, std::move(values)));
    }
    return LayeredGraph(network, Weights(network.parameters(), std::move(tensors)));
  };
  const std::int64_t target = network.prunable() / 2;
  for (const PathValue value : {PathValue::magnitude, PathValue::square}) {
    const SynflowOptions options{.value = value, .rounds = 4};
    const Mask mask = flow_mask(scaled(1), target, options);
    BOOST_TEST(mask.kept() == target);
    for (const Network::Vertex t : {0, 500, 999}) BOOST_TEST(mask[t].count() > 0);
    BOOST_TEST((flow_mask(scaled(0x1p-40F), target, options) == mask));
    BOOST_TEST((flow_mask(scaled(0x1p80F), target, options) == mask));
  }
}

BOOST_AUTO_TEST_CASE(schedules) {
  using enum PruningSchedule;
  BOOST_TEST(phew::left_after(50, 100, 10'000, 100, exponential) == 1'000);
  BOOST_TEST(phew::left_after(1, 100, 10'000, 100, exponential) == 9'550);
  BOOST_TEST(phew::left_after(100, 100, 10'000, 100, exponential) == 100);
  BOOST_TEST(phew::left_after(50, 100, 10'000, 100, linear) == 5'050);
  BOOST_TEST(phew::left_after(100, 100, 10'000, 100, linear) == 100);
  BOOST_TEST(phew::left_after(1, 2, 10'000, 0, exponential) == 100);
  BOOST_TEST(phew::left_after(2, 2, 10'000, 0, exponential) == 0);
}

BOOST_AUTO_TEST_CASE(refuses_what_it_cannot_do) {
  const Network network = phew::make_network("mlp:3-4-2");
  const auto code_of = [&](float w, std::vector<std::int64_t> targets, std::int64_t rounds) {
    try {
      (void)phew::synflow_masks(LayeredGraph(network, constant(network, w)), targets, {.rounds = rounds});
    } catch (const phew::Error& error) {
      return error.code();
    }
    return phew::ExitCode::ok;
  };
  BOOST_TEST((code_of(1, {10}, 2) == phew::ExitCode::ok));
  BOOST_TEST((code_of(1, {10}, 0) == phew::ExitCode::usage));
  BOOST_TEST((code_of(1, {10, 11}, 2) == phew::ExitCode::data));
  BOOST_TEST((code_of(1, {21}, 2) == phew::ExitCode::data));
  BOOST_TEST((code_of(std::numeric_limits<float>::quiet_NaN(), {10}, 2) == phew::ExitCode::data));
  BOOST_TEST((code_of(std::numeric_limits<float>::infinity(), {10}, 2) == phew::ExitCode::data));
}

BOOST_AUTO_TEST_SUITE_END()
