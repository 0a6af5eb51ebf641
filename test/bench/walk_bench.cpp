// walk_bench [--growth] [--json]: the speed and the memory of walks, beside their goals (ratios to R; one thread unless
// said); or how they grow with width, depth and density.
#include "bench/bench.hpp"
#include "graph/initializer.hpp"
#include "graph/reach.hpp"
#include "graph/zoo.hpp"
#include "walks/phew.hpp"

#include <malloc.h>

namespace {

using namespace phew;
using bench::Report;

constexpr std::size_t runs = 9;

LayeredGraph initialised(const char* name) {
  const Network network = make_network(name);
  return LayeredGraph(network, initial_weights(network, {}, 0, 2));
}

std::int64_t bytes_of_weights(const LayeredGraph& graph) { return graph.prunable() * 4; }

/// A mask of walks keeps what it says and nothing that is not effective.
void check_mask(Report& report, const LayeredGraph& graph, const WalkMask& found, std::int64_t target) {
  const LayeredGraph masked = graph.masked(found.mask);
  report.check(found.kept >= target && found.mask.kept() == found.kept, "kept count");
  report.check(effective_mask(masked, reach(masked)) == found.mask, "an ineffective parameter");
}

void whole_masks(Report& report, const char* name, std::vector<std::pair<double, std::optional<double>>> goals) {
  const LayeredGraph graph = initialised(name);
  const double r = bench::seconds_of_r(graph.weights());
  report.add(fmt::format("{}: R", name), 1e3 * r, "ms");
  const double prepare = bench::median_seconds(runs, [&] { (void)Walker(graph, {}, 1); }).wall;
  const bool dense = graph.links().front().kernel == 1;
  report.add(fmt::format("{}: preparation", name), prepare / r, "R", dense ? 1.2 : 1.5);
  const Walker walker(graph, {}, 1);
  report.add(fmt::format("{}: memory of preparation / weights", name),
             static_cast<double>(walker.memory()) / static_cast<double>(bytes_of_weights(graph)), "",
             dense ? 0.13 : 0.25);
  for (const auto& [density, goal] : goals) {
    const std::int64_t target = target_of(density, graph.prunable());
    std::optional<WalkMask> found;
    const double whole = bench::median_seconds(runs, [&] { found = phew_mask(graph, {.density = density}); }).wall;
    check_mask(report, graph, *found, target);
    report.add(fmt::format("{}: whole mask at {:g} %", name, 100 * density), whole / r, "R", goal);
    const double sample = bench::median_seconds(runs, [&] { (void)keep_walks(walker, target, 0); }).wall;
    const double two = bench::median_seconds(runs, [&] { (void)keep_walks(walker, target, 0, 2); }).wall;
    report.add(fmt::format("{}: walks at {:g} %", name, 100 * density), static_cast<double>(found->walks), "walks");
    report.add(fmt::format("{}: sampling and marking at {:g} %", name, 100 * density), sample / r, "R");
    report.add(fmt::format("{}: two threads against one at {:g} %", name, 100 * density), sample / two, "×", 1.5,
               Report::Goal::at_least);
    report.add(fmt::format("{}: wasted walks at {:g} %", name, 100 * density),
               static_cast<double>(found->drawn - found->walks), "walks",
               std::max(0.01 * static_cast<double>(found->walks), 256.0));
  }
}

/// Steps a second and core, of walks alone: nothing is marked.
void steps_a_second(Report& report, const char* name, double goal) {
  const LayeredGraph graph = initialised(name);
  const Walker walker(graph, {}, 2);
  constexpr std::size_t count = 16384;
  std::vector<WalkEnds> ends(count);
  for (std::size_t i = 0; i < count; ++i) {
    const auto starts = walker.starts(direction_of(i));
    ends[i] = {i, starts[i / 2 % starts.size()], 0};
  }
  WalkSteps steps;
  const double seconds = bench::median_seconds(runs, [&] {
                           for (std::size_t first = 0; first < count; first += 1024)
                             walker.draw(0, std::span(ends).subspan(first, 1024), steps);
                         }).wall;
  std::size_t all = 0;
  for (std::size_t first = 0; first < count; first += 1024) {
    walker.draw(0, std::span(ends).subspan(first, 1024), steps);
    for (std::size_t i = 0; i < 1024; ++i) all += steps[i].size();
  }
  report.add(fmt::format("{}: steps a second and core", name), 1e-6 * static_cast<double>(all) / seconds, "M/s", goal,
             Report::Goal::at_least);
}

/// One point of a series: what varies, and what was measured there.
struct Point {
  double x = 0;
  double prepare = 0, sample = 0;  ///< seconds
  double memory = 0;               ///< bytes of preparation
};

Point measure(const LayeredGraph& graph, double x, double density) {
  Point point{x};
  point.prepare = bench::median_seconds(5, [&] { (void)Walker(graph, {}, 1); }).wall;
  const Walker walker(graph, {}, 1);
  const std::int64_t target = target_of(density, graph.prunable());
  point.sample = bench::median_seconds(5, [&] { (void)keep_walks(walker, target, 0); }).wall;
  point.memory = static_cast<double>(walker.memory());
  return point;
}

/// The exponent e of y ∝ x^e by least squares on logarithms.
double exponent(const std::vector<Point>& points, double Point::*y) {
  double n = 0, sx = 0, sy = 0, sxx = 0, sxy = 0;
  for (const Point& point : points) {
    const double a = std::log(point.x), b = std::log(point.*y);
    n += 1, sx += a, sy += b, sxx += a * a, sxy += a * b;
  }
  return (n * sxy - sx * sy) / (n * sxx - sx * sx);
}

void add_series(Report& report, const std::string& what, const std::vector<Point>& points) {
  for (const Point& point : points) {
    const std::string at = fmt::format("{} {:g}", what, point.x);
    report.add(at + ": preparation", 1e3 * point.prepare, "ms");
    report.add(at + ": sampling", 1e3 * point.sample, "ms");
    report.add(at + ": memory", 1e-6 * point.memory, "MB");
  }
  report.add(what + ": exponent of preparation", exponent(points, &Point::prepare), "");
  report.add(what + ": exponent of sampling", exponent(points, &Point::sample), "");
  report.add(what + ": exponent of memory", exponent(points, &Point::memory), "");
}

void growth(Report& report) {
  std::vector<Point> width, depth, density;
  for (const int w : {256, 512, 1024, 2048, 4096})
    width.push_back(measure(initialised(fmt::format("mlp:{}x4", w).c_str()), w, 0.02));
  add_series(report, "mlp:Wx4 at 2 %, width", width);
  for (const int d : {2, 4, 8, 16, 32})
    depth.push_back(measure(initialised(fmt::format("mlp:512x{}", d + 1).c_str()), d, 0.02));
  add_series(report, "mlp:512x(D+1) at 2 %, depth", depth);
  const LayeredGraph vgg = initialised("vgg19-bn");
  for (const double p : {0.005, 0.01, 0.02, 0.05, 0.1, 0.2}) density.push_back(measure(vgg, p, p));
  add_series(report, "vgg19-bn, density", density);
}

}  // namespace

int main(int argc, char** argv) {
  // Keep freed memory: what is timed is the work, not the kernel's clearing of pages.
  mallopt(M_MMAP_THRESHOLD, 32 << 20);
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
  Report report(argc, argv);
  if (std::any_of(argv + 1, argv + argc, [](const char* a) { return std::string_view(a) == "--growth"; })) {
    growth(report);
    return report.exit_code();
  }
  whole_masks(report, "vgg19-bn", {{0.005, 2.5}, {0.02, 5}, {0.1, 22}});
  steps_a_second(report, "resnet20", 40);
  steps_a_second(report, "vgg19-bn", 20);
  steps_a_second(report, "mlp:4096x8", 12);
  whole_masks(report, "mlp:4096x8", {{0.005, {}}});
  return report.exit_code();
}
