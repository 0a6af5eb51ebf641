#include "walks/top_paths.hpp"

#include "graph/best_paths.hpp"
#include "graph/error.hpp"
#include "graph/score.hpp"
#include "graph/zoo.hpp"
#include "support/random_network.hpp"

#include <boost/test/unit_test.hpp>

#include <limits>
#include <set>
#include <string>
#include <tuple>

namespace {

using phew::LayeredGraph;
using phew::Network;
using phew::TopPathsMask;
using phew::Weights;

//   in(0) ─ 4 ─► (0) ─ 4 ─► out(0)      products: 0-0-0 16, 0-0-1 8, 1-0-0 4, 1-0-1 2,
//   in(1) ─ 1 ─►     ─ 2 ─► out(1)                1-1-1 1.5, 1-1-0 0.75; in(0)-(1) is 0
//         ─ 3 ─► (1) ─ ¼ ─► out(0)
//                    ─ ½ ─► out(1)
Network two_by_two() { return phew::make_network("mlp:2-2-2"); }
LayeredGraph small() {
  const Network network = two_by_two();
  return LayeredGraph(network,
                      Weights(network.parameters(), {phew::make_tensor("0.weight", {2, 2}, {4, -1, 0, 3}),
                                                     phew::make_tensor("2.weight", {2, 2}, {-4, 0.25F, 2, 0.5F})}));
}

std::string bits(const phew::Mask& mask) {
  std::string text;
  for (std::size_t t = 0; t < mask.tensor_count(); ++t)
    for (std::int64_t r = 0; r < mask[t].rows(); ++r)
      for (std::int64_t c = 0; c < mask[t].columns(); ++c) text += mask[t].test(r, c) ? '1' : '0';
  return text;
}

template <typename F>
std::string error_of(F&& f) {
  try {
    f();
  } catch (const phew::Error& error) {
    return std::to_string(static_cast<int>(error.code())) + ": " + error.what();
  }
  return "";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(top_paths)

BOOST_AUTO_TEST_CASE(whole_paths_until_the_target) {
  const auto with = [](std::int64_t target) { return phew::top_paths_mask(small(), target); };
  BOOST_TEST(bits(with(1).mask) == "10001000");
  BOOST_TEST(bits(with(2).mask) == "10001000");
  BOOST_TEST(bits(with(3).mask) == "10001010");
  BOOST_TEST(bits(with(4).mask) == "11001010");
  const TopPathsMask five = with(5);  // 1-0-1 adds nothing, 1-1-1 two parameters
  BOOST_TEST(bits(five.mask) == "11011011");
  BOOST_TEST(five.kept == 6);
  BOOST_TEST(five.paths == 5);
  BOOST_TEST(five.steps == 10);
  BOOST_TEST(five.inputs_used == 2);
  BOOST_TEST(five.outputs_used == 2);
  BOOST_TEST(five.distinct_edges == 6);
  const TopPathsMask two = with(3);
  BOOST_TEST(two.inputs_used == 1);
  BOOST_TEST(two.outputs_used == 2);
  BOOST_TEST(two.distinct_edges == 3);
}

BOOST_AUTO_TEST_CASE(a_number_of_paths) {
  const auto with = [](std::int64_t paths) { return phew::top_paths_mask(small(), 0, {.paths = paths}); };
  BOOST_TEST(with(4).paths == 4);
  BOOST_TEST(bits(with(4).mask) == "11001010");
  BOOST_TEST(with(100).paths == 6);
  BOOST_TEST(with(100).kept == 7);
}

BOOST_AUTO_TEST_CASE(a_density_out_of_reach_says_how_far_it_came) {
  BOOST_TEST(error_of([] { (void)phew::top_paths_mask(small(), 8); }) ==
             "65: density 1: found 0.875 (7 of 8 parameters) on all 6 paths, expected 8 parameters; lower the density");
  BOOST_TEST(
      error_of([] { (void)phew::top_paths_mask(small(), 6, {.most_bytes = 1}); }) ==
      "65: density 0.75: found 0.25 (2 of 8 parameters) on the best 1 paths, the most that the search has memory "
      "for, expected 6 parameters; lower the density");
}

BOOST_AUTO_TEST_CASE(agrees_with_the_union_of_best_paths_on_random_networks) {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    const phew::test::RandomCase random = phew::test::random_case(seed);
    LayeredGraph graph(random.network, random.weights);
    if (seed % 3 == 0) graph = graph.masked(random.mask);
    const std::int64_t k = static_cast<std::int64_t>(seed % 40) + 1;
    const TopPathsMask found = phew::top_paths_mask(graph, 0, {.paths = k});
    std::set<std::tuple<std::size_t, std::int64_t, std::int64_t>> parameters;
    std::set<std::tuple<std::size_t, std::int64_t, std::int64_t>> edges;
    std::set<std::int64_t> inputs, outputs;
    phew::BestPaths best(graph);
    std::int64_t paths = 0;
    for (auto path = best.next(); path && paths < k; path = best.next(), ++paths) {
      std::int64_t at = path->start;
      inputs.insert(at);
      for (const phew::PathEdge& e : path->edges) {
        if (e.position >= 0) {
          parameters.insert({graph.links()[e.link].parameter, graph.unit(e.target).index, e.position});
          edges.insert({e.link, at, e.target});
        }
        at = e.target;
      }
      outputs.insert(at);
    }
    BOOST_TEST_INFO_SCOPE(random);
    BOOST_TEST(found.paths == paths);
    BOOST_TEST(found.kept == std::ssize(parameters));
    BOOST_TEST(found.mask.kept() == found.kept);
    for (const auto& [parameter, row, column] : parameters) BOOST_TEST(found.mask[parameter].test(row, column));
    BOOST_TEST(found.distinct_edges == std::ssize(edges));
    BOOST_TEST(found.inputs_used == std::ssize(inputs));
    BOOST_TEST(found.outputs_used == std::ssize(outputs));
  }
}

BOOST_AUTO_TEST_CASE(scores_must_be_numbers_of_at_least_zero) {
  const Network network = two_by_two();
  const auto with = [&](float s) {
    const Weights scores(
        network.parameters(),
        {phew::make_tensor("0.weight", {2, 2}, {4, 1, 0, 3}), phew::make_tensor("2.weight", {2, 2}, {4, 1, s, 3})},
        "scores.npz");
    return error_of([&] { phew::require_non_negative(scores); });
  };
  BOOST_TEST(with(0).empty());
  BOOST_TEST(with(-0.5F).starts_with("65: scores.npz: 2.weight: found -0.5 at element 2, expected "));
  BOOST_TEST(with(std::numeric_limits<float>::infinity()).starts_with("65: scores.npz: 2.weight: found an infinity"));
  BOOST_TEST(with(std::numeric_limits<float>::quiet_NaN()).starts_with("65: scores.npz: 2.weight: found NaN"));
}

BOOST_AUTO_TEST_SUITE_END()
