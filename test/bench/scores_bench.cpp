// scores_bench: sweeps and the ways to a mask that follow from them, as ratios to R.
#include "bench/bench.hpp"
#include "graph/best_paths.hpp"
#include "graph/error.hpp"
#include "graph/initializer.hpp"
#include "graph/path_sums.hpp"
#include "graph/score.hpp"
#include "graph/zoo.hpp"
#include "walks/synflow.hpp"
#include "walks/top_paths.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <vector>

namespace {

using namespace phew;

LayeredGraph initialised(const Network& network) { return LayeredGraph(network, initial_weights(network, {}, 0, 2)); }

bench::Seconds announce(const LayeredGraph& graph, const Network& network) {
  volatile double sink = 0;
  const bench::Seconds r = bench::median_seconds(25, [&] { sink = bench::abs_sum(graph.weights()); });
  fmt::print("{}: {} weights, R = {:.2f} ms (abs-sum {:.6g})\n", network.name(), network.prunable(), 1e3 * r.wall,
             double(sink));
  return r;
}

/// Total EWP: the forward sums of the outputs and the backward sums of the inputs say the same.
bool sums_agree(const LayeredGraph& graph, const PathSums& sums) {
  double inputs = 0;
  for (const double b : sums.backward.front().value) inputs += b;
  const double log = std::log(inputs) + sums.backward.front().log_scale();
  return graph.layers().front().input && std::abs(log - sums.total_log) <= 1e-11 * std::abs(log);
}

bool bench_path_sums(const LayeredGraph& graph, const bench::Seconds& r) {
  PathSums sums;
  const bench::Seconds seconds = bench::median_seconds(15, [&] { sums = path_sums(graph, PathValue::magnitude); });
  bench::print_ratio("EWP sums, forward and backward", seconds, r, 2.4);
  return sums_agree(graph, sums);
}

/// The log of the best path's product, edge by edge.
double best_log(const LayeredGraph& graph) {
  std::vector<double> best(static_cast<std::size_t>(graph.unit_count()), -std::numeric_limits<double>::infinity());
  const auto of = [&](std::size_t layer, std::int64_t unit) -> double& {
    return best[static_cast<std::size_t>(graph.vertex(layer, unit))];
  };
  for (std::int64_t u = 0; u < graph.layers().back().units; ++u) of(graph.layers().size() - 1, u) = 0;
  for (auto link = graph.links().rbegin(); link != graph.links().rend(); ++link)
    for (std::int64_t t = 0; t < graph.layers()[link->to].units; ++t)
      for (std::int64_t c = 0; c < link->group_sources; ++c) {
        double& source = of(link->from, link->first_source(t) + c);
        source = std::max(source, of(link->to, t) - graph.length(*link, t, c));
      }
  return *std::max_element(best.begin(), best.begin() + graph.layers().front().units);
}

bool bench_top_paths(const LayeredGraph& graph, const bench::Seconds& r) {
  constexpr std::int64_t k = 1000;
  TopPathsMask mask;
  const bench::Seconds seconds = bench::median_seconds(9, [&] { mask = top_paths_mask(graph, 0, {.paths = k}); });
  bench::print_ratio("top-paths, k = 1000", seconds, r, 6);
  fmt::print("  {} parameters, {} inputs, {} outputs\n", mask.kept, mask.inputs_used, mask.outputs_used);
  BestPaths paths(graph);
  double before = best_log(graph);
  bool right = mask.paths == k && std::abs(paths.next().value().product.log() - before) <= 1e-9 * std::abs(before);
  for (std::int64_t i = 1; i < k; ++i) {
    const double log = paths.next().value().product.log();
    right = right && log <= before + 1e-9;
    before = log;
  }
  return right;
}

bool bench_synflow() {
  const Network network = make_network("mlp:784-1000-1000-1000-1000-10");
  const LayeredGraph graph = initialised(network);
  const bench::Seconds r = announce(graph, network);
  const std::int64_t target = target_of(0.05, network.prunable());
  Mask mask;
  const bench::Seconds seconds =
      bench::median_seconds(5, [&] { mask = synflow_masks(graph, std::span(&target, 1)).front(); });
  bench::print_ratio("SynFlow, 100 rounds to 5 %", seconds, r, 250);
  // Flow is what SynFlow keeps: more than a magnitude mask of the same density.
  const double flow = path_sums(graph.masked(mask), PathValue::magnitude).total_log;
  const Mask largest = keep_largest(graph.parameters(), graph.weights(), target, Scope::global);
  return mask.kept() == target && flow > path_sums(graph.masked(largest), PathValue::magnitude).total_log;
}

}  // namespace

int main() try {
  bool right = true;
  {
    const Network network = make_network("vgg19");
    const LayeredGraph graph = initialised(network);
    const bench::Seconds r = announce(graph, network);
    right = bench_path_sums(graph, r) && right;
    right = bench_top_paths(graph, r) && right;
  }
  right = bench_synflow() && right;
  if (!right) fmt::print("wrong answers\n");
  return right ? 0 : 1;
} catch (const phew::Error& error) {
  fmt::print(stderr, "error: {}\n", error.what());
  return static_cast<int>(error.code());
}
