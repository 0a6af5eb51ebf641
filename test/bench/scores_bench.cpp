// scores_bench [--json]: sweeps and the ways to a mask that follow from them, as ratios to R.
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

double announce(bench::Report& report, const LayeredGraph& graph, const Network& network) {
  const double r = bench::seconds_of_r(graph.weights());
  report.add(network.name() + ": R", 1e3 * r, "ms");
  return r;
}

/// Total EWP: the forward sums of the outputs and the backward sums of the inputs say the same.
bool sums_agree(const LayeredGraph& graph, const PathSums& sums) {
  double inputs = 0;
  for (const double b : sums.backward.front().value) inputs += b;
  const double log = std::log(inputs) + sums.backward.front().log_scale();
  return graph.layers().front().input && std::abs(log - sums.total_log) <= 1e-11 * std::abs(log);
}

void bench_path_sums(bench::Report& report, const LayeredGraph& graph, double r) {
  PathSums sums;
  const double seconds = bench::median_seconds(15, [&] { sums = path_sums(graph, PathValue::magnitude); }).wall;
  report.add("vgg19: EWP sums, forward and backward", seconds / r, "R", 2.4);
  report.check(sums_agree(graph, sums), "total EWP from either end");
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

void bench_top_paths(bench::Report& report, const LayeredGraph& graph, double r) {
  constexpr std::int64_t k = 1000;
  TopPathsMask mask;
  const double seconds = bench::median_seconds(9, [&] { mask = top_paths_mask(graph, 0, {.paths = k}); }).wall;
  report.add("vgg19: top-paths, k = 1000", seconds / r, "R", 6);
  report.note(fmt::format("  {} parameters, {} inputs, {} outputs", mask.kept, mask.inputs_used, mask.outputs_used));
  BestPaths paths(graph);
  double before = best_log(graph);
  bool right = mask.paths == k && std::abs(paths.next().value().product.log() - before) <= 1e-9 * std::abs(before);
  for (std::int64_t i = 1; i < k; ++i) {
    const double log = paths.next().value().product.log();
    right = right && log <= before + 1e-9;
    before = log;
  }
  report.check(right, "best paths in falling order");
}

void bench_synflow(bench::Report& report) {
  const Network network = make_network("mlp:784-1000-1000-1000-1000-10");
  const LayeredGraph graph = initialised(network);
  const double r = announce(report, graph, network);
  const std::int64_t target = target_of(0.05, network.prunable());
  Mask mask;
  const double seconds =
      bench::median_seconds(5, [&] { mask = synflow_masks(graph, std::span(&target, 1)).front(); }).wall;
  report.add("mlp:784-1000x4-10: SynFlow, 100 rounds to 5 %", seconds / r, "R", 250);
  // Flow is what SynFlow keeps: more than a magnitude mask of the same density.
  const double flow = path_sums(graph.masked(mask), PathValue::magnitude).total_log;
  const Mask largest = keep_largest(graph.parameters(), graph.weights(), target, Scope::global);
  report.check(mask.kept() == target && flow > path_sums(graph.masked(largest), PathValue::magnitude).total_log,
               "SynFlow's count and flow");
}

}  // namespace

int main(int argc, char** argv) try {
  bench::Report report(argc, argv);
  {
    const Network network = make_network("vgg19");
    const LayeredGraph graph = initialised(network);
    const double r = announce(report, graph, network);
    bench_path_sums(report, graph, r);
    bench_top_paths(report, graph, r);
  }
  bench_synflow(report);
  return report.exit_code();
} catch (const phew::Error& error) {
  fmt::print(stderr, "error: {}\n", error.what());
  return static_cast<int>(error.code());
}
