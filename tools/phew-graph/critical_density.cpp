#include "phew-graph/critical_density.hpp"

#include "common/progress.hpp"
#include "common/table.hpp"
#include "graph/reach.hpp"
#include "phew-graph/csv.hpp"
#include "phew-graph/definitions_text.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>

namespace phew::tools {
namespace {

struct Range {
  double high = 0, low = 0;
};

/// Of "0.5:0.001"; none if it is not that.
std::optional<Range> parse_range(const std::string& text) {
  Range range;
  const char* const end = text.data() + text.size();
  const auto [colon, high_error] = std::from_chars(text.data(), end, range.high);
  if (high_error != std::errc{} || colon == end || *colon != ':') return std::nullopt;
  const auto [last, low_error] = std::from_chars(colon + 1, end, range.low);
  const bool sound = low_error == std::errc{} && last == end && range.low > 0 && range.low < range.high;
  return sound && range.high <= 1 ? std::optional(range) : std::nullopt;
}

const char* key_of(Fault fault) {
  return fault == Fault::stub ? "stub" : fault == Fault::collapse ? "collapse" : "disconnected";
}

const char* words_of(Fault fault) {
  return fault == Fault::stub       ? "a stub unit"
         : fault == Fault::collapse ? "a link without parameters"
                                    : "no input-output path";
}

/// A sweep over all seeds and what it was made of.
struct Sweep {
  std::string network;
  std::optional<std::string> weights;
  std::string method;
  bool nested = false;
  std::int64_t prunable = 0;
  Range range;
  std::vector<SeedSweep> seeds;

  [[nodiscard]] double density(std::int64_t kept) const {
    return static_cast<double>(kept) / static_cast<double>(prunable);
  }
  /// Of the first mask of a seed that has the fault, or of the one before it.
  [[nodiscard]] std::optional<double> density(const SeedSweep& seed, Fault fault, std::size_t before = 0) const {
    const std::optional<std::size_t> i = seed.first(fault);
    if (!i || *i < before) return std::nullopt;
    return density(seed.points[*i - before].kept);
  }
  [[nodiscard]] CriticalDensity critical(Fault fault) const {
    std::vector<std::optional<double>> densities;
    for (const SeedSweep& seed : seeds) densities.push_back(density(seed, fault));
    return summary(std::move(densities));
  }
};

/// One seed's masks, looked at one by one.
SeedSweep sweep_seed(const MaskSampler& sampler, const LayeredGraph& graph, const std::vector<std::int64_t>& targets,
                     std::uint64_t seed) {
  SeedSweep sweep{seed, {}};
  std::vector<MethodResult> nested;
  if (sampler.nested) nested = sampler.nested(targets, seed);
  for (std::size_t i = 0; i < targets.size(); ++i) {
    const MethodResult made = sampler.nested ? std::move(nested[i]) : sampler.sample(targets[i], seed);
    sweep.points.push_back(look_at(graph, made.mask, targets[i]));
  }
  return sweep;
}

Sweep make_sweep(const NetworkOptions& options, const Globals& globals, const SweepOptions& choice,
                 const Method& method) {
  const Network network = load_network(options);
  Sweep sweep{network.name(),
              std::nullopt,
              choice.method,
              method.reads(reads::nested),
              network.prunable(),
              *parse_range(choice.range),
              {}};
  const auto targets = sweep_targets(sweep.range.high, sweep.range.low, choice.points, sweep.prunable);
  const LayeredGraph structure(network);
  MethodInput input{structure};
  if (method.values == Values::weights || (method.values == Values::either && choice.scores.empty())) {
    LoadedWeights loaded = load_weights(options, network, globals);
    sweep.weights = loaded.source;
    input.graph = structure.weighted(std::move(loaded.weights));
  }
  if (!choice.scores.empty()) input.scores = load_scores(choice, network, globals);

  const bool draws = method.reads(reads::seed);
  const std::int64_t seeds = draws ? choice.seeds : 1;
  if (!draws) globals.notice(fmt::format("{} draws nothing at random: one seed stands for all", method.name));
  ProgressBar bar(globals.quiet);
  constexpr std::int64_t steps = 1000;  // of the bar, a seed
  const auto progress = [&](std::int64_t kept, std::int64_t all) {
    const auto share = static_cast<double>(kept) / static_cast<double>(std::max<std::int64_t>(all, 1));
    bar.update(steps * std::ssize(sweep.seeds) + std::llround(share * steps), steps * seeds,
               fmt::format("seed {} of {}", sweep.seeds.size() + 1, seeds));
  };
  const MaskSampler sampler = method.prepare(input, to_method_options(choice, globals.thread_count(), progress));
  for (std::int64_t i = 0; i < seeds; ++i) {
    sweep.seeds.push_back(sweep_seed(sampler, structure, targets, choice.seed + static_cast<std::uint64_t>(i)));
    progress(0, 1);
  }
  return sweep;
}

Json or_null(const std::optional<double>& value) { return value ? Json(*value) : Json(); }

Json fault_json(const Sweep& sweep, const SeedSweep& seed, Fault fault) {
  Json json{{"density", or_null(sweep.density(seed, fault))}, {"before", or_null(sweep.density(seed, fault, 1))}};
  if (fault == Fault::collapse) {
    const std::optional<std::size_t> i = seed.first(fault);
    json["links"] = i ? seed.points[*i].collapsed_links : std::vector<std::string>{};
  }
  return json;
}

Json point_json(const Sweep& sweep, const SweepPoint& point) {
  return {{"target", point.target},
          {"kept", point.kept},
          {"density", sweep.density(point.kept)},
          {"stub_units", point.stub_units},
          {"collapsed_links", point.collapsed_links.size()},
          {"connected", point.connected}};
}

Json document_of(const Sweep& sweep) {
  Json document{{"schema", {{"name", "phew-graph/sweep"}, {"version", 1}}},
                {"network", sweep.network},
                {"weights", sweep.weights ? Json(*sweep.weights) : Json()},
                {"method", sweep.method},
                {"nested", sweep.nested},
                {"prunable", sweep.prunable},
                {"range", {{"high", sweep.range.high}, {"low", sweep.range.low}}}};
  for (const Fault fault : faults) {
    const CriticalDensity c = sweep.critical(fault);
    document["critical"][key_of(fault)] = {{"seeds_found", c.seeds_found},
                                           {"median", or_null(c.median)},
                                           {"min", or_null(c.lowest)},
                                           {"max", or_null(c.highest)}};
  }
  document["seeds"] = Json::array();
  for (const SeedSweep& seed : sweep.seeds) {
    Json json{{"seed", seed.seed}};
    for (const Fault fault : faults) json[key_of(fault)] = fault_json(sweep, seed, fault);
    json["points"] = Json::array();
    for (const SweepPoint& point : seed.points) json["points"].push_back(point_json(sweep, point));
    document["seeds"].push_back(std::move(json));
  }
  return document;
}

/// A row for each seed, and one for each of its masks.
void write_tables(const std::string& file, Json document) {
  std::vector<Json> seeds, points;
  for (Json& seed : document["seeds"]) {
    for (const Json& point : seed["points"]) {
      points.push_back({{"seed", seed["seed"]}});
      points.back().update(point);
    }
    seed.erase("points");
    seeds.push_back(std::move(seed));
  }
  write_csv_tables(file, {{"seeds", std::move(seeds)}, {"points", std::move(points)}});
}

std::string density_text(const std::optional<double>& density, double low) {
  return density ? fmt::format("{:.4g}", *density) : fmt::format("< {:.4g}", low);
}

void print_text(const Sweep& sweep) {
  fmt::print("{}, method {}{}\n", sweep.network, sweep.method,
             sweep.weights ? fmt::format("; weights: {}", *sweep.weights) : "");
  fmt::print("{} densities from {:g} down to {:g}, {} seed{}; the masks of a seed {} inside each other\n\n",
             sweep.seeds.front().points.size(), sweep.range.high, sweep.range.low, sweep.seeds.size(),
             sweep.seeds.size() == 1 ? "" : "s", sweep.nested ? "lie" : "do not lie");
  Table table({"first density with", "seeds", "median", "min", "max", "compression"});
  for (const Fault fault : faults) {
    const CriticalDensity c = sweep.critical(fault);
    table.add({words_of(fault), fmt::format("{} of {}", c.seeds_found, sweep.seeds.size()),
               density_text(c.median, sweep.range.low), density_text(c.lowest, sweep.range.low),
               density_text(c.highest, sweep.range.low), c.median ? fmt::format("{:.4g}", 1 / *c.median) : "-"});
  }
  Table seeds({"seed", "a stub unit", "a link without parameters", "no path", "links lost first"});
  for (const SeedSweep& seed : sweep.seeds) {
    std::vector<std::string> row{fmt::format("{}", seed.seed)};
    for (const Fault fault : faults) row.push_back(density_text(sweep.density(seed, fault), sweep.range.low));
    const std::optional<std::size_t> i = seed.first(Fault::collapse);
    row.push_back(i ? shortened(fmt::format("{}", fmt::join(seed.points[*i].collapsed_links, " ")), 32) : "-");
    seeds.add(std::move(row));
  }
  fmt::print("{}\n{}", table.text(), seeds.text());
}

constexpr Definition definitions[] = {
    {"nested",
     "Whether each mask of a seed lies inside the one before it; else the masks are independent, and what one density "
     "shows the next may not.",
     "own"},
    {"critical",
     "Over seeds: median, least and largest of the densities below. null is lower than all densities of the sweep and "
     "takes part in the median.",
     "own"},
    {"seeds.stub.density",
     "kept / prunable of the first mask, on the way down, with a stub unit. Stub units may vanish again below it: they "
     "die. null if no mask has one.",
     "paper Sec. 2, Fig. 1"},
    {"seeds.collapse.density",
     "The same for a link without a kept parameter (layer collapse); links names those of the first such mask.",
     "Tanaka et al. 2020"},
    {"seeds.disconnected.density", "The same for no input-output path at all.", "paper Sec. 2"},
    {"seeds.*.before", "Density of the mask before it, which is sound: the critical density lies between the two.",
     "own"},
};

bool makes_masks_of_a_density(const Method& method) { return !method.needs_mask; }

}  // namespace

bool SweepPoint::has(Fault fault) const {
  if (fault == Fault::stub) return stub_units > 0;
  if (fault == Fault::collapse) return !collapsed_links.empty();
  return !connected;
}

std::optional<std::size_t> SeedSweep::first(Fault fault) const {
  const auto found = std::ranges::find_if(points, [&](const SweepPoint& p) { return p.has(fault); });
  if (found == points.end()) return std::nullopt;
  return static_cast<std::size_t>(found - points.begin());
}

std::vector<std::int64_t> sweep_targets(double high, double low, std::int64_t points, std::int64_t prunable) {
  std::vector<std::int64_t> targets;
  for (std::int64_t i = 0; i < points; ++i) {
    const double share = static_cast<double>(i) / static_cast<double>(std::max<std::int64_t>(points - 1, 1));
    const double density = i == points - 1 ? low : high * std::pow(low / high, share);
    const auto target = std::max<std::int64_t>(std::llround(density * static_cast<double>(prunable)), 1);
    if (targets.empty() || target < targets.back()) targets.push_back(target);
  }
  return targets;
}

SweepPoint look_at(const LayeredGraph& network, const Mask& mask, std::int64_t target) {
  const LayeredGraph graph = network.masked(mask);
  const Reach r = reach(graph);
  SweepPoint point;
  point.target = target;
  std::vector<std::int64_t> kept;
  for (std::size_t i = 0; i < graph.parameters().size(); ++i) {
    kept.push_back(mask[i].count());
    point.kept += kept.back();
  }
  for (const Link& link : graph.links())
    if (!link.fixed() && kept[link.parameter] == 0) point.collapsed_links.push_back(link.name);
  for (const Layer& layer : graph.layers())
    for (std::int64_t v = layer.first; v < layer.first + layer.units; ++v) {
      point.stub_units += is_stub(graph, r, v);
      point.connected |= layer.output && r.on_path(v);
    }
  return point;
}

CriticalDensity summary(std::vector<std::optional<double>> densities) {
  CriticalDensity critical;
  if (densities.empty()) return critical;
  std::ranges::sort(densities);  // none comes first
  critical.seeds_found = std::ranges::count_if(densities, [](const auto& d) { return d.has_value(); });
  critical.lowest = densities.front();
  critical.highest = densities.back();
  const std::size_t n = densities.size();
  const auto &below = densities[(n - 1) / 2], &above = densities[n / 2];
  if (below && above) critical.median = (*below + *above) / 2;
  return critical;
}

void add_sweep_options(CLI::App& app, SweepOptions& options, const std::vector<std::string>& excluded) {
  CLI::Option* const sweep = app.add_option(
      "--sweep", options.range,
      "HIGH:LOW: make masks by --method at densities from HIGH down to LOW, equal ratios between them, and find the "
      "first density on the way down with a stub unit, with a link without parameters, and with no path, for each "
      "seed. The masks of a seed lie inside each other where the method has such masks");
  sweep->type_name("HIGH:LOW")
      ->check(CLI::Validator(
          [](const std::string& text) {
            return parse_range(text)
                       ? std::string()
                       : fmt::format("found '{}', expected two falling densities, such as 0.5:0.001", text);
          },
          ""));
  for (const std::string& name : excluded) sweep->excludes(app.get_option(name));
  add_method_argument(app, options, makes_masks_of_a_density);
  app.add_option("--sweep-points", options.points, "Densities of the sweep, both ends included")
      ->check(CLI::Range(std::int64_t{2}, std::int64_t{10'000}))
      ->capture_default_str();
  app.add_option("--seed", options.seed, "The sweep's first seed")->check(seed_check())->capture_default_str();
  app.add_option("--seeds", options.seeds, "Seeds of the sweep, one after another from --seed on")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{1'000'000}))
      ->capture_default_str();
  std::vector<std::string> own = add_method_options(app, options);
  own.insert(own.end(), {"--method", "--scores", "--sweep-points", "--seed", "--seeds"});
  for (const std::string& name : own) app.get_option(name)->needs(sweep)->group("Options of --sweep");
}

std::string sweep_definitions_text() { return definitions_text(definitions, "data/schema/sweep.json; of --sweep"); }

void run_sweep(const CLI::App& app, const NetworkOptions& network, const Globals& globals, const SweepOptions& options,
               const std::string& csv) {
  const Method& method = find_method(options.method);
  if (!makes_masks_of_a_density(method))
    fail(ExitCode::usage, "--sweep: {} keeps as many parameters as its mask, at no other density", method.name);
  check_method_options(app, options, method);
  if (options.seed + static_cast<std::uint64_t>(options.seeds - 1) < options.seed)
    fail(ExitCode::usage, "--seeds: found {} seeds from {} on, expected the last to be at most 2^64 - 1", options.seeds,
         options.seed);
  if (!csv.empty()) check_csv_tables(csv, {"seeds", "points"});
  const Sweep sweep = make_sweep(network, globals, options, method);
  if (!csv.empty()) write_tables(csv, document_of(sweep));
  if (globals.json)
    print_json(document_of(sweep));
  else
    print_text(sweep);
}

}  // namespace phew::tools
