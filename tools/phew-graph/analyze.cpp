// phew-graph analyze NET [--mask FILE|FOLDER]: stub units, collapse, effective density, paths, bottleneck.
#include "analysis/analysis_page.hpp"
#include "analysis/dot.hpp"
#include "analysis/report.hpp"
#include "common/interrupt.hpp"
#include "common/mask_sources.hpp"
#include "common/network_options.hpp"
#include "common/progress.hpp"
#include "common/table.hpp"
#include "graph/initializer.hpp"
#include "graph/io/atomic_file.hpp"
#include "graph/io/mask_file.hpp"
#include "phew-graph/commands.hpp"
#include "phew-graph/critical_density.hpp"
#include "phew-graph/csv.hpp"
#include "phew-graph/definitions_text.hpp"
#include "phew-graph/unit_shares.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <memory>

namespace phew::tools {
namespace {

namespace fs = std::filesystem;

struct AnalyzeCommand : NetworkOptions, Globals {
  bool structure_only = false;
  bool degrees = false;
  AnalysisOptions analyses;
  std::vector<std::string> fail_on;
  std::vector<std::string> list_units;
  std::string csv, dot, html;  ///< files; empty: none
  SweepOptions sweep;

  [[nodiscard]] bool lists(const char* kind) const { return std::ranges::count(list_units, kind) > 0; }
};

using Result = AnalyzedMask;

bool meets(const Analysis& analysis, const std::string& condition) {
  const NetworkProfile& n = analysis.profile.network;
  if (condition == "stub") return n.stub_units > 0;
  if (condition == "collapse") return !n.collapsed_links.empty();
  return !n.connected;
}

std::string whole(std::int64_t number) { return fmt::format("{}", number); }

/// A natural logarithm as a power of ten.
std::string power_of_ten(const std::optional<double>& log) {
  return log ? fmt::format("10^{:.2f}", *log * std::log10(std::exp(1.0))) : "none";
}

/// "57 units (layer 2: 57)".
std::string cut_text(const LayeredGraph& graph, const Analysis& analysis) {
  if (!analysis.cut) return "none: some path has no hidden unit";
  std::vector<std::string> parts;
  for (std::size_t l = 0; l < graph.layers().size(); ++l) {
    const auto units =
        std::ranges::count_if(analysis.cut->units, [&](std::int64_t v) { return graph.unit(v).layer == l; });
    if (units > 0) parts.push_back(fmt::format("{}: {}", graph.layers()[l].name, units));
  }
  if (parts.empty()) return "0 units";
  return shortened(fmt::format("{} units (of layer {})", analysis.cut->size(), fmt::join(parts, ", ")), 76);
}

void print_whole(const Result& result) {
  const NetworkProfile& n = result.analysis.profile.network;
  const PathTotals& totals = result.analysis.totals;
  const auto line = [](const char* name, const std::string& value) { fmt::print("{:<22}{}\n", name, value); };
  line("kept", fmt::format("{} of {} (density {:.6g})", n.counts.kept, n.counts.prunable, n.counts.density()));
  line("effective", fmt::format("{} (effective density {:.6g})", n.counts.effective, n.counts.effective_density()));
  line("stub units", fmt::format("{} ({:.4g} expected of random pruning at the links' densities)", n.stub_units,
                                 result.analysis.expected_stubs.whole));
  line("dead units", whole(n.dead_units));
  line("unused", fmt::format("{} inputs, {} outputs", n.unused_inputs, n.unused_outputs));
  line("collapsed links",
       n.collapsed_links.empty() ? "none" : shortened(fmt::format("{}", fmt::join(n.collapsed_links, ", ")), 76));
  line("paths", totals.paths_log10 ? fmt::format("10^{:.2f}", *totals.paths_log10) : "none");
  if (result.source.weights) {
    line("EWP, all paths", power_of_ten(totals.ewp_log));
    const std::string mean = power_of_ten(result.analysis.mean_ewp_log());
    const auto& expected = result.analysis.expected_ewp;
    line("EWP, mean of a path", expected ? fmt::format("{} ({} expected by Eq. 4 if no mask looked at the weights)",
                                                       mean, power_of_ten(expected->uniform))
                                         : mean);
    if (const auto& log = result.analysis.log_ewp)
      line("ln EWP of a path", fmt::format("mean {:.4f}, std {:.4f}", log->mean, log->std));
    line("path-kernel trace", power_of_ten(totals.path_kernel_trace_log));
  }
  line("minimum hidden cut", cut_text(result.graph, result.analysis));
  const Components& components = result.analysis.components;
  line("components", fmt::format("{}, the largest of {} units; {} isolated units", components.count(),
                                 components.largest(), components.isolated));
  line("FLOPs", whole(result.analysis.flops.whole));
}

void print_layers(const Result& result) {
  std::vector<std::int64_t> cut(result.graph.layers().size(), 0);
  if (result.analysis.cut)
    for (const std::int64_t v : result.analysis.cut->units) ++cut[result.graph.unit(v).layer];
  const auto& shares = result.analysis.shares;
  Table table({"layer", "units", "on path", "stub", "expected", "dead", "in cut", "EWP width"});
  for (std::size_t i = 0; i < cut.size(); ++i) {
    const LayerProfile& l = result.analysis.profile.layers[i];
    table.add(
        {l.name, whole(l.units), whole(l.units_on_path), whole(l.stub_units),
         fmt::format("{:.2f}", result.analysis.expected_stubs.layers[i]), whole(l.dead_units), whole(cut[i]),
         shares ? fmt::format("{:.1f}", layer_share(shares->units[i]).value_or(LayerShare{}).effective_width) : "-"});
  }
  fmt::print("\n{}", table.text());
}

void print_links(const Profile& profile) {
  Table table({"link", "prunable", "kept", "density", "effective", "eff. density", "zero weights"});
  for (const LinkProfile& l : profile.links)
    table.add({l.name, whole(l.counts.prunable), whole(l.counts.kept), decimal(l.counts.density()),
               whole(l.counts.effective), decimal(l.counts.effective_density()),
               l.zero_weights ? whole(*l.zero_weights) : "-"});
  fmt::print("\n{}", table.text());
}

/// A row for each side of each link.
void print_degrees(const Analysis& analysis) {
  Table table({"link", "units of", "least", "mean", "most", "std", "possible", "underloaded", "overloaded"});
  for (std::size_t l = 0; l < analysis.degrees.size(); ++l)
    for (const bool out : {true, false}) {
      const DegreeDistribution& d = out ? analysis.degrees[l].out : analysis.degrees[l].in;
      table.add({analysis.profile.links[l].name, out ? "source" : "target", whole(d.least()),
                 fmt::format("{:.2f}", d.mean), whole(d.most()), fmt::format("{:.2f}", d.std), whole(d.possible),
                 whole(d.underloaded), whole(d.overloaded)});
    }
  fmt::print("\n{}", table.text());
}

void print_spectra(const Analysis& analysis) {
  Table table({"link", "source degree", "target degree", "Ramanujan difference", "largest singular values"});
  for (std::size_t l = 0; l < analysis.spectra.size(); ++l) {
    const LinkSpectrum& s = analysis.spectra[l];
    const std::size_t shown = std::min<std::size_t>(s.singular_values.size(), 3);
    table.add({analysis.profile.links[l].name, fmt::format("{:.2f}", s.source_degree),
               fmt::format("{:.2f}", s.target_degree), decimal(s.ramanujan_difference),
               fmt::format("{:.3f}", fmt::join(s.singular_values.begin(),
                                               s.singular_values.begin() + static_cast<std::ptrdiff_t>(shown), " "))});
  }
  fmt::print("\n{}", table.text());
}

/// What changes where shortcuts are ignored.
void print_parametric(const Analysis& analysis) {
  const NetworkProfile& n = analysis.parametric->network;
  fmt::print("\nwithout shortcuts: {}, {} stub units, effective {} (effective density {:.6g})\n",
             n.connected ? "connected" : "disconnected", n.stub_units, n.counts.effective,
             n.counts.effective_density());
  Table table({"layer", "on path", "without shortcuts", "stub", "without shortcuts"});
  for (std::size_t i = 0; i < analysis.profile.layers.size(); ++i) {
    const LayerProfile &with = analysis.profile.layers[i], &without = analysis.parametric->layers[i];
    table.add({with.name, whole(with.units_on_path), whole(without.units_on_path), whole(with.stub_units),
               whole(without.stub_units)});
  }
  fmt::print("{}", table.text());
}

void print_units(const LayeredGraph& graph, const char* title, const std::vector<std::int64_t>& vertices) {
  fmt::print("\n{}:{}\n", title, vertices.empty() ? " none" : "");
  for (const std::int64_t v : vertices) fmt::print("  {}\n", graph.unit_name(v));
}

void print_source(const AnalysisSource& source) {
  fmt::print("{}, {}\n", source.network, source.mask ? "mask " + *source.mask : "dense");
  if (source.weights) fmt::print("weights: {}\n", *source.weights);
}

void print_one(const AnalyzeCommand& command, const Result& result) {
  print_source(result.source);
  fmt::print("\n{}\n\n", verdict(result.analysis));
  print_whole(result);
  print_layers(result);
  print_links(result.analysis.profile);
  if (command.degrees) print_degrees(result.analysis);
  if (!result.analysis.spectra.empty()) print_spectra(result.analysis);
  if (result.analysis.parametric) print_parametric(result.analysis);
  if (command.lists("stub")) print_units(result.graph, "stub units", result.analysis.stubs);
  if (command.lists("dead")) print_units(result.graph, "dead units", result.analysis.dead);
  if (command.lists("cut") && result.analysis.cut)
    print_units(result.graph, "units of the minimum cut", result.analysis.cut->units);
  if (command.lists("ewp")) print_unit_shares(result.graph, result.analysis.shares);
}

/// A row per mask.
void print_several(const AnalyzeCommand& command, const std::vector<Result>& results) {
  fmt::print("{}, {} masks of {}\n", results.front().source.network, results.size(), command.mask);
  if (results.front().source.weights) fmt::print("weights: {}\n", *results.front().source.weights);
  Table table({"mask", "density", "eff. density", "stub", "dead", "collapsed", "connected", "log10 paths", "cut"});
  for (const Result& r : results) {
    const NetworkProfile& n = r.analysis.profile.network;
    const std::optional<double>& paths = r.analysis.totals.paths_log10;
    table.add({fs::path(*r.source.mask).stem().string(), decimal(n.counts.density()),
               decimal(n.counts.effective_density()), whole(n.stub_units), whole(n.dead_units),
               whole(static_cast<std::int64_t>(n.collapsed_links.size())), n.connected ? "yes" : "no",
               paths ? fmt::format("{:.2f}", *paths) : "-", r.analysis.cut ? whole(r.analysis.cut->size()) : "-"});
  }
  fmt::print("\n{}", table.text());
  for (const Result& r : results) {
    if (command.lists("stub")) print_units(r.graph, ("stub units of " + *r.source.mask).c_str(), r.analysis.stubs);
    if (command.lists("dead")) print_units(r.graph, ("dead units of " + *r.source.mask).c_str(), r.analysis.dead);
    if (command.lists("cut") && r.analysis.cut)
      print_units(r.graph, ("minimum cut of " + *r.source.mask).c_str(), r.analysis.cut->units);
    if (command.lists("ewp")) print_unit_shares(r.graph, r.analysis.shares);
  }
}

/// Of weights whose own zeros are pruned, everything but the units' shares follows from one read: they may be larger
/// than memory, and the graph that is analysed has the bits only.
Result analyze_in_one_read(const AnalyzeCommand& command, const Network& network, const LayeredGraph& graph,
                           AnalysisSource source) {
  ForwardRead read = forward_read(graph, command.thread_count());
  const LayeredGraph masked = LayeredGraph(network).masked(std::move(read.mask));
  AnalysisOptions analyses = command.analyses;
  analyses.read = &read;
  source.mask = command.mask;
  return {masked, analyze(network, masked, analyses), source};
}

std::vector<Result> analyze_all(const AnalyzeCommand& command) {
  const std::vector<fs::path> files = command.mask.empty() ? std::vector<fs::path>{} : mask_files(command.mask);
  const LoadedNetwork loaded_network = load_network(command, command);
  const Network& network = loaded_network.network;
  AnalysisSource source{network.name(), std::nullopt, std::nullopt};
  LayeredGraph graph(network);
  AnalysisOptions analyses = command.analyses;
  if (!command.structure_only) {
    if (command.weights.empty() && loaded_network.weights.empty())
      analyses.initializer = parse_initializer(command.init);
    LoadedWeights loaded = load_weights(command, loaded_network, command);
    source.weights = loaded.source;
    graph = graph.weighted(std::move(loaded.weights));
  }
  std::vector<Result> results;
  if (command.zeros_are_pruned && command.mask == command.weights && graph.has_weights() && !command.lists("ewp")) {
    results.push_back(analyze_in_one_read(command, network, graph, source));
    return results;
  }
  ProgressBar bar(command.quiet);
  if (files.empty()) results.push_back({graph, analyze(network, graph, analyses), source});
  const std::string hash = files.empty() || !graph.has_weights() ? "" : hash_of(graph.weights());
  for (const fs::path& file : files) {
    const LayeredGraph masked =
        graph.masked(read_mask_for(file, network, hash, {.zeros_are_pruned = command.zeros_are_pruned},
                                   [&](const std::string& line) { command.notice(line); }));
    source.mask = file.string();
    results.push_back({masked, analyze(network, masked, analyses), source});
    bar.update(std::ssize(results), std::ssize(files), "masks");
  }
  return results;
}

/// A row for each mask, each of its layers and each of its links; `mask` says which.
CsvTables csv_tables(const std::vector<Json>& documents) {
  CsvTables tables{{"network", {}}, {"layers", {}}, {"links", {}}};
  for (const Json& document : documents)
    for (auto& [name, rows] : tables) {
      const Json& part = document[name];
      for (const Json& row : part.is_array() ? part : Json::array({part})) {
        rows.push_back({{"mask", document["mask"]}});
        rows.back().update(row);
      }
    }
  return tables;
}

/// Refuses before any work a page or drawing that could not be written after it, or that is an input.
void check_output(const AnalyzeCommand& command, const std::string& output) {
  std::vector<fs::path> inputs{command.net, command.weights};
  if (!command.mask.empty()) std::ranges::copy(mask_files(command.mask), std::back_inserter(inputs));
  std::error_code ignored;  // one of them does not exist: not the same
  for (const fs::path& input : inputs)
    if (fs::equivalent(output, input, ignored))
      fail(ExitCode::usage, "{}: found the input {} as output, expected another file", output, input.string());
  const HoldInterrupts hold;
  const AtomicFile opened(output);  // and removed again
}

void check_files(const AnalyzeCommand& command) {
  if (!command.csv.empty()) check_csv_tables(command.csv, {"network", "layers", "links"});
  if (!command.html.empty()) check_output(command, command.html);
  if (command.dot.empty()) return;
  if (!command.mask.empty() && fs::is_directory(command.mask))
    fail(ExitCode::usage, "--dot: found folder {}, expected one mask", command.mask);
  check_output(command, command.dot);
}

void write_whole(const std::string& file, const std::string& text) {
  const HoldInterrupts hold;
  write_file(file, text);
}

void run(const AnalyzeCommand& command) {
  check_files(command);
  const std::vector<Result> results = analyze_all(command);
  if (!command.dot.empty())
    write_whole(command.dot,
                dot_text(results.front().graph, reach(results.front().graph), results.front().source.network));
  for (const Result& r : results)
    for (const std::string& line : warnings(r.analysis))
      command.notice(fmt::format("warning: {}{}", r.source.mask ? *r.source.mask + ": " : "", line));
  if (!command.html.empty()) write_whole(command.html, analysis_page(results));
  const bool folder = !command.mask.empty() && fs::is_directory(command.mask);
  const UnitLists lists{command.lists("stub"), command.lists("dead"), command.lists("cut"), command.degrees,
                        command.lists("ewp")};
  std::vector<Json> documents;
  for (const Result& r : results) documents.push_back(to_json(r.graph, r.analysis, r.source, lists));
  if (!command.csv.empty()) write_csv_tables(command.csv, csv_tables(documents));
  if (command.json) {
    print_json(folder ? joined(std::move(documents)) : documents.front());
  } else if (folder) {
    print_several(command, results);
  } else {
    print_one(command, results.front());
  }
  for (const Result& r : results)
    for (const std::string& condition : command.fail_on)
      if (meets(r.analysis, condition)) throw ExitWith{ExitCode::fail_on};
}

}  // namespace

void add_analyze(CLI::App& app) {
  CLI::App* command =
      app.add_subcommand("analyze", "What a mask leaves: stub units, collapse, effective density, paths");
  const auto options = std::make_shared<AnalyzeCommand>();
  add_network_options(*command, *options);
  add_mask_options(*command, *options);
  command->get_option("--mask")->description(
      "Mask: safetensors, npz or .pt, one 0/1 tensor a parameter; or a folder of them");
  command->add_flag("--parametric", options->analyses.parametric,
                    "Reach once more without shortcuts: fixed edges into a join that a weighted link enters, too, can "
                    "hide a starved block");
  command->add_flag("--degrees", options->degrees, "Each link's degrees, and in --json how many units have which");
  command
      ->add_option("--spectra", options->analyses.singular_values,
                   "Each link's N largest singular values, and its Ramanujan difference")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{1'000'000}))
      ->type_name("N");
  command->add_flag("--structure-only", options->structure_only, "Read no weights and leave out what needs them");
  command
      ->add_option("--fail-on", options->fail_on,
                   "Exit with 1, after the report, if any mask has: stub, collapse, disconnected (comma-separated)")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(CLI::IsMember({"stub", "collapse", "disconnected"}));
  command
      ->add_option("--list-units", options->list_units,
                   "Name the units: stub, dead, cut, ewp with their shares of it (comma-separated)")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(CLI::IsMember({"stub", "dead", "cut", "ewp"}));
  command
      ->add_option("--html", options->html,
                   "Also write the report as one HTML page: the graph drawn, charts, tables, CSV of each; no network")
      ->type_name("FILE");
  command
      ->add_option("--csv", options->csv,
                   "Tables, too: FILE-network.csv (a row each mask), FILE-layers.csv and FILE-links.csv, whose columns "
                   "are the keys of --json; with --sweep FILE-seeds.csv and FILE-points.csv")
      ->type_name("FILE");
  command->add_option("--dot", options->dot, "The graph of a small network, too, for Graphviz: dot -Tsvg FILE")
      ->type_name("FILE");
  add_sweep_options(*command, options->sweep,
                    {"--mask", "--zeros-are-pruned", "--parametric", "--degrees", "--spectra", "--structure-only",
                     "--fail-on", "--list-units", "--dot", "--html"});
  add_globals(*command, *options);
  command->footer(definitions_text(analyze_definitions(), "data/schema/analyze.json") + "\n" +
                  sweep_definitions_text());
  command->callback([=] {
    if (options->sweep.range.empty())
      run(*options);
    else
      run_sweep(*command, *options, *options, options->sweep, options->csv);
  });
}

}  // namespace phew::tools
