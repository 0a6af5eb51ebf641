// phew-graph theory stubs: Eq. 5–8 and the curves of Figures 7 and 8, beside a simulation.
#include "analysis/stub_simulation.hpp"
#include "analysis/theory.hpp"
#include "common/program.hpp"
#include "common/progress.hpp"
#include "common/table.hpp"
#include "graph/parallel.hpp"
#include "phew-graph/definitions_text.hpp"
#include "phew-graph/number_list.hpp"
#include "phew-graph/theory.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <mutex>
#include <optional>

namespace phew::tools {
namespace {

struct StubsCommand : Globals {
  std::string widths = "4,10,30,100";
  std::string ratios = "0.1:0.9:0.1,0.95:0.99:0.01";
  std::int64_t hidden_layers = 3;
  std::int64_t trials = 2'000;
  std::uint64_t seed = 0;
  bool csv = false;
};

/// One point of the curves.
struct Point {
  RandomPruning pruning;
  StubCounts counts;

  [[nodiscard]] double units() const { return static_cast<double>(pruning.hidden_units()); }
  [[nodiscard]] Estimate stubs() const { return stub_units_estimate(counts); }
  [[nodiscard]] Estimate any() const { return any_stub_estimate(counts); }
  /// Eq. 8 − simulation.
  [[nodiscard]] double gap() const { return any_stub_probability(pruning) - any().mean; }
  /// Between simulation and Eq. 6, in exact standard deviations of the mean: the sample's own is 0 where no trial has a
  /// stub. None where nothing is random.
  [[nodiscard]] std::optional<double> z() const {
    const double variance = stub_units_variance(pruning) / static_cast<double>(counts.trials);
    if (variance <= 0) return std::nullopt;
    return (stubs().mean - expected_stub_units(pruning)) / std::sqrt(variance);
  }
};

std::vector<Point> points_of(const StubsCommand& command) {
  std::vector<Point> points;
  for (const std::int64_t width : whole_number_list("--widths", command.widths, 1, 10'000))
    for (const double ratio : number_list("--pruning-ratios", command.ratios, 0, 1))
      points.push_back({{width, command.hidden_layers, ratio}, {}});
  return points;
}

/// All trials of all points, in pieces that threads share.
void simulate(const StubsCommand& command, std::vector<Point>& points) {
  constexpr std::int64_t piece = 100;  // trials
  const std::int64_t pieces = (command.trials + piece - 1) / piece;
  const auto total = static_cast<std::int64_t>(points.size()) * pieces;
  ProgressBar bar(command.quiet);
  std::int64_t done = 0;
  std::mutex mutex;
  parallel_for(command.thread_count(), total, [&](std::int64_t i) {
    Point& point = points[static_cast<std::size_t>(i / pieces)];
    const std::int64_t first = i % pieces * piece;
    const StubCounts counts =
        simulate_stubs(point.pruning, command.seed, first, std::min(piece, command.trials - first));
    const std::lock_guard lock(mutex);
    point.counts += counts;
    bar.update(++done * piece, total * piece, "trials");
  });
}

Json to_json(const Point& point) {
  const RandomPruning& p = point.pruning;
  const Estimate stubs = point.stubs(), any = point.any();
  const auto z = point.z();
  return {{"width", p.width},
          {"pruning_ratio", p.pruned},
          {"density", 1 - p.pruned},
          {"stub_probability",
           {{"theory", stub_probability(p)},
            {"simulated", stubs.mean / point.units()},
            {"standard_error", stubs.error / point.units()}}},
          {"stub_units",
           {{"theory", expected_stub_units(p)},
            {"simulated", stubs.mean},
            {"standard_error", stubs.error},
            {"z", z ? Json(*z) : Json()}}},
          {"any_stub",
           {{"theory", any_stub_probability(p)},
            {"simulated", any.mean},
            {"standard_error", any.error},
            {"gap", point.gap()}}}};
}

void print_document(const StubsCommand& command, const std::vector<Point>& points) {
  Json list = Json::array();
  for (const Point& point : points) list.push_back(to_json(point));
  print_json({{"schema", {{"name", "phew-graph/theory-stubs"}, {"version", 1}}},
              {"hidden_layers", command.hidden_layers},
              {"trials", command.trials},
              {"seed", command.seed},
              {"points", std::move(list)}});
}

/// A line of names, then a line for each point; numbers with ten digits.
void print_csv(const StubsCommand& command, const std::vector<Point>& points) {
  fmt::print(
      "width,hidden_layers,pruning_ratio,density,stub_probability,stub_probability_simulated,stub_probability_error,"
      "stub_units,stub_units_simulated,stub_units_error,any_stub,any_stub_simulated,any_stub_error,gap\n");
  for (const Point& point : points) {
    const RandomPruning& p = point.pruning;
    const Estimate stubs = point.stubs(), any = point.any();
    const double numbers[] = {p.pruned,
                              1 - p.pruned,
                              stub_probability(p),
                              stubs.mean / point.units(),
                              stubs.error / point.units(),
                              expected_stub_units(p),
                              stubs.mean,
                              stubs.error,
                              any_stub_probability(p),
                              any.mean,
                              any.error,
                              point.gap()};
    fmt::print("{},{},{:.10g}\n", p.width, command.hidden_layers, fmt::join(numbers, ","));
  }
}

void print_summary(const std::vector<Point>& points) {
  double largest_z = 0, lowest = 0, highest = 0;
  for (const Point& point : points) {
    largest_z = std::max(largest_z, std::abs(point.z().value_or(0)));
    lowest = std::min(lowest, point.gap());
    highest = std::max(highest, point.gap());
  }
  fmt::print(
      "\nEq. 5-6 are exact; the simulation lies within {:.2f} standard errors (z) of them at all {} points.\n"
      "Eq. 7-8 assume independent units; their gap to the simulation runs from {:.4f} to {:.4f}.\n",
      largest_z, points.size(), lowest, highest);
}

void print_text(const StubsCommand& command, const std::vector<Point>& points) {
  fmt::print("MLPs with {} hidden layers of N units, pruned at random; {} trials a point, seed {}; +-: std. error\n\n",
             command.hidden_layers, command.trials, command.seed);
  Table table({"N", "pruned", "Eq. 5", "found", "+-", "Eq. 6", "found", "+-", "z", "Eq. 8", "found", "+-", "gap"});
  for (const Point& point : points) {
    const RandomPruning& p = point.pruning;
    const Estimate stubs = point.stubs(), any = point.any();
    table.add({fmt::format("{}", p.width), fmt::format("{:.4g}", p.pruned), decimal(stub_probability(p)),
               decimal(stubs.mean / point.units()), decimal(stubs.error / point.units()),
               fmt::format("{:.3f}", expected_stub_units(p)), fmt::format("{:.3f}", stubs.mean),
               fmt::format("{:.3f}", stubs.error), point.z() ? fmt::format("{:.2f}", *point.z()) : "-",
               decimal(any_stub_probability(p)), decimal(any.mean), decimal(any.error), decimal(point.gap())});
  }
  fmt::print("{}", table.text());
  print_summary(points);
}

constexpr Definition definitions[] = {
    {"points.width", "N, units of every layer, inputs and outputs included.", "paper A.1"},
    {"points.pruning_ratio", "x: each parameter is pruned with this chance, independently. density is 1 - x.",
     "paper A.1"},
    {"points.stub_probability.theory", "2 x^N (1 - x^N): chance that a hidden unit is a stub (Figure 7). Exact.",
     "paper Eq. 5"},
    {"points.stub_units.theory", "That times the N L hidden units: expected number of stub units. Exact.",
     "paper Eq. 6"},
    {"points.stub_units.z",
     "(simulated - theory) / exact standard error of the simulated mean, which counts that units of neighbouring "
     "layers "
     "share a parameter; null where nothing is random.",
     "own"},
    {"points.any_stub.theory",
     "1 - (1 - P)^(N L): chance of at least one stub unit (Figure 8), if units were independent.", "paper Eq. 7-8"},
    {"points.any_stub.gap", "theory - simulated: what that assumption costs.", "own"},
    {"points.*.simulated", "Mean over the trials: random masks whose stub units are counted.", "own"},
    {"points.*.standard_error",
     "Of the simulated mean; for any_stub that of (k + 2)/(n + 4), k of n trials, which does not vanish at 0 and n.",
     "own; Agresti and Coull 1998"},
};

}  // namespace

void add_theory_stubs(CLI::App& theory) {
  CLI::App* command = theory.add_subcommand("stubs", "Stub units under random pruning (Eq. 5-8, Figures 7 and 8)");
  const auto options = std::make_shared<StubsCommand>();
  command->add_option("--widths", options->widths, "Units of each layer: 100, 4,100 or 20:100:40")
      ->capture_default_str();
  command->add_option("--pruning-ratios", options->ratios, "Shares of parameters to prune: 0.9, 0.5,0.9 or 0.5:0.9:0.1")
      ->capture_default_str();
  command->add_option("--hidden-layers", options->hidden_layers, "L; Figure 8 has 3")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{1'000}))
      ->capture_default_str();
  command->add_option("--trials", options->trials, "Random masks to draw at each point")
      ->check(CLI::Range(std::int64_t{2}, std::int64_t{1'000'000'000}))
      ->capture_default_str();
  command->add_option("--seed", options->seed, "Seed of the simulation")->check(seed_check())->capture_default_str();
  add_globals(*command, *options);
  command->add_flag("--csv", options->csv, "Print data as CSV")->excludes("--json");
  command->footer(definitions_text(definitions, "data/schema/theory-stubs.json"));
  command->callback([=] {
    std::vector<Point> points = points_of(*options);
    simulate(*options, points);
    if (options->json)
      print_document(*options, points);
    else if (options->csv)
      print_csv(*options, points);
    else
      print_text(*options, points);
  });
}

}  // namespace phew::tools
