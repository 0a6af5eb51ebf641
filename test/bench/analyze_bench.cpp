// analyze_bench [--json]: the analyses of VGG19 at 2 %, as ratios to R or to reads of the masks; one thread.
#include "analysis/report.hpp"
#include "analysis/similarity.hpp"
#include "bench/bench.hpp"
#include "graph/error.hpp"
#include "graph/initializer.hpp"
#include "graph/path_sums.hpp"
#include "graph/zoo.hpp"
#include "walks/phew.hpp"

#include <cstdlib>
#include <limits>
#include <malloc.h>
#include <new>

namespace {

/// Bytes that the program holds from operator new, and the most that it ever held.
std::size_t held = 0, most_held = 0;

}  // namespace

void* operator new(std::size_t size) {
  void* const p = std::malloc(size);
  if (p == nullptr) throw std::bad_alloc();
  held += malloc_usable_size(p);
  most_held = std::max(most_held, held);
  return p;
}
void operator delete(void* p) noexcept {
  held -= malloc_usable_size(p);
  std::free(p);
}
void operator delete(void* p, std::size_t) noexcept { operator delete(p); }

namespace {

using namespace phew;

constexpr int turns = 25, calls_a_turn = 3;

/// The least processor time of several calls, and of passes over the weights, in turn: others may use the machine, too.
class Turns {
 public:
  Turns(bench::Report& report, const Weights& weights) : report_(report), weights_(weights) {}

  template <typename F>
  double ratio_to_r(F&& f) const {
    volatile double sink = 0;
    double r = std::numeric_limits<double>::infinity(), least = r;
    for (int turn = 0; turn < turns; ++turn) {
      r = std::min(r, seconds([&] { sink = bench::abs_sum(weights_); }));
      for (int call = 0; call < calls_a_turn; ++call) least = std::min(least, seconds(f));
    }
    return least / r;
  }
  /// A structure analysis, which reads the mask, or edge bits of so many times its size.
  template <typename F>
  void structure(const std::string& what, double reads, F&& f) const {
    report_.add(what, ratio_to_r(f), "R", 0.1);
    report_.add(what + ": reads of the mask", reads, "", 3);
  }
  template <typename F>
  void add(const std::string& what, double goal, F&& f) const {
    report_.add(what, ratio_to_r(f), "R", goal);
  }

  template <typename F>
  static double seconds(F&& f) {
    const std::clock_t start = std::clock();
    f();
    return static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
  }

 private:
  bench::Report& report_;
  const Weights& weights_;
};

LayeredGraph ticket(const Network& network, double density, std::uint64_t seed = 0) {
  const LayeredGraph dense(network, initial_weights(network, {}, 0, 1));
  return dense.masked(phew_mask(dense, {.density = density, .seed = seed}).mask);
}

std::size_t words_of(const Mask& mask) {
  std::size_t words = 0;
  for (std::size_t t = 0; t < mask.tensor_count(); ++t) words += mask[t].words().size();
  return words;
}

std::size_t words_of_edges(const LayeredGraph& graph) {
  std::size_t words = 0;
  for (std::size_t l = 0; l < graph.links().size(); ++l)
    if (!graph.links()[l].fixed()) words += graph.sources_by_target(l).words().size();
  return words;
}

void build_edge_bits(const LayeredGraph& graph) {
  for (std::size_t l = 0; l < graph.links().size(); ++l)
    if (!graph.links()[l].fixed()) (void)graph.targets_by_source(l);
}

std::int64_t edges_of_degrees(const LayeredGraph& graph) {
  double edges = 0;
  for (const Link& link : graph.links()) {
    if (link.fixed()) continue;
    const LinkDegrees d = link_degrees(graph, link);
    edges += d.out.mean * static_cast<double>(graph.layers()[link.from].units);
  }
  return std::llround(edges);
}

/// Each by itself, with edge bits already there; they are built once for all, which is timed first.
void bench_structure(bench::Report& report, const Turns& turn, const LayeredGraph& graph) {
  std::vector<LayeredGraph> fresh;
  for (int i = 0; i < turns * calls_a_turn; ++i) fresh.push_back(graph.masked(graph.mask()));
  const double edge_words = static_cast<double>(words_of_edges(graph)) / static_cast<double>(words_of(graph.mask()));
  std::size_t next = 0;
  turn.structure("edge bits, both ways, once for all analyses", 1 + 2 * edge_words,
                 [&] { build_edge_bits(fresh[next++]); });
  fresh.clear();

  std::int64_t edges = 0, kept = 0, counted = 0;
  for (const Link& link : graph.links()) counted += graph.edge_count(link);
  turn.structure("degrees", 2 * edge_words, [&] { edges = edges_of_degrees(graph); });
  report.check(edges == counted, "sum of degrees");

  Reach r;
  turn.structure("reach", 2 * edge_words, [&] { r = reach(graph); });
  turn.structure("stub and dead units", 0,
                 [&] { edges = std::ssize(stub_units(graph, r)) + std::ssize(dead_units(graph, r)); });
  turn.structure("effective parameters", 1, [&] {
    kept = 0;
    for (const std::int64_t n : effective_counts(graph, r)) kept += n;
  });
  report.check(kept == graph.mask().kept(), "all parameters of a walk mask are effective");
  turn.structure("effective mask", 2, [&] { kept = effective_mask(graph, r).tensor_count() > 0; });
  report.check(effective_mask(graph, r) == graph.mask(), "effective mask of a walk mask");
  turn.structure("collapse", 1, [&] { kept = graph.mask().kept(); });
  Components components;
  turn.structure("components", 2 * edge_words, [&] { components = connected_components(graph); });
  report.check(components.largest() + components.isolated == graph.unit_count(), "walks join one component");
}

void bench_sums(bench::Report& report, const Turns& turn, const LayeredGraph& graph) {
  PathSums sums;
  turn.add("EWP sums at 2 %, forward and backward", 2.4, [&] { sums = path_sums(graph, PathValue::magnitude); });
  const LayeredGraph dense = LayeredGraph(make_network("vgg19")).weighted(graph.weights());
  turn.add("EWP sums of all weights, forward and backward", 2.4,
           [&] { sums = path_sums(dense, PathValue::magnitude); });
  double inputs = 0;
  for (const double b : sums.backward.front().value) inputs += b;
  const double log = std::log(inputs) + sums.backward.front().log_scale();
  report.check(std::abs(log - sums.total_log) <= 1e-11 * std::abs(log), "total EWP from either end");
}

/// Against one read of both masks, word by word.
void bench_similarity(bench::Report& report, const Mask& a, const Mask& b) {
  volatile std::uint64_t sink = 0;
  double read = std::numeric_limits<double>::infinity(), least = read;
  Similarity s;
  for (int turn = 0; turn < turns * calls_a_turn; ++turn) {
    read = std::min(read, Turns::seconds([&] {
                      std::uint64_t all = 0;
                      for (std::size_t t = 0; t < a.tensor_count(); ++t)
                        for (std::size_t w = 0; w < a[t].words().size(); ++w) all ^= a[t].words()[w] ^ b[t].words()[w];
                      sink = all;
                    }));
    least = std::min(least, Turns::seconds([&] { s = similarity(a, b); }));
  }
  report.add("Jaccard of two masks", least / read, "reads", 2.5);
  std::int64_t both = 0;
  for (std::size_t t = 0; t < a.tensor_count(); ++t)
    for (std::int64_t row = 0; row < a[t].rows(); ++row)
      for_each_set(a[t].row(row), [&](std::int64_t p) { both += b[t].test(row, p); });
  const auto either = a.kept() + b.kept() - both;
  report.check(s.whole.value == static_cast<double>(both) / static_cast<double>(either), "Jaccard");
}

/// All that `phew-graph analyze` computes by default but the minimum cut, each time from the mask.
void bench_whole(bench::Report& report, const Turns& turn, const Network& network, const LayeredGraph& graph) {
  Analysis analysis;
  turn.add("whole analysis, without minimum cut", 4,
           [&] { analysis = analyze(network, graph.masked(graph.mask()), {.cut = false}); });
  report.check(analysis.profile.network.counts.effective == graph.mask().kept() && analysis.profile.network.connected,
               "a walk mask is sound");
  std::size_t before = held;
  most_held = held;
  { (void)analyze(network, graph.masked(graph.mask()), {.cut = false}); }
  const double mask = 8 * static_cast<double>(words_of(graph.mask()));
  const double weights = 4 * static_cast<double>(graph.prunable());
  report.add("memory of it beside weights and mask / weights",
             (static_cast<double>(most_held - before) - mask) / weights, "", 0.1);
  most_held = before = held;
  { (void)minimum_hidden_cut(graph, reach(graph)); }
  report.add("memory of the minimum cut / weights", static_cast<double>(most_held - before) / weights, "");
}

void bench_cut(bench::Report& report, const char* name) {
  const LayeredGraph graph = ticket(make_network(name), 0.02);
  std::optional<HiddenCut> cut;
  double least = std::numeric_limits<double>::infinity();
  for (int i = 0; i < 5; ++i)
    least = std::min(least, Turns::seconds([&] { cut = minimum_hidden_cut(graph, reach(graph)); }));
  report.add(std::string(name) + ": minimum cut at 2 %", 1e3 * least, "ms", 1000);
  report.check(cut && cut->size() > 0, "a walk mask is connected");
}

}  // namespace

int main(int argc, char** argv) try {
  // Keep freed memory: what is timed is the work, not the kernel's clearing of pages.
  mallopt(M_MMAP_THRESHOLD, 1 << 30);
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
  bench::Report report(argc, argv);
  const Network network = make_network("vgg19");
  const LayeredGraph graph = ticket(network, 0.02);
  const Turns turn(report, graph.weights());
  report.add("vgg19: R", 1e3 * bench::seconds_of_r(graph.weights()), "ms");
  bench_structure(report, turn, graph);
  bench_sums(report, turn, graph);
  bench_similarity(report, graph.mask(), ticket(network, 0.02, 1).mask());
  bench_whole(report, turn, network, graph);
  bench_cut(report, "vgg19");
  bench_cut(report, "resnet34");
  return report.exit_code();
} catch (const phew::Error& error) {
  fmt::print(stderr, "error: {}\n", error.what());
  return static_cast<int>(error.code());
}
