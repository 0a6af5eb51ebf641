// scores_bench: sweeps and the ways to a mask that follow from them, as ratios to R.
#include "bench/bench.hpp"
#include "graph/error.hpp"
#include "graph/initializer.hpp"
#include "graph/path_sums.hpp"
#include "graph/zoo.hpp"

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

bool bench_path_sums() {
  const Network network = make_network("vgg19");
  const LayeredGraph graph = initialised(network);
  const bench::Seconds r = announce(graph, network);
  PathSums sums;
  bool right = true;
  for (const PathValue value : {PathValue::magnitude, PathValue::square}) {
    const bench::Seconds seconds = bench::median_seconds(15, [&] { sums = path_sums(graph, value); });
    bench::print_ratio(value == PathValue::square ? "path sums of w^2, both ways" : "path sums of |w|, both ways",
                       seconds, r, 2.4);
    right = right && sums_agree(graph, sums);
  }
  return right;
}

}  // namespace

int main() try {
  bool right = bench_path_sums();
  if (!right) fmt::print("wrong answers\n");
  return right ? 0 : 1;
} catch (const phew::Error& error) {
  fmt::print(stderr, "error: {}\n", error.what());
  return static_cast<int>(error.code());
}
