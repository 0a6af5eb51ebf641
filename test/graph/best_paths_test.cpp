#include "graph/best_paths.hpp"

#include "graph/error.hpp"
#include "graph/zoo.hpp"
#include "support/brute_force.hpp"
#include "support/random_network.hpp"

#include <boost/test/unit_test.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <tuple>
#include <vector>

namespace {

using phew::BestPath;
using phew::BestPaths;
using phew::LayeredGraph;
using phew::Network;
using phew::Weights;

std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

/// Every way from each unit to an output, ranked as best_paths.hpp says: all of them are listed and sorted.
class AllWays {
 public:
  explicit AllWays(const LayeredGraph& graph) : graph_(graph), ways_(at(graph.unit_count())) {
    for (std::size_t i = graph.layers().size(); i-- > 0;)
      for (std::int64_t u = 0; u < graph.layers()[i].units; ++u) list(i, u);
  }

  /// Ranked paths as text, with their products.
  [[nodiscard]] std::vector<std::pair<double, std::string>> paths() const {
    std::vector<std::tuple<double, std::int64_t, std::size_t>> starts;
    for (const phew::Layer& layer : graph_.layers())
      for (std::int64_t v = layer.first; layer.input && v < layer.first + layer.units; ++v)
        for (std::size_t r = 0; r < ways_[at(v)].size(); ++r) starts.emplace_back(-ways_[at(v)][r].product, v, r);
    std::ranges::sort(starts);
    std::vector<std::pair<double, std::string>> all;
    for (const auto& [product, v, rank] : starts) all.emplace_back(-product, fmt::format("{}", v) + text(v, rank));
    return all;
  }

 private:
  struct Way {
    double product = 1;
    std::int64_t link = -1, target = -1, position = -1;
    std::size_t rank = 0;
    auto key() const { return std::tuple(-product, link, target, position, rank); }
  };

  void list(std::size_t layer, std::int64_t u) {
    const std::int64_t v = graph_.vertex(layer, u);
    std::vector<Way>& ways = ways_[at(v)];
    if (graph_.layers()[layer].output) ways.push_back({});
    for (const std::size_t l : graph_.layers()[layer].out_links) {
      const phew::Link& link = graph_.links()[l];
      if (link.fixed()) {
        for (const std::int64_t t : link.targets_of[at(u)]) add(ways, l, t, -1, 1.0);
        continue;
      }
      for (std::int64_t t = 0; t < graph_.layers()[link.to].units; ++t)
        for (std::int64_t p = 0; p < link.group_sources * link.kernel; ++p) {
          if (link.first_source(t) + p / link.kernel != u) continue;
          if (graph_.has_mask() && !graph_.mask()[link.parameter].test(t, p)) continue;
          const auto w = static_cast<double>(
              graph_.has_weights() ? graph_.weights()[link.parameter][at(t * link.group_sources * link.kernel + p)]
                                   : 1);
          if (w != 0) add(ways, l, t, p, std::abs(w));
        }
    }
    std::ranges::sort(ways, {}, &Way::key);
  }

  void add(std::vector<Way>& ways, std::size_t l, std::int64_t t, std::int64_t position, double w) {
    const std::int64_t target = graph_.vertex(graph_.links()[l].to, t);
    const std::vector<Way>& behind = ways_[at(target)];
    for (std::size_t r = 0; r < behind.size(); ++r)
      ways.push_back({w * behind[r].product, static_cast<std::int64_t>(l), target, position, r});
  }

  [[nodiscard]] std::string text(std::int64_t v, std::size_t rank) const {
    const Way& way = ways_[at(v)][rank];
    if (way.target < 0) return "";
    return fmt::format(" -{}:{}-> {}", way.link, way.position, way.target) + text(way.target, way.rank);
  }

  const LayeredGraph& graph_;
  std::vector<std::vector<Way>> ways_;
};

std::string text(const BestPath& path) {
  std::string text = fmt::format("{}", path.start);
  for (const phew::PathEdge& e : path.edges) text += fmt::format(" -{}:{}-> {}", e.link, e.position, e.target);
  return text;
}

double product(const BestPath& path) { return std::ldexp(path.product.value, static_cast<int>(path.product.exponent)); }

/// The same weights in steps of a quarter, so that many products are equal.
Weights coarse(const Network& network, const Weights& weights) {
  std::vector<phew::Tensor> tensors;
  for (std::size_t t = 0; t < weights.tensor_count(); ++t) {
    std::vector<float> values(weights[t].begin(), weights[t].end());
    for (float& w : values) w = std::round(2 * w) / 2;
    tensors.push_back(phew::make_tensor(weights.tensor(t).name, weights.tensor(t).shape, std::move(values)));
  }
  return Weights(network.parameters(), std::move(tensors));
}

Weights constant(const Network& network, float w) {
  std::vector<phew::Tensor> tensors;
  for (const phew::Parameter& p : network.parameters())
    tensors.push_back(phew::make_tensor(p.name, p.shape, std::vector<float>(at(p.size()), w)));
  return Weights(network.parameters(), std::move(tensors));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(best_paths)

//   in ─┬─ 3 ─► (0) ─ 2 ─► out
//       └─ 1 ─► (1) ─ 5 ─► out
BOOST_AUTO_TEST_CASE(of_two_paths_the_larger_product_comes_first) {
  const Network network = phew::make_network("mlp:1-2-1");
  const Weights weights(network.parameters(), {phew::make_tensor("0.weight", {2, 1}, {3, -1}),
                                               phew::make_tensor("2.weight", {1, 2}, {-2, 5})});
  BestPaths paths(LayeredGraph(network, weights));
  const auto first = paths.next(), second = paths.next();
  BOOST_TEST(product(first.value()) == 6.0);
  BOOST_TEST(text(*first) == "0 -0:0-> 1 -1:0-> 3");
  BOOST_TEST(product(second.value()) == 5.0);
  BOOST_TEST(text(*second) == "0 -0:0-> 2 -1:1-> 3");
  BOOST_TEST(!paths.next().has_value());
  BOOST_TEST(!paths.next().has_value());
}

BOOST_AUTO_TEST_CASE(agrees_with_all_paths_on_random_networks) {
  int compared = 0, ties = 0;
  for (std::uint64_t seed = 0; compared < 1500; ++seed) {
    const phew::test::RandomCase random = phew::test::random_case(seed);
    LayeredGraph graph(random.network);
    if (seed % 7 != 0) graph = graph.weighted(seed % 2 == 0 ? coarse(random.network, random.weights) : random.weights);
    if (seed % 3 != 0) graph = graph.masked(random.mask);
    const auto all = phew::test::enumerate_paths(graph, 20'000);
    if (!all) continue;
    ++compared;
    BOOST_TEST_INFO_SCOPE(random);
    const auto expected = AllWays(graph).paths();
    BestPaths paths(graph);
    std::size_t found = 0;
    double sum = 0;
    for (auto path = paths.next(); path && found < expected.size(); path = paths.next(), ++found) {
      BOOST_REQUIRE_EQUAL(text(*path), expected[found].second);
      BOOST_REQUIRE_EQUAL(product(*path), expected[found].first);
      ties += found > 0 && expected[found].first == expected[found - 1].first ? 1 : 0;
      sum += product(*path);
    }
    BOOST_REQUIRE_EQUAL(found, expected.size());
    BOOST_TEST(!paths.next().has_value());
    BOOST_TEST(std::abs(sum - all->ewp_total) <= 1e-12 * all->ewp_total);
  }
  BOOST_TEST(ties > 1000);
}

// At kernel level a path's factors are Σ|w| of its kernels.
BOOST_AUTO_TEST_CASE(kernels_rank_by_their_sums) {
  int compared = 0, ends_differ = 0;
  for (std::uint64_t seed = 0; compared < 500; ++seed) {
    const phew::test::RandomCase random = phew::test::random_case(seed);
    LayeredGraph graph(random.network, random.weights);
    if (seed % 3 != 0) graph = graph.masked(random.mask);
    const auto all = phew::test::enumerate_paths(graph, phew::test::kernel_edges(graph), 5000);
    if (!all) continue;
    ++compared;
    BOOST_TEST_INFO_SCOPE(random);
    std::vector<double> logs = all->log_ewp;
    std::ranges::sort(logs, std::greater<>{});
    BestPaths paths(graph, phew::PathLevel::kernel);
    for (const double log : logs) BOOST_REQUIRE_SMALL(paths.next().value().product.log() - log, 1e-12);
    BOOST_TEST(!paths.next().has_value());
    ends_differ += !logs.empty() && logs.front() > logs.back() + 1;
  }
  BOOST_TEST(ends_differ > 100);
}

// 3^1001 paths of 2^-60 each: the products are far below what a double holds.
BOOST_AUTO_TEST_CASE(a_thousand_layers) {
  const Network network = phew::make_network("mlp:3x1001");
  const double links = static_cast<double>(network.parameters().size());
  BestPaths paths(LayeredGraph(network, constant(network, 0x1p-60F)));
  std::string before;
  for (int k = 0; k < 50; ++k) {
    const auto path = paths.next();
    BOOST_REQUIRE(path.has_value());
    BOOST_TEST(path->product.log() == -60 * links * std::log(2.0), boost::test_tools::tolerance(1e-14));
    BOOST_TEST(text(*path) != before);
    before = text(*path);
  }
}

// More ways from a unit than are sorted at first: 200 edges from each of 2 inputs, all different.
BOOST_AUTO_TEST_CASE(edges_beyond_the_first_come_in_order) {
  const Network network = phew::make_network("mlp:2-200-1");
  std::vector<float> first, second;
  for (int i = 0; i < 400; ++i) first.push_back(static_cast<float>((i * 7919) % 401 + 1));
  for (int i = 0; i < 200; ++i) second.push_back(1);
  const Weights weights(network.parameters(), {phew::make_tensor("0.weight", {200, 2}, first),
                                               phew::make_tensor("2.weight", {1, 200}, second)});
  BestPaths paths(LayeredGraph(network, weights));
  std::ranges::sort(first, std::greater<>{});
  for (const float w : first) BOOST_REQUIRE_EQUAL(product(paths.next().value()), w);
  BOOST_TEST(!paths.next().has_value());
}

BOOST_AUTO_TEST_CASE(weights_that_are_no_numbers_are_refused) {
  const Network network = phew::make_network("mlp:3-40-2");
  for (const float bad : {std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN()})
    for (const bool masked : {false, true}) {
      Weights good = constant(network, 1);
      std::vector<float> values(good[0].begin(), good[0].end());
      values[5] = bad;
      const Weights weights(network.parameters(), {phew::make_tensor("0.weight", {40, 3}, values), good.tensor(1)});
      LayeredGraph graph(network, weights);
      if (masked) graph = graph.masked(phew::Mask(network.parameters(), true));
      BOOST_CHECK_EXCEPTION(BestPaths{graph}, phew::Error, [](const phew::Error& e) {
        return e.code() == phew::ExitCode::data && std::string(e.what()).starts_with("0.weight: found ");
      });
    }
}

BOOST_AUTO_TEST_SUITE_END()
