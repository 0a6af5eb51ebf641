#include "analysis/path_sampling.hpp"

#include "graph/error.hpp"
#include "graph/initializer.hpp"
#include "graph/zoo.hpp"
#include "support/brute_force.hpp"
#include "support/random_network.hpp"
#include "walks/chi_square.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

namespace {

using phew::LayeredGraph;

/// Distinct values of ln EWP among the paths, and how many paths have each. Paths of equal EWP cannot be told apart.
struct Groups {
  std::vector<double> logs, probability;

  explicit Groups(std::vector<double> all) {
    std::ranges::sort(all);
    for (const double log : all) {
      if (logs.empty() || log - logs.back() > 1e-9) {
        logs.push_back(log);
        probability.push_back(0);
      }
      probability.back() += 1 / static_cast<double>(all.size());
    }
  }

  /// The group of a sampled value; the size if there is none.
  [[nodiscard]] std::size_t find(double log) const {
    const auto after = std::ranges::lower_bound(logs, log - 1e-9);
    return after != logs.end() && *after - log < 1e-9 ? static_cast<std::size_t>(after - logs.begin()) : logs.size();
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(path_sampling)

// All paths are equally likely, over joins, groups, tied tensors, several inputs and outputs, at both levels.
BOOST_AUTO_TEST_CASE(draws_every_path_with_the_same_chance) {
  int compared = 0, with_many_groups = 0;
  double least = 1;
  for (std::uint64_t seed = 0; compared < 300; ++seed) {
    const phew::test::RandomCase random = phew::test::random_case(seed);
    const LayeredGraph dense(random.network, random.weights);
    const auto graph = seed % 4 == 0 ? dense : dense.masked(random.mask);
    const bool kernels = seed % 3 == 0;
    const auto all = phew::test::enumerate_paths(
        graph, kernels ? phew::test::kernel_edges(graph) : phew::test::parameter_edges(graph), 400);
    if (!all || all->log_ewp.size() < 2) continue;
    ++compared;
    BOOST_TEST_INFO_SCOPE(random);
    const Groups groups(all->log_ewp);
    std::vector<std::int64_t> counts(groups.logs.size());
    const auto sample = phew::sample_log_ewp(
        graph,
        {.samples = 20'000, .seed = seed, .level = kernels ? phew::PathLevel::kernel : phew::PathLevel::parameter});
    BOOST_REQUIRE(sample.size() == 20'000U);
    for (const double log : sample) {
      const std::size_t group = groups.find(log);
      BOOST_REQUIRE(group < counts.size());
      ++counts[group];
    }
    const double p = phew::test::chi_square_p(counts, groups.probability);
    BOOST_TEST(p > 1e-6);
    least = std::min(least, p);
    with_many_groups += counts.size() > 10;
  }
  BOOST_TEST(least < 0.1);  // of 300 uniform p some are small
  BOOST_TEST(with_many_groups > 100);
}

// in ─┬─► (0) ─► 3 outputs     A fair walk from the input would take (0) half the time; of the paths it has three in
//     └─► (1) ─► 1 output      four.
BOOST_AUTO_TEST_CASE(steps_are_in_proportion_to_the_paths_behind_them) {
  const phew::Network network = phew::make_network("mlp:1-2-3");
  const phew::Weights weights(network.parameters(), {phew::make_tensor("0.weight", {2, 1}, {1, 2}),
                                                     phew::make_tensor("2.weight", {3, 2}, {1, 1, 1, 0, 1, 0})});
  const auto sample = phew::sample_log_ewp(LayeredGraph(network, weights), {.samples = 40'000});
  const auto by_first = std::ranges::count_if(sample, [](double log) { return log == 0; });
  BOOST_TEST(std::abs(static_cast<double>(by_first) - 30'000) < 5 * std::sqrt(40'000 * 0.75 * 0.25));
}

BOOST_AUTO_TEST_CASE(a_sample_is_a_function_of_seed_and_number) {
  const phew::Network network = phew::make_network("resnet20");
  const LayeredGraph graph(network, phew::initial_weights(network, {}, 0, 1));
  const auto few = phew::sample_log_ewp(graph, {.samples = 50, .seed = 7});
  const auto many = phew::sample_log_ewp(graph, {.samples = 200, .seed = 7});
  BOOST_TEST(std::equal(few.begin(), few.end(), many.begin()));
  BOOST_TEST(phew::sample_log_ewp(graph, {.samples = 50, .seed = 8}) != few);
}

BOOST_AUTO_TEST_CASE(nothing_to_draw_and_bad_weights) {
  const phew::Network network = phew::make_network("mlp:2-2-1");
  const auto of = [&](float w) {
    return LayeredGraph(network,
                        phew::Weights(network.parameters(), {phew::make_tensor("0.weight", {2, 2}, {1, w, 1, w}),
                                                             phew::make_tensor("2.weight", {1, 2}, {0, 0})}));
  };
  BOOST_TEST(phew::sample_log_ewp(of(1), {}).empty());
  BOOST_TEST(phew::sample_log_ewp(of(1).masked(phew::Mask(network.parameters())), {}).empty());
  BOOST_CHECK_THROW((void)phew::sample_log_ewp(of(std::numeric_limits<float>::quiet_NaN()), {}), phew::Error);
}

BOOST_AUTO_TEST_SUITE_END()
