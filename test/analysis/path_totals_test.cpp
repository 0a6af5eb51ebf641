#include "analysis/path_totals.hpp"

#include "analysis/log_sum.hpp"
#include "graph/zoo.hpp"
#include "support/brute_force.hpp"
#include "support/random_network.hpp"

#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include <cmath>
#include <fstream>
#include <numbers>

BOOST_AUTO_TEST_SUITE(path_totals)

// Dense 4-3-3-2, all 72 paths enumerated in Python (data/oracle/README.md).
BOOST_AUTO_TEST_CASE(agrees_with_the_oracle) {
  std::ifstream file(PHEW_SOURCE_DIR "/data/oracle/mlp_4-3-3-2.json");
  const auto oracle = nlohmann::json::parse(file);
  const phew::Network network = phew::make_network("mlp:4-3-3-2");
  std::vector<phew::Tensor> tensors;
  for (std::size_t l = 0; l < 3; ++l) {
    std::vector<float> values;
    for (const auto& row : oracle["weights"][l])
      for (const double w : row) values.push_back(static_cast<float>(w));
    tensors.push_back(
        phew::make_tensor(network.parameters()[l].name, network.parameters()[l].shape, std::move(values)));
  }
  const phew::PathTotals totals =
      phew::path_totals(phew::LayeredGraph(network, phew::Weights(network.parameters(), std::move(tensors))));
  // The oracle's weights have three decimals and ours are floats: relative error about 1e-7.
  const auto tolerance = boost::test_tools::tolerance(1e-6);
  BOOST_TEST(std::pow(10, totals.paths_log10.value()) == 72.0, boost::test_tools::tolerance(1e-12));
  BOOST_TEST(oracle["n_paths"].get<int>() == 72);
  BOOST_TEST(std::exp(totals.ewp_log.value()) == oracle["sum_abs_ewp"].get<double>(), tolerance);
  BOOST_TEST(std::exp(totals.ewp_log.value()) == 31.500876804, tolerance);
  BOOST_TEST(std::exp(totals.path_kernel_trace_log.value()) == oracle["path_kernel_trace"].get<double>(), tolerance);
  BOOST_TEST(std::exp(totals.path_kernel_trace_log.value()) == 213.457477335, tolerance);
}

//   0 ─ 2 ─► 1 ─ 3 ─► 2      One path, weights 2 and 3: EWP 6, trace 3² + 2² = 13.
//   With 0 for the 3: EWP 0, trace 0² + 2² = 4, since a factor is the product of the others.
BOOST_AUTO_TEST_CASE(a_weight_of_zero_divides_nothing) {
  const phew::Network network = phew::make_network("mlp:1-1-1");
  const auto totals = [&](float a, float b) {
    return phew::path_totals(
        phew::LayeredGraph(network, phew::Weights(network.parameters(), {phew::make_tensor("0.weight", {1, 1}, {a}),
                                                                         phew::make_tensor("2.weight", {1, 1}, {b})})));
  };
  const auto tolerance = boost::test_tools::tolerance(1e-14);
  BOOST_TEST(totals(2, -3).ewp_log.value() == std::log(6.0), tolerance);
  BOOST_TEST(totals(2, -3).path_kernel_trace_log.value() == std::log(13.0), tolerance);
  BOOST_TEST(totals(2, 0).path_kernel_trace_log.value() == std::log(4.0), tolerance);
  BOOST_TEST(!totals(2, 0).ewp_log.has_value());
  BOOST_TEST(!totals(0, 0).path_kernel_trace_log.has_value());
  BOOST_TEST(totals(0, 0).paths_log10.value() == 0.0);
}

BOOST_AUTO_TEST_CASE(no_path_and_no_weights) {
  const phew::Network network = phew::make_network("mlp:3-4-2");
  const phew::LayeredGraph graph(network);
  BOOST_TEST(phew::path_totals(graph).paths_log10.value() == std::log10(24.0), boost::test_tools::tolerance(1e-14));
  BOOST_TEST(!phew::path_totals(graph).ewp_log.has_value());
  BOOST_TEST(!phew::path_totals(graph).path_kernel_trace_log.has_value());
  BOOST_TEST(!phew::path_totals(graph.masked(phew::Mask(network.parameters()))).paths_log10.has_value());
}

BOOST_AUTO_TEST_CASE(agrees_with_all_paths_on_random_networks) {
  int compared = 0, with_paths = 0;
  for (std::uint64_t seed = 0; compared < 1200; ++seed) {
    const phew::test::RandomCase random = phew::test::random_case(seed);
    const phew::LayeredGraph dense(random.network, random.weights);
    const auto graph = seed % 5 == 0 ? dense : dense.masked(random.mask);
    const auto all = phew::test::enumerate_paths(graph, 20'000);
    if (!all) continue;
    ++compared;
    const phew::PathTotals totals = phew::path_totals(graph);
    BOOST_TEST_INFO_SCOPE(random);
    const auto agrees = [](const std::optional<double>& log, double expected) {
      return log ? std::abs(std::exp(*log) - expected) <= 1e-11 * expected : expected == 0;
    };
    BOOST_TEST(std::llround(std::exp(totals.paths_log10.value_or(-400) * std::numbers::ln10)) == all->paths);
    BOOST_TEST(agrees(totals.ewp_log, all->ewp_total));
    BOOST_TEST(agrees(totals.path_kernel_trace_log, all->path_kernel_trace));
    with_paths += all->paths > 1;
  }
  BOOST_TEST(with_paths > 600);
}

// 1,001 layers of 4 units: 4^1001 paths, far beyond a double; with weights of 2^-60 the sums are far below one.
BOOST_AUTO_TEST_CASE(a_thousand_layers_stay_finite) {
  const phew::Network network = phew::make_network("mlp:4x1001");
  const auto totals = [&](float w) {
    std::vector<phew::Tensor> tensors;
    for (const phew::Parameter& p : network.parameters())
      tensors.push_back(phew::make_tensor(p.name, p.shape, std::vector<float>(static_cast<std::size_t>(p.size()), w)));
    return phew::path_totals(phew::LayeredGraph(network, phew::Weights(network.parameters(), std::move(tensors))));
  };
  const double links = static_cast<double>(network.parameters().size());
  const double paths_log = (links + 1) * std::log(4.0);
  const auto tolerance = boost::test_tools::tolerance(1e-12);
  for (const float w : {1.0F, 0x1p-60F, 0x1p60F}) {
    const phew::PathTotals t = totals(w);
    BOOST_TEST(t.paths_log10.value() == paths_log / std::numbers::ln10, tolerance);
    BOOST_TEST(t.ewp_log.value() == paths_log + links * std::log(double{w}), tolerance);
    BOOST_TEST(t.path_kernel_trace_log.value() == paths_log + std::log(links) + 2 * (links - 1) * std::log(double{w}),
               tolerance);
  }
}

BOOST_AUTO_TEST_CASE(log_sums) {
  phew::LogSum sum;
  BOOST_TEST(std::isinf(sum.log()));
  sum.add(-std::numeric_limits<double>::infinity());
  BOOST_TEST(std::isinf(sum.log()));
  sum.add(std::log(3.0));
  sum.add(std::log(4.0));
  BOOST_TEST(sum.log() == std::log(7.0), boost::test_tools::tolerance(1e-15));
  sum.add(10'000.0);
  sum.add(10'000.0);
  BOOST_TEST(sum.log() == 10'000.0 + std::numbers::ln2, boost::test_tools::tolerance(1e-15));
}

BOOST_AUTO_TEST_SUITE_END()
