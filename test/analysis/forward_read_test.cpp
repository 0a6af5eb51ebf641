#include "analysis/forward_read.hpp"

#include "graph/error.hpp"
#include "graph/zoo.hpp"
#include "support/brute_force.hpp"
#include "support/random_network.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <functional>
#include <limits>
#include <numbers>

namespace {

using phew::test::ParameterEdge;

/// The weights with zeros where the mask prunes; the mask loses what is 0 already.
phew::Weights pruned(const phew::Network& network, const phew::Weights& weights, phew::Mask& mask) {
  std::vector<phew::Tensor> tensors;
  for (std::size_t i = 0; i < weights.tensor_count(); ++i) {
    const phew::Parameter& parameter = network.parameters()[i];
    std::vector<float> values(weights[i].begin(), weights[i].end());
    for (std::int64_t p = 0; p < parameter.size(); ++p) {
      const std::int64_t row = p / parameter.row_length(), column = p % parameter.row_length();
      float& value = values[static_cast<std::size_t>(p)];
      if (!mask[i].test(row, column)) value = p % 2 == 0 ? 0.0F : -0.0F;
      if (value == 0) mask[i].reset(row, column);
    }
    tensors.push_back(phew::make_tensor(parameter.name, parameter.shape, std::move(values)));
  }
  return {network.parameters(), std::move(tensors)};
}

/// Mean and standard deviation of ln EWP over all paths, one by one.
std::optional<phew::LogMoments> moments_of_all_paths(const phew::LayeredGraph& graph) {
  std::vector<std::vector<ParameterEdge>> leaving(static_cast<std::size_t>(graph.unit_count()));
  for (const ParameterEdge& edge : phew::test::parameter_edges(graph))
    leaving[static_cast<std::size_t>(edge.from)].push_back(edge);
  std::vector<double> logs;
  const std::function<void(std::int64_t, double)> follow = [&](std::int64_t vertex, double log) {
    if (graph.layers()[graph.unit(vertex).layer].output) logs.push_back(log);
    for (const ParameterEdge& edge : leaving[static_cast<std::size_t>(vertex)])
      follow(edge.to, log + std::log(edge.value));
  };
  for (const phew::Layer& layer : graph.layers())
    for (std::int64_t v = layer.first; layer.input && v < layer.first + layer.units; ++v) follow(v, 0);
  if (logs.empty()) return std::nullopt;
  phew::LogMoments moments;
  for (const double log : logs) moments.mean += log / static_cast<double>(logs.size());
  for (const double log : logs)
    moments.std += (log - moments.mean) * (log - moments.mean) / static_cast<double>(logs.size());
  moments.std = std::sqrt(moments.std);
  return moments;
}

bool close(const std::optional<double>& a, const std::optional<double>& b, double tolerance) {
  return a.has_value() == b.has_value() && (!a || std::abs(*a - *b) <= tolerance * (1 + std::abs(*b)));
}

phew::Weights constant_weights(const phew::Network& network, float value) {
  std::vector<phew::Tensor> tensors;
  for (const phew::Parameter& p : network.parameters())
    tensors.push_back(
        phew::make_tensor(p.name, p.shape, std::vector<float>(static_cast<std::size_t>(p.size()), value)));
  return {network.parameters(), std::move(tensors)};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(forward_read)

BOOST_AUTO_TEST_CASE(agrees_with_all_paths_on_random_networks) {
  int compared = 0, with_paths = 0;
  for (std::uint64_t seed = 0; compared < 600; ++seed) {
    phew::test::RandomCase random = phew::test::random_case(seed);
    if (seed % 4 == 0) random.mask = phew::Mask(random.network.parameters(), true);
    const phew::Weights weights = pruned(random.network, random.weights, random.mask);
    const phew::LayeredGraph dense(random.network, weights);
    const phew::LayeredGraph graph = dense.masked(random.mask);
    if (!phew::test::enumerate_paths(graph, 20'000)) continue;
    ++compared;
    BOOST_TEST_INFO_SCOPE(random);
    const phew::ForwardRead read = phew::forward_read(dense, 1 + static_cast<int>(seed % 3));
    BOOST_TEST((read.mask == random.mask));
    const phew::PathTotals expected = phew::path_totals(graph);
    BOOST_TEST(close(read.totals.paths_log10, expected.paths_log10, 1e-12));
    BOOST_TEST(close(read.totals.ewp_log, expected.ewp_log, 1e-12));
    BOOST_TEST(close(read.totals.path_kernel_trace_log, expected.path_kernel_trace_log, 1e-12));
    const auto moments = moments_of_all_paths(graph);
    BOOST_TEST_REQUIRE(read.log_ewp.has_value() == moments.has_value());
    if (!moments) continue;
    BOOST_TEST(close(read.log_ewp->mean, moments->mean, 1e-11));
    BOOST_TEST(close(read.log_ewp->std, moments->std, 1e-9));
    with_paths += moments->std > 0;
  }
  BOOST_TEST(with_paths > 200);
}

BOOST_AUTO_TEST_CASE(rows_longer_than_a_tile_and_any_number_of_threads) {
  const phew::Network network = phew::make_network("mlp:1300-70-9");
  phew::test::Dice dice(3);
  phew::Mask mask = phew::test::random_mask(network, dice);
  const phew::Weights weights = pruned(network, phew::test::random_weights(network, dice), mask);
  const phew::LayeredGraph graph(network, weights);
  const phew::ForwardRead one = phew::forward_read(graph, 1), four = phew::forward_read(graph, 4);
  BOOST_TEST((one.mask == mask));
  BOOST_TEST((four.mask == mask));
  BOOST_TEST(one.totals.path_kernel_trace_log.value_or(0) == four.totals.path_kernel_trace_log.value_or(0));
  BOOST_TEST((one.log_ewp ? one.log_ewp->std : 0) == (four.log_ewp ? four.log_ewp->std : 0));
  BOOST_TEST(close(one.totals.ewp_log, phew::path_totals(graph.masked(mask)).ewp_log, 1e-12));
}

// 1,000 layers of 4: 4^1000 paths of EWP 2^-999, all alike.
BOOST_AUTO_TEST_CASE(deep_networks_neither_overflow_nor_lose_digits) {
  const phew::Network network = phew::make_network("mlp:4x1000");
  const phew::ForwardRead read = phew::forward_read(phew::LayeredGraph(network, constant_weights(network, -0.5F)), 1);
  const auto tolerance = boost::test_tools::tolerance(1e-12);
  const double ln2 = std::numbers::ln2;
  BOOST_TEST(read.totals.paths_log10.value() == 1000 * std::log10(4.0), tolerance);
  BOOST_TEST(read.totals.ewp_log.value() == 2000 * ln2 - 999 * ln2, tolerance);
  BOOST_TEST(read.totals.path_kernel_trace_log.value() == 2000 * ln2 + std::log(999.0) - 2 * 998 * ln2, tolerance);
  BOOST_TEST(read.log_ewp.value().mean == -999 * ln2, tolerance);
  // To 1e-12 of the largest term.
  BOOST_TEST(read.log_ewp.value().std < 1e-12 * 999 * ln2);
}

BOOST_AUTO_TEST_CASE(what_cannot_be_read_is_an_error) {
  const phew::Network network = phew::make_network("mlp:3-3-2");
  const phew::LayeredGraph graph(network);
  BOOST_CHECK_THROW((void)phew::forward_read(graph, 1), phew::Error);
  const phew::LayeredGraph weighted = graph.weighted(constant_weights(network, 1));
  BOOST_CHECK_THROW((void)phew::forward_read(weighted.masked(phew::Mask(network.parameters())), 1), phew::Error);
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()})
    BOOST_CHECK_EXCEPTION((void)phew::forward_read(graph.weighted(constant_weights(network, bad)), 1), phew::Error,
                          [](const phew::Error& error) {
                            return std::string(error.what()).find("0.weight: found") != std::string::npos;
                          });
  const phew::ForwardRead nothing = phew::forward_read(graph.weighted(constant_weights(network, 0)), 1);
  BOOST_TEST(nothing.mask.kept() == 0);
  BOOST_TEST(!nothing.totals.paths_log10.has_value());
  BOOST_TEST(!nothing.log_ewp.has_value());
}

BOOST_AUTO_TEST_SUITE_END()
