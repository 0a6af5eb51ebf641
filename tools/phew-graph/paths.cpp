// phew-graph paths NET [--mask FILE]: what the paths of a network carry, and which carry the most.
#include "analysis/path_report.hpp"
#include "common/mask_sources.hpp"
#include "common/network_options.hpp"
#include "common/table.hpp"
#include "graph/io/atomic_file.hpp"
#include "phew-graph/commands.hpp"
#include "phew-graph/definitions_text.hpp"
#include "phew-graph/number_list.hpp"
#include "phew-graph/unit_shares.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <numbers>

namespace phew::tools {
namespace {

struct PathsCommand : NetworkOptions, Globals {
  bool kernel_level = false;
  PathOptions paths;
  std::string quantiles = "0.01,0.05,0.25,0.5,0.75,0.95,0.99";
  std::vector<std::string> list_units;
  std::string csv;  ///< file; empty: none
};

/// One mask's report and where it came from.
struct Result {
  LayeredGraph graph;
  PathReport report;
  AnalysisSource source;
};

Result report(const PathsCommand& command) {
  PathOptions options = command.paths;
  options.level = command.kernel_level ? PathLevel::kernel : PathLevel::parameter;
  options.quantiles = number_list("--quantiles", command.quantiles, 0.0001, 0.9999);
  const LoadedNetwork loaded_network = load_network(command, command);
  const Network& network = loaded_network.network;
  if (command.weights.empty() && loaded_network.weights.empty()) options.initializer = parse_initializer(command.init);
  LoadedWeights loaded = load_weights(command, loaded_network, command);
  AnalysisSource source{network.name(), loaded.source, std::nullopt};
  LayeredGraph graph(network, std::move(loaded.weights));
  if (!command.mask.empty()) {
    source.mask = command.mask;
    graph = graph.masked(read_mask_for(command.mask, network, hash_of(graph.weights()),
                                       {.zeros_are_pruned = command.zeros_are_pruned},
                                       [&](const std::string& line) { command.notice(line); }));
  }
  PathReport found = path_report(graph, options);
  return {std::move(graph), std::move(found), std::move(source)};
}

/// A natural logarithm as a power of ten.
std::string power_of_ten(const std::optional<double>& log) {
  return log ? fmt::format("10^{:.2f}", *log * std::numbers::log10e) : "none";
}

/// "12", or "10^45.20" of a number too large for that, or "none".
std::string count_text(const std::optional<std::int64_t>& count, const std::optional<double>& log10) {
  if (count && *count < 1'000'000'000) return *count == 0 ? "none" : fmt::format("{}", *count);
  return log10 ? fmt::format("10^{:.2f}", *log10) : "none";
}

/// An integer of any length, in as many lines as it takes.
void print_digits(const std::string& digits) {
  constexpr std::size_t width = 78;
  for (std::size_t i = 0; i < digits.size(); i += width)
    fmt::print("{:<22}{}\n", i == 0 ? "  exactly" : "", digits.substr(i, width));
}

void print_whole(const PathReport& r) {
  const auto line = [](const char* name, const std::string& value) { fmt::print("{:<22}{}\n", name, value); };
  const PathStatistics& s = r.statistics;
  line("paths", count_text(s.paths(), s.paths_log10()) + (r.level == PathLevel::kernel ? " of kernels" : ""));
  if (r.exact) print_digits(r.exact->paths.str());
  line("paths of EWP 0", count_text(s.zero_paths(), s.zero_paths_log10()));
  line("EWP, all paths", power_of_ten(r.ewp_log));
  line("EWP, mean of a path", power_of_ten(r.mean_ewp_log()));
  if (r.expected)
    line("  expected (Eq. 4)", fmt::format("{} if no mask looked at the weights; {} of a walk biased by |w|",
                                           power_of_ten(r.expected->uniform), power_of_ten(r.expected->biased)));
  if (const auto log = s.log_ewp())
    line("ln EWP",
         fmt::format("mean {:.4f}, std {:.4f}, from {:.4f} to {:.4f}", log->mean, log->std, log->least, log->most));
}

void print_quantiles(const PathReport& r) {
  if (r.quantiles.empty()) return;
  const auto end = [](const std::optional<double>& value) { return value ? fmt::format("{:.4f}", *value) : "-"; };
  Table table({"quantile", "ln EWP", "std. error", "95 % from", "to"});
  for (const QuantileEstimate& q : r.quantiles)
    table.add({fmt::format("{:.4g}", q.probability), fmt::format("{:.4f}", q.value),
               fmt::format("{:.4f}", q.standard_error), end(q.low), end(q.high)});
  fmt::print("\n{}from {} paths sampled uniformly, seed {}\n", table.text(), r.samples, r.seed);
}

void print_shares(const Result& result) {
  const auto& shares = result.report.shares;
  if (!shares) return;
  Table layers({"layer", "units", "share of EWP", "largest of a unit", "effective width"});
  for (std::size_t l = 0; l < shares->units.size(); ++l) {
    const Layer& layer = result.graph.layers()[l];
    const LayerShare share = layer_share(shares->units[l]).value_or(LayerShare{});
    layers.add({layer.name, fmt::format("{}", layer.units), decimal(share.sum), decimal(share.largest),
                fmt::format("{:.1f}", share.effective_width)});
  }
  fmt::print("\n{}", layers.text());
  // Of a chain every link carries all: no news.
  if (std::ranges::all_of(shares->links, [](double s) { return s > 0.99999; })) return;
  Table links({"link", "share of EWP"});
  for (std::size_t l = 0; l < shares->links.size(); ++l)
    links.add({result.graph.links()[l].name, decimal(shares->links[l])});
  fmt::print("\n{}", links.text());
}

void print_top(const Result& result) {
  const std::vector<BestPath>& top = result.report.top;
  if (top.empty()) return;
  fmt::print("\nthe {} of the largest EWP:\n", top.size() == 1 ? "path" : fmt::format("{} paths", top.size()));
  for (std::size_t i = 0; i < top.size(); ++i)
    fmt::print("{:>4}  {}  (ln EWP {:.4f})\n{}", i + 1, power_of_ten(top[i].product.log()), top[i].product.log(),
               wrapped(fmt::format("{}", fmt::join(unit_names(result.graph, top[i]), " > ")), 6));
}

void print_text(const PathsCommand& command, const Result& result) {
  fmt::print("{}, {}\nweights: {}\n\n", result.source.network,
             result.source.mask ? "mask " + *result.source.mask : "dense", *result.source.weights);
  print_whole(result.report);
  print_quantiles(result.report);
  print_shares(result);
  if (!command.list_units.empty()) print_unit_shares(result.graph, result.report.shares);
  print_top(result);
}

std::string quoted(const std::string& text) {
  std::string result = "\"";
  for (const char c : text) result += c == '"' ? std::string("\"\"") : std::string(1, c);
  return result + '"';
}

/// One table: a row for each of the best paths, then one for each quantile.
std::string csv_text(const Result& result) {
  std::string text = "kind,rank,quantile,ewp_log,standard_error,low,high,units,parameters\n";
  const std::vector<BestPath>& top = result.report.top;
  for (std::size_t i = 0; i < top.size(); ++i)
    text += fmt::format(
        "top,{},,{:.17g},,,,{},{}\n", i + 1, top[i].product.log(),
        quoted(fmt::format("{}", fmt::join(unit_names(result.graph, top[i]), ";"))),
        quoted(fmt::format("{}", fmt::join(parameter_names(result.graph, top[i], result.report.level), ";"))));
  const auto end = [](const std::optional<double>& value) { return value ? fmt::format("{:.17g}", *value) : ""; };
  for (const QuantileEstimate& q : result.report.quantiles)
    text += fmt::format("quantile,,{:.10g},{:.17g},{:.10g},{},{},,\n", q.probability, q.value, q.standard_error,
                        end(q.low), end(q.high));
  return text;
}

void run(const PathsCommand& command) {
  const Result result = report(command);
  if (!command.csv.empty()) write_file(command.csv, csv_text(result));
  if (command.json)
    print_json(to_json(result.graph, result.report, result.source, !command.list_units.empty()));
  else
    print_text(command, result);
}

}  // namespace

void add_paths(CLI::App& app) {
  CLI::App* command = app.add_subcommand("paths", "Edge-weight products of all paths, and the paths of the largest");
  const auto options = std::make_shared<PathsCommand>();
  add_network_options(*command, *options);
  add_mask_options(*command, *options);
  command->add_option("--top", options->paths.top, "List the K paths of the largest edge-weight product")
      ->check(CLI::Range(std::int64_t{0}, std::int64_t{1'000'000}))
      ->type_name("K")
      ->capture_default_str();
  command->add_flag("--kernel-level", options->kernel_level,
                    "Paths of edges, each worth the sum of |w| over its kernel, not of single parameters");
  command->add_flag("--exact-paths", options->paths.exact_counts, "Count the paths to the last digit");
  command->add_option("--samples", options->paths.samples, "Paths to sample for the quantiles; 0: no quantiles")
      ->check(CLI::Range(std::int64_t{0}, std::int64_t{100'000'000}))
      ->type_name("N")
      ->capture_default_str();
  command->add_option("--seed", options->paths.seed, "Seed of the sample")->check(seed_check())->capture_default_str();
  command->add_option("--quantiles", options->quantiles, "Of ln EWP: 0.5, 0.25,0.5,0.75 or 0.1:0.9:0.1")
      ->capture_default_str();
  command->add_option("--list-units", options->list_units, "List units: ewp, each with its share of the EWP")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(CLI::IsMember({"ewp"}));
  command->add_option("--csv", options->csv, "Write the best paths and the quantiles to this file, too")
      ->type_name("FILE");
  add_globals(*command, *options);
  command->footer(definitions_text(paths_definitions(), "data/schema/paths.json"));
  command->callback([=] { run(*options); });
}

}  // namespace phew::tools
