#include "phew-graph/measured_ewp.hpp"

#include "graph/parallel.hpp"
#include "graph/random_stream.hpp"
#include "walks/walk.hpp"

#include <cmath>
#include <mutex>

namespace phew::tools {
namespace {

std::uint64_t seed_of(const EwpMeasurement& options, const Network& network, std::int64_t initialisation) {
  const RandomStream stream(options.seed, Purpose::simulation, static_cast<std::uint64_t>(initialisation));
  const auto block = stream.block(static_cast<std::uint32_t>(network.parameters().size()));
  return static_cast<std::uint64_t>(block[0]) << 32 | block[1];
}

double edge_weight_product(const LayeredGraph& graph, std::span<const Kept> path) {
  double product = 1;
  for (const Kept& kept : path) {
    const std::size_t parameter = graph.links()[kept.link].parameter;
    const std::int64_t position = kept.row * graph.parameters()[parameter].row_length() + kept.first;
    product *= std::abs(static_cast<double>(graph.weights()[parameter][static_cast<std::size_t>(position)]));
  }
  return product;
}

double mean_of_walks(const LayeredGraph& graph, Bias bias, std::int64_t walks, std::uint64_t seed) {
  const Walker walker(graph, {.bias = bias}, 1);
  std::vector<Kept> path;
  double sum = 0;
  for (std::int64_t w = 0; w < walks; ++w) {
    path.clear();
    walker.walk(seed, static_cast<std::uint64_t>(w), path);
    sum += edge_weight_product(graph, path);
  }
  return sum / static_cast<double>(walks);
}

MeasuredEwp mean_and_error(std::span<const double> values) {
  const auto n = static_cast<double>(values.size());
  double mean = 0, squares = 0;
  for (const double x : values) mean += x / n;
  for (const double x : values) squares += (x - mean) * (x - mean);
  return {mean, std::sqrt(squares / (n - 1) / n)};
}

}  // namespace

std::vector<MeasuredEwp> measure_ewp(const Network& network, const Initializer& initializer,
                                     std::span<const Bias> biases, const EwpMeasurement& options) {
  const LayeredGraph structure(network);
  std::vector<std::vector<double>> means(biases.size(), std::vector<double>(static_cast<std::size_t>(options.inits)));
  std::mutex progress_mutex;
  parallel_for(options.threads, options.inits, [&](std::int64_t i) {
    const std::uint64_t seed = seed_of(options, network, i);
    const LayeredGraph graph = structure.weighted(initial_weights(network, initializer, seed, 1));
    for (std::size_t b = 0; b < biases.size(); ++b)
      means[b][static_cast<std::size_t>(i)] = mean_of_walks(graph, biases[b], options.walks, seed);
    const std::lock_guard lock(progress_mutex);
    if (options.progress) options.progress();
  });
  std::vector<MeasuredEwp> results;
  for (const auto& of_bias : means) results.push_back(mean_and_error(of_bias));
  return results;
}

}  // namespace phew::tools
