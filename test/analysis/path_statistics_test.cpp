// Compared with all paths in all_paths_test.cpp; here toys, laws, and what no list can check.
#include "analysis/path_statistics.hpp"

#include "analysis/path_sampling.hpp"
#include "graph/error.hpp"
#include "graph/initializer.hpp"
#include "graph/path_sums.hpp"
#include "graph/zoo.hpp"
#include "support/random_network.hpp"

#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>
#include <numeric>

namespace {

using phew::LayeredGraph;
using phew::Network;
using phew::Weights;

LayeredGraph of(const Network& network, std::vector<std::vector<float>> values) {
  std::vector<phew::Tensor> tensors;
  for (std::size_t t = 0; t < values.size(); ++t)
    tensors.push_back(
        phew::make_tensor(network.parameters()[t].name, network.parameters()[t].shape, std::move(values[t])));
  return LayeredGraph(network, Weights(network.parameters(), std::move(tensors)));
}

const auto exactly = boost::test_tools::tolerance(1e-14);

}  // namespace

BOOST_AUTO_TEST_SUITE(path_statistics)

//   in ─┬─ 3 ─► (0) ─ 2 ─► out      EWP 6 and 5; a third path, over the weight of 0, has none
//       ├─ 1 ─► (1) ─ 5 ─► out
//       └─ 0 ─► (2) ─ 7 ─► out
BOOST_AUTO_TEST_CASE(a_toy_network) {
  const Network network = phew::make_network("mlp:1-3-1");
  const phew::PathStatistics s = phew::path_statistics(of(network, {{-3, 1, 0}, {2, -5, 7}}));
  BOOST_TEST(s.paths().value() == 3);
  BOOST_TEST(s.paths_log10().value() == std::log10(3.0), exactly);
  BOOST_TEST(s.zero_paths().value() == 1);
  BOOST_TEST(s.zero_paths_log10().value() == 0.0);
  const phew::LogEwp log = s.log_ewp().value();
  BOOST_TEST(log.mean == (std::log(6.0) + std::log(5.0)) / 2, exactly);
  BOOST_TEST(log.std == (std::log(6.0) - std::log(5.0)) / 2, boost::test_tools::tolerance(1e-12));
  BOOST_TEST(log.least == std::log(5.0), exactly);
  BOOST_TEST(log.most == std::log(6.0), exactly);
}

BOOST_AUTO_TEST_CASE(no_paths_and_only_paths_of_zero) {
  const Network network = phew::make_network("mlp:2-2-1");
  const auto graph = of(network, {{1, 1, 1, 1}, {0, 0}});
  const phew::PathStatistics zero = phew::path_statistics(graph);
  BOOST_TEST(zero.paths().value() == 4);
  BOOST_TEST(zero.zero_paths().value() == 4);
  BOOST_TEST(!zero.log_ewp().has_value());
  const phew::PathStatistics none = phew::path_statistics(graph.masked(phew::Mask(network.parameters())));
  BOOST_TEST(none.paths().value() == 0);
  BOOST_TEST(!none.paths_log10().has_value());
  BOOST_TEST(none.zero_paths().value() == 0);
  BOOST_TEST(!none.zero_paths_log10().has_value());
  BOOST_TEST(!none.log_ewp().has_value());
}

// One conv edge of weights 1 … 9: nine paths, or one of Σ|w| = 45.
BOOST_AUTO_TEST_CASE(levels) {
  Network network("kernel");
  const auto input = network.add("input", phew::op::Input{{1, 3, 3}});
  phew::op::Conv2d conv;
  conv.in = conv.out = 1;
  conv.kernel = {3, 3};
  network.add("output", phew::op::Output{}, {network.add("conv", conv, {input})});
  const auto graph = of(network, {{1, -2, 3, -4, 5, -6, 7, -8, 9}});
  BOOST_TEST(phew::path_statistics(graph).paths().value() == 9);
  BOOST_TEST(phew::path_statistics(graph).log_ewp()->mean == std::log(362880.0) / 9, exactly);
  const phew::PathStatistics kernels = phew::path_statistics(graph, phew::PathLevel::kernel);
  BOOST_TEST(kernels.paths().value() == 1);
  BOOST_TEST(kernels.log_ewp()->mean == std::log(45.0), exactly);
  BOOST_TEST(kernels.log_ewp()->std == 0.0);
}

// Of a chain of dense layers of independent choices the moments add up: mean Σ mean_l and variance Σ var_l of ln|w|.
BOOST_AUTO_TEST_CASE(a_chain_whose_columns_are_alike_adds_up) {
  const Network network = phew::make_network("mlp:3-4-5-2");
  std::vector<std::vector<float>> values;
  double mean = 0, variance = 0;
  for (const phew::Parameter& p : network.parameters()) {
    // Each target's row is one value, so that whatever the unit before, the step's value depends on the target alone.
    std::vector<float>& tensor = values.emplace_back();
    std::vector<double> logs;
    for (std::int64_t r = 0; r < p.rows(); ++r) {
      const auto w = static_cast<float>(r + 2) / 3;
      tensor.insert(tensor.end(), static_cast<std::size_t>(p.row_length()), w);
      logs.push_back(std::log(double{w}));
    }
    const auto n = static_cast<double>(logs.size());
    const double m = std::accumulate(logs.begin(), logs.end(), 0.0) / n;
    mean += m;
    for (const double x : logs) variance += (x - m) * (x - m) / n;
  }
  const auto log = phew::path_statistics(of(network, values)).log_ewp();
  BOOST_TEST(log->mean == mean, exactly);
  BOOST_TEST(log->std == std::sqrt(variance), exactly);
}

// 4^1002 paths; weights ±2^-60 alternate in magnitude with ±2^60, so that EWPs reach far out of a double's range.
BOOST_AUTO_TEST_CASE(a_thousand_layers_stay_finite) {
  const Network network = phew::make_network("mlp:4x1001");
  const auto links = static_cast<double>(network.parameters().size());
  std::vector<std::vector<float>> values;
  for (const phew::Parameter& p : network.parameters()) {
    std::vector<float>& tensor = values.emplace_back();
    for (std::int64_t i = 0; i < p.size(); ++i) tensor.push_back(i / p.row_length() % 2 == 0 ? 0x1p-60F : -0x1p60F);
  }
  const phew::PathStatistics s = phew::path_statistics(of(network, values));
  const phew::LogEwp log = s.log_ewp().value();
  const double step = 60 * std::log(2.0);
  BOOST_TEST(s.paths_log10().value() == (links + 1) * std::log10(4.0), boost::test_tools::tolerance(1e-12));
  BOOST_TEST(!s.paths().has_value());
  BOOST_TEST(s.zero_paths().value() == 0);
  BOOST_TEST(std::abs(log.mean) < 1e-8 * step);
  BOOST_TEST(log.std == std::sqrt(links) * step, boost::test_tools::tolerance(1e-11));
  BOOST_TEST(log.least == -links * step, boost::test_tools::tolerance(1e-12));
  BOOST_TEST(log.most == links * step, boost::test_tools::tolerance(1e-12));
}

BOOST_AUTO_TEST_CASE(resnet56_is_finite_and_consistent) {
  const Network network = phew::make_network("resnet56");
  const LayeredGraph graph(network, phew::initial_weights(network, {}, 0, 1));
  const phew::PathStatistics s = phew::path_statistics(graph);
  const phew::LogEwp log = s.log_ewp().value();
  BOOST_TEST(std::isfinite(log.mean));
  BOOST_TEST(std::isfinite(log.std));
  BOOST_TEST(s.paths_log10().value() * std::log(10.0) == phew::path_sums(graph, phew::PathValue::one).total_log,
             boost::test_tools::tolerance(1e-12));
  // Jensen: the mean of the logarithm is below the logarithm of the mean, which is below the greatest.
  const double mean_ewp =
      phew::path_sums(graph, phew::PathValue::magnitude).total_log - *s.paths_log10() * std::log(10.0);
  BOOST_TEST(log.least < log.mean);
  BOOST_TEST(log.mean < mean_ewp);
  BOOST_TEST(mean_ewp < log.most);
  // A sample of 2,000 paths has the mean within five of its standard errors.
  const auto sample = phew::sample_log_ewp(graph, {.samples = 2000});
  const double mean = std::accumulate(sample.begin(), sample.end(), 0.0) / 2000;
  BOOST_TEST(std::abs(mean - log.mean) < 5 * log.std / std::sqrt(2000.0));
}

// The oracle's 72 paths (data/oracle/README.md).
BOOST_AUTO_TEST_CASE(agrees_with_the_oracle) {
  std::ifstream file(PHEW_SOURCE_DIR "/data/oracle/mlp_4-3-3-2.json");
  const auto oracle = nlohmann::json::parse(file);
  const Network network = phew::make_network("mlp:4-3-3-2");
  std::vector<std::vector<float>> values(3);
  for (std::size_t l = 0; l < 3; ++l)
    for (const auto& row : oracle["weights"][l])
      for (const double w : row) values[l].push_back(static_cast<float>(w));
  std::vector<double> logs;
  for (const auto& path : oracle["paths"]) logs.push_back(std::log(std::abs(path["ewp"].get<double>())));
  const double mean = std::accumulate(logs.begin(), logs.end(), 0.0) / 72;
  double squares = 0;
  for (const double x : logs) squares += (x - mean) * (x - mean);
  const phew::PathStatistics s = phew::path_statistics(of(network, values));
  const auto tolerance = boost::test_tools::tolerance(1e-6);  // three decimals there, floats here
  BOOST_TEST(s.paths().value() == 72);
  BOOST_TEST(s.log_ewp()->mean == mean, tolerance);
  BOOST_TEST(s.log_ewp()->std == std::sqrt(squares / 72), tolerance);
  BOOST_TEST(s.log_ewp()->least == std::ranges::min(logs), tolerance);
  BOOST_TEST(s.log_ewp()->most == std::ranges::max(logs), tolerance);
}

// Nothing cancels: means of a thousand with deviations of 1e-3 keep the deviations' digits.
BOOST_AUTO_TEST_CASE(small_deviations_far_from_zero_keep_their_digits) {
  const Network network = phew::make_network("mlp:2x60");
  const float large = 0x1p100F, larger = std::nextafter(large, 0x1p120F);
  std::vector<std::vector<float>> values(network.parameters().size(), {large, large, larger, larger});
  const double step = std::log1p(0x1p-23), links = static_cast<double>(values.size());
  BOOST_TEST(phew::path_statistics(of(network, values)).log_ewp()->std == std::sqrt(links) * step / 2,
             boost::test_tools::tolerance(1e-6));
}

BOOST_AUTO_TEST_CASE(weights_that_are_no_numbers_are_refused) {
  const Network network = phew::make_network("mlp:2-2-1");
  for (const float bad : {std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN()})
    for (const phew::PathLevel level : {phew::PathLevel::parameter, phew::PathLevel::kernel})
      BOOST_CHECK_EXCEPTION((void)phew::path_statistics(of(network, {{1, 1, bad, 1}, {1, 1}}), level), phew::Error,
                            [](const phew::Error& e) { return std::string(e.what()).starts_with("0.weight: found "); });
}

BOOST_AUTO_TEST_SUITE_END()
