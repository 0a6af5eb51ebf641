#include "analysis/report.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <numbers>

namespace phew {

nlohmann::ordered_json unit_shares_json(const LayeredGraph& graph, const EwpShares& shares) {
  auto list = nlohmann::ordered_json::array();
  for (std::size_t l = 0; l < shares.units.size(); ++l)
    for (std::size_t u = 0; u < shares.units[l].size(); ++u)
      if (shares.units[l][u] > 0)
        list.push_back({{"unit", graph.unit_name(graph.vertex(l, static_cast<std::int64_t>(u)))},
                        {"ewp_share", shares.units[l][u]}});
  return list;
}

namespace {

using Json = nlohmann::ordered_json;

template <typename T>
Json or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json();
}

Json schema(const char* name) { return {{"name", name}, {"version", 1}}; }

Json network_json(const Analysis& analysis, const std::string& name) {
  const NetworkProfile& n = analysis.profile.network;
  return {{"name", name},
          {"prunable", n.counts.prunable},
          {"kept", n.counts.kept},
          {"density", n.counts.density()},
          {"effective", n.counts.effective},
          {"effective_density", n.counts.effective_density()},
          {"stub_units", n.stub_units},
          {"dead_units", n.dead_units},
          {"collapsed_links", n.collapsed_links},
          {"connected", n.connected},
          {"unused_inputs", n.unused_inputs},
          {"unused_outputs", n.unused_outputs},
          {"paths_log10", or_null(analysis.totals.paths_log10)},
          {"ewp_log_total", or_null(analysis.totals.ewp_log)},
          {"ewp_mean_log", or_null(analysis.mean_ewp_log())},
          {"expected_ewp_mean_log", analysis.expected_ewp ? Json(analysis.expected_ewp->uniform) : Json()},
          {"ewp_log_mean", analysis.log_ewp ? Json(analysis.log_ewp->mean) : Json()},
          {"ewp_log_std", analysis.log_ewp ? Json(analysis.log_ewp->std) : Json()},
          {"path_kernel_trace_log", or_null(analysis.totals.path_kernel_trace_log)},
          {"min_hidden_cut", analysis.cut ? Json(analysis.cut->size()) : Json()},
          {"flops", analysis.flops.whole},
          {"components", analysis.components.count()},
          {"isolated_units", analysis.components.isolated},
          {"largest_component", analysis.components.largest()},
          {"expected_stub_units", analysis.expected_stubs.whole},
          {"expected_stub_units_global", analysis.expected_stubs_global.whole},
          {"expected_any_stub", analysis.expected_stubs.any}};
}

Json layers_json(const LayeredGraph& graph, const Analysis& analysis) {
  std::vector<std::int64_t> cut_units(graph.layers().size(), 0);
  if (analysis.cut)
    for (const std::int64_t v : analysis.cut->units) ++cut_units[graph.unit(v).layer];
  Json layers = Json::array();
  for (std::size_t i = 0; i < analysis.profile.layers.size(); ++i) {
    const LayerProfile& l = analysis.profile.layers[i];
    const std::optional<LayerShare> share = analysis.shares ? layer_share(analysis.shares->units[i]) : std::nullopt;
    layers.push_back({{"name", l.name},
                      {"units", l.units},
                      {"stub_units", l.stub_units},
                      {"expected_stub_units", analysis.expected_stubs.layers[i]},
                      {"dead_units", l.dead_units},
                      {"units_on_path", l.units_on_path},
                      {"cut_units", analysis.cut ? Json(cut_units[i]) : Json()},
                      {"ewp_share_max", share ? Json(share->largest) : Json()},
                      {"effective_width", share ? Json(share->effective_width) : Json()},
                      {"input", l.input},
                      {"output", l.output},
                      {"copy", l.copy}});
  }
  return layers;
}

Json degrees_json(const DegreeDistribution& d, bool distribution) {
  Json json{{"possible", d.possible},    {"least", d.least()}, {"mean", d.mean},
            {"most", d.most()},          {"std", d.std},       {"underloaded", d.underloaded},
            {"overloaded", d.overloaded}};
  if (distribution) json["units"] = d.units;
  return json;
}

Json spectrum_json(const LinkSpectrum& s) {
  return {{"singular_values", s.singular_values},
          {"source_degree", s.source_degree},
          {"target_degree", s.target_degree},
          {"ramanujan_difference", or_null(s.ramanujan_difference)}};
}

Json links_json(const LayeredGraph& graph, const Analysis& analysis, const UnitLists& lists) {
  Json links = Json::array();
  for (std::size_t i = 0; i < graph.links().size(); ++i) {
    if (graph.links()[i].fixed()) continue;
    const std::size_t weighted = links.size();
    const LinkProfile& l = analysis.profile.links[weighted];
    links.push_back({{"name", l.name},
                     {"parameter", l.parameter},
                     {"prunable", l.counts.prunable},
                     {"kept", l.counts.kept},
                     {"effective", l.counts.effective},
                     {"density", l.counts.density()},
                     {"effective_density", l.counts.effective_density()},
                     {"zero_weights", or_null(l.zero_weights)},
                     {"flops", analysis.flops.links[i]},
                     {"ewp_share", analysis.shares ? Json(analysis.shares->links[i]) : Json()},
                     {"out_degree", degrees_json(analysis.degrees[weighted].out, lists.degrees)},
                     {"in_degree", degrees_json(analysis.degrees[weighted].in, lists.degrees)}});
    if (!analysis.spectra.empty()) links.back()["spectrum"] = spectrum_json(analysis.spectra[weighted]);
  }
  return links;
}

/// What changes where shortcuts are ignored.
Json parametric_json(const Profile& profile) {
  Json layers = Json::array();
  for (const LayerProfile& l : profile.layers)
    layers.push_back({{"name", l.name}, {"stub_units", l.stub_units}, {"units_on_path", l.units_on_path}});
  return {{"connected", profile.network.connected},
          {"effective", profile.network.counts.effective},
          {"effective_density", profile.network.counts.effective_density()},
          {"stub_units", profile.network.stub_units},
          {"layers", std::move(layers)}};
}

Json names(const LayeredGraph& graph, const std::vector<std::int64_t>& vertices) {
  Json list = Json::array();
  for (const std::int64_t v : vertices) list.push_back(graph.unit_name(v));
  return list;
}

Json units_json(const LayeredGraph& graph, const Analysis& analysis, const UnitLists& lists) {
  Json units = Json::object();
  if (lists.stub) units["stub"] = names(graph, analysis.stubs);
  if (lists.dead) units["dead"] = names(graph, analysis.dead);
  if (lists.cut) units["cut"] = analysis.cut ? names(graph, analysis.cut->units) : Json();
  if (lists.ewp) units["ewp"] = analysis.shares ? unit_shares_json(graph, *analysis.shares) : Json();
  return units;
}

Json mean_json(const PairMean& m) {
  return {{"pairs", m.pairs},
          {"mean", or_null(m.mean)},
          {"std", or_null(m.std)},
          {"low", or_null(m.low)},
          {"high", or_null(m.high)}};
}

/// What aligned pairs have besides.
void add_aligned(Json& json, const JaccardSummary& s) {
  json["unaligned"] = or_null(s.unaligned.mean);
  json["chance_error"] = or_null(s.chance_error.mean);
}

/// Means of a Jaccard index over pairs, under its own keys.
Json summary_json(const JaccardSummary& s, bool aligned) {
  Json json = mean_json(s.value);
  json["chance"] = or_null(s.chance.mean);
  json["corrected"] = or_null(s.corrected.mean);
  if (aligned) add_aligned(json, s);
  return json;
}

Json pairs_summary_json(const std::optional<PairsSummary>& summary, std::span<const Parameter> parameters,
                        bool aligned) {
  if (!summary) return {};
  Json json = summary_json(summary->whole, aligned);
  json["chance_global"] = or_null(summary->chance_global.mean);
  json["links"] = Json::array();
  for (std::size_t l = 0; l < parameters.size(); ++l) {
    Json link = {{"name", link_name(parameters[l])}};
    link.update(summary_json(summary->links[l], aligned));
    json["links"].push_back(std::move(link));
  }
  return json;
}

Json test_json(const std::optional<PermutationTest>& test) {
  if (!test) return {};
  return {{"statistic", test->statistic},
          {"p", test->p},
          {"smallest_p", test->smallest_p},
          {"labelings", test->labelings},
          {"exact", test->exact}};
}

Json pair_json(const MaskPair& pair, std::span<const MaskSource> masks, bool aligned) {
  const Similarity& s = pair.similarity;
  Json json = {{"first", masks[pair.first].file},           {"second", masks[pair.second].file},
               {"jaccard", or_null(s.whole.value)},         {"chance", or_null(s.whole.chance)},
               {"chance_global", or_null(s.chance_global)}, {"corrected", or_null(s.whole.corrected())}};
  if (aligned)
    json.update({{"unaligned", or_null(s.whole.unaligned)}, {"chance_error", or_null(s.whole.chance_error)}});
  return json;
}

Json masks_json(std::span<const MaskSource> masks) {
  Json list = Json::array();
  for (const MaskSource& m : masks) list.push_back({{"file", m.file}, {"kept", m.kept}, {"density", m.density}});
  return list;
}

}  // namespace

Analysis analyze(const Network& network, const LayeredGraph& graph, const AnalysisOptions& options) {
  const Reach r = reach(graph);
  const std::optional<KeptParameters> all_kept = KeptParameters::of(graph);
  const KeptParameters* const kept = all_kept ? &*all_kept : nullptr;
  std::optional<PathSums> ewp;
  if (graph.has_weights()) ewp = path_sums(graph, PathValue::magnitude, kept);
  Analysis analysis{.profile = profile(graph, r, kept),
                    .totals = options.read != nullptr ? options.read->totals
                              : ewp                   ? path_totals(graph, ewp->total_log, kept)
                                                      : path_totals(graph, kept),
                    .log_ewp = options.read != nullptr ? options.read->log_ewp : std::nullopt,
                    .shares = ewp ? ewp_shares(graph, *ewp) : std::nullopt,
                    .expected_ewp = options.initializer ? expected_ewp_log(graph, *options.initializer) : std::nullopt,
                    .cut = options.cut ? minimum_hidden_cut(graph, r) : std::nullopt,
                    .stubs = stub_units(graph, r),
                    .dead = dead_units(graph, r),
                    .flops = flops(network, graph),
                    .components = connected_components(graph),
                    .expected_stubs = expected_stubs(graph, tensor_densities(graph)),
                    .expected_stubs_global = expected_stubs(graph, global_densities(graph)),
                    .degrees = {},
                    .spectra = {},
                    .parametric = {}};
  for (const Link& link : graph.links()) {
    if (link.fixed()) continue;
    analysis.degrees.push_back(link_degrees(graph, link));
    if (options.singular_values > 0) analysis.spectra.push_back(link_spectrum(graph, link, options.singular_values));
  }
  if (options.read != nullptr)
    for (LinkProfile& link : analysis.profile.links) link.zero_weights = 0;  // its zeros are pruned
  if (options.parametric) analysis.parametric = profile(graph, reach(graph, FixedEdges::copies));
  return analysis;
}

std::optional<double> Analysis::mean_ewp_log() const {
  if (!totals.ewp_log || !totals.paths_log10) return std::nullopt;
  return *totals.ewp_log - *totals.paths_log10 * std::numbers::ln10;
}

std::string verdict(const Analysis& analysis) {
  const NetworkProfile& n = analysis.profile.network;
  std::vector<std::string> faults;
  if (!n.connected) faults.push_back("disconnected: no input-output path");
  if (n.stub_units > 0) faults.push_back(fmt::format("{} stub unit{}", n.stub_units, n.stub_units == 1 ? "" : "s"));
  if (n.collapsed_links.size() == 1) faults.push_back(fmt::format("link {} collapsed", n.collapsed_links.front()));
  if (n.collapsed_links.size() > 1) faults.push_back(fmt::format("{} links collapsed", n.collapsed_links.size()));
  const std::int64_t wasted = n.counts.kept - n.counts.effective;
  if (n.connected && wasted > 0)
    faults.push_back(fmt::format("{} kept parameter{} on no path", wasted, wasted == 1 ? "" : "s"));
  const std::string sound = "healthy: no stub unit, no collapsed link, every kept parameter on a path";
  std::string text = faults.empty() ? sound : fmt::format("{}", fmt::join(faults, "; "));
  // No faults, but units that take no part.
  const auto beside = [&](std::int64_t count, const char* what) {
    if (count > 0) text += fmt::format("; {} {}{}", count, what, count == 1 ? "" : "s");
  };
  beside(n.dead_units, "dead unit");
  beside(n.unused_inputs, "unused input");
  beside(n.unused_outputs, "unused output");
  return text;
}

std::vector<std::string> warnings(const Analysis& analysis) {
  std::vector<std::string> lines;
  for (const LinkProfile& l : analysis.profile.links)
    if (l.counts.kept > 0 && l.zero_weights == l.counts.kept)
      lines.push_back(fmt::format("{}: all {} kept weights are 0; every path over it has edge-weight product 0",
                                  l.parameter, l.counts.kept));
  return lines;
}

Json to_json(const LayeredGraph& graph, const Analysis& analysis, const AnalysisSource& source,
             const UnitLists& lists) {
  Json document = {{"schema", schema("phew-graph/analyze")}, {"weights", or_null(source.weights)},
                   {"mask", or_null(source.mask)},           {"network", network_json(analysis, source.network)},
                   {"layers", layers_json(graph, analysis)}, {"links", links_json(graph, analysis, lists)}};
  if (analysis.parametric) document["parametric"] = parametric_json(*analysis.parametric);
  if (lists.stub || lists.dead || lists.cut || lists.ewp) document["units"] = units_json(graph, analysis, lists);
  return document;
}

Json joined(std::vector<Json> documents) {
  Json result = documents.front();
  for (Json& document : documents) document.erase("schema");
  result["masks"] = std::move(documents);
  return result;
}

std::string link_name(const Parameter& parameter) {
  constexpr std::string_view suffix = ".weight";
  const std::string& name = parameter.name;
  return name.size() > suffix.size() && name.ends_with(suffix) ? name.substr(0, name.size() - suffix.size()) : name;
}

Json to_json(const GroupSimilarity& groups, std::span<const Parameter> parameters, std::span<const MaskSource> masks,
             std::size_t a, const std::optional<AlignSource>& align) {
  const bool aligned = align.has_value();
  const PairsSummary& asked = groups.asked();
  Json jaccard = {{"whole", or_null(asked.whole.value.mean)},
                  {"chance", or_null(asked.whole.chance.mean)},
                  {"chance_global", or_null(asked.chance_global.mean)},
                  {"corrected", or_null(asked.whole.corrected.mean)}};
  if (aligned) add_aligned(jaccard, asked.whole);
  Json links = Json::array();
  for (std::size_t l = 0; l < parameters.size(); ++l) {
    links.push_back({{"name", link_name(parameters[l])},
                     {"parameter", parameters[l].name},
                     {"prunable", parameters[l].size()},
                     {"jaccard", or_null(asked.links[l].value.mean)},
                     {"chance", or_null(asked.links[l].chance.mean)},
                     {"corrected", or_null(asked.links[l].corrected.mean)}});
    if (aligned) add_aligned(links.back(), asked.links[l]);
  }
  Json pairs = Json::array();
  for (const MaskPair& pair : groups.pairs) pairs.push_back(pair_json(pair, masks, aligned));
  Json document = {{"schema", schema("phew-graph/similarity")},
                   {"masks", {{"a", masks_json(masks.first(a))}, {"b", masks_json(masks.subspan(a))}}},
                   {"jaccard", std::move(jaccard)},
                   {"links", std::move(links)},
                   {"groups",
                    {{"within_a", pairs_summary_json(groups.within_a, parameters, aligned)},
                     {"within_b", pairs_summary_json(groups.within_b, parameters, aligned)},
                     {"across", pairs_summary_json(groups.across, parameters, aligned)},
                     {"test", test_json(groups.test)}}},
                   {"pairs", std::move(pairs)}};
  if (align)
    document["align"] = {{"network", align->network},
                         {"units", align->units},
                         {"chance_pairs", align->chance_pairs},
                         {"seed", align->seed}};
  return document;
}

}  // namespace phew
