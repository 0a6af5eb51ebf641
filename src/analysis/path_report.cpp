#include "analysis/path_report.hpp"

#include "analysis/path_sampling.hpp"
#include "graph/path_sums.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <numbers>

namespace phew {
namespace {

using Json = nlohmann::ordered_json;

template <typename T>
Json or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json();
}

std::vector<BestPath> best(const LayeredGraph& graph, const PathOptions& options) {
  std::vector<BestPath> list;
  if (options.top == 0) return list;
  BestPaths paths(graph, options.level);
  while (static_cast<std::int64_t>(list.size()) < options.top) {
    std::optional<BestPath> path = paths.next();
    if (!path) break;
    list.push_back(std::move(*path));
  }
  return list;
}

void add_quantiles(const LayeredGraph& graph, const PathOptions& options, PathReport& report) {
  std::vector<double> logs =
      sample_log_ewp(graph, {.samples = options.samples, .seed = options.seed, .level = options.level});
  std::ranges::sort(logs);
  report.samples = static_cast<std::int64_t>(logs.size());
  if (logs.empty()) return;
  for (const double probability : options.quantiles) report.quantiles.push_back(estimate_quantile(logs, probability));
}

/// The index of a path's step into its tensor, as PyTorch prints one.
std::string index_text(const Link& link, const Shape& shape, std::int64_t row, std::int64_t position, PathLevel level) {
  if (level == PathLevel::kernel) {
    const std::int64_t column = position / link.kernel;
    return shape.size() > 2 || link.kernel == 1 ? fmt::format("{},{}", row, column)
                                                : fmt::format("{},{}:{}", row, position, position + link.kernel);
  }
  std::vector<std::int64_t> index(shape.size());
  for (std::size_t d = shape.size(); d-- > 1;) {
    index[d] = position % shape[d];
    position /= shape[d];
  }
  index[0] = row;
  return fmt::format("{}", fmt::join(index, ","));
}

Json ewp_json(const PathReport& report) {
  const PathStatistics& s = report.statistics;
  const std::optional<LogEwp> log = s.log_ewp();
  const auto of = [&](double LogEwp::*figure) { return log ? Json((*log).*figure) : Json(); };
  const auto expected = [&](double ExpectedEwpLog::*figure) {
    return report.expected ? Json((*report.expected).*figure) : Json();
  };
  Json quantiles = Json::array();
  for (const QuantileEstimate& q : report.quantiles)
    quantiles.push_back({{"quantile", q.probability},
                         {"log", q.value},
                         {"standard_error", q.standard_error},
                         {"low", or_null(q.low)},
                         {"high", or_null(q.high)}});
  Json json = {{"log_total", or_null(report.ewp_log)},
               {"mean_ewp_log", or_null(report.mean_ewp_log())},
               {"expected_mean_ewp_log", expected(&ExpectedEwpLog::uniform)},
               {"expected_walk_ewp_log", expected(&ExpectedEwpLog::biased)},
               {"log_mean", of(&LogEwp::mean)},
               {"log_std", of(&LogEwp::std)},
               {"log_min", of(&LogEwp::least)},
               {"log_max", of(&LogEwp::most)},
               {"paths", or_null(s.paths())},
               {"paths_log10", or_null(s.paths_log10())},
               {"zero_paths", or_null(s.zero_paths())},
               {"zero_paths_log10", or_null(s.zero_paths_log10())}};
  if (report.exact) {
    json["paths_exact"] = report.exact->paths.str();
    json["zero_paths_exact"] = report.exact->zero_paths.str();
  }
  json["samples"] = report.samples;
  json["seed"] = report.seed;
  json["quantiles"] = std::move(quantiles);
  return json;
}

Json top_json(const LayeredGraph& graph, const PathReport& report) {
  Json list = Json::array();
  for (const BestPath& path : report.top) {
    const double log = path.product.log(), ewp = std::exp(log);
    list.push_back({{"ewp", std::isfinite(ewp) ? Json(ewp) : Json()},
                    {"ewp_log", log},
                    {"units", unit_names(graph, path)},
                    {"parameters", parameter_names(graph, path, report.level)}});
  }
  return list;
}

Json layers_json(const LayeredGraph& graph, const PathReport& report) {
  Json list = Json::array();
  for (std::size_t l = 0; l < graph.layers().size(); ++l) {
    std::optional<LayerShare> share;
    if (report.shares) share = layer_share(report.shares->units[l]);
    const auto of = [&](double LayerShare::*figure) { return share ? Json((*share).*figure) : Json(); };
    list.push_back({{"name", graph.layers()[l].name},
                    {"units", graph.layers()[l].units},
                    {"ewp_share", of(&LayerShare::sum)},
                    {"ewp_share_max", of(&LayerShare::largest)},
                    {"effective_width", of(&LayerShare::effective_width)}});
  }
  return list;
}

Json links_json(const LayeredGraph& graph, const PathReport& report) {
  Json list = Json::array();
  for (std::size_t l = 0; l < graph.links().size(); ++l) {
    const Link& link = graph.links()[l];
    list.push_back({{"name", link.name},
                    {"parameter", link.fixed() ? Json() : Json(graph.parameters()[link.parameter].name)},
                    {"ewp_share", report.shares ? Json(report.shares->links[l]) : Json()}});
  }
  return list;
}

}  // namespace

std::optional<double> PathReport::mean_ewp_log() const {
  const std::optional<double> paths = statistics.paths_log10();
  if (!ewp_log || !paths) return std::nullopt;
  return *ewp_log - *paths * std::numbers::ln10;
}

PathReport path_report(const LayeredGraph& graph, const PathOptions& options) {
  PathReport report;
  report.level = options.level;
  report.statistics = path_statistics(graph, options.level);
  const PathSums ewp = path_sums(graph, PathValue::magnitude);
  if (std::isfinite(ewp.total_log)) report.ewp_log = ewp.total_log;
  report.shares = ewp_shares(graph, ewp);
  if (options.exact_counts) report.exact = path_counts(graph, options.level);
  if (options.initializer && options.level == PathLevel::parameter)
    report.expected = expected_ewp_log(graph, *options.initializer);
  report.seed = options.seed;
  if (options.samples > 0) add_quantiles(graph, options, report);
  report.top = best(graph, options);
  return report;
}

std::vector<std::string> unit_names(const LayeredGraph& graph, const BestPath& path) {
  std::vector<std::string> names{graph.unit_name(path.start)};
  for (const PathEdge& edge : path.edges) names.push_back(graph.unit_name(edge.target));
  return names;
}

std::vector<std::string> parameter_names(const LayeredGraph& graph, const BestPath& path, PathLevel level) {
  std::vector<std::string> names;
  for (const PathEdge& edge : path.edges) {
    const Link& link = graph.links()[edge.link];
    if (link.fixed()) continue;
    const Parameter& parameter = graph.parameters()[link.parameter];
    const std::int64_t row = edge.target - graph.layers()[link.to].first;
    names.push_back(
        fmt::format("{}[{}]", parameter.name, index_text(link, parameter.shape, row, edge.position, level)));
  }
  return names;
}

Json to_json(const LayeredGraph& graph, const PathReport& report, const AnalysisSource& source, bool unit_shares) {
  Json document = {{"schema", {{"name", "phew-graph/paths"}, {"version", 1}}},
                   {"network", source.network},
                   {"weights", or_null(source.weights)},
                   {"mask", or_null(source.mask)},
                   {"level", report.level == PathLevel::kernel ? "kernel" : "parameter"},
                   {"ewp", ewp_json(report)},
                   {"layers", layers_json(graph, report)},
                   {"links", links_json(graph, report)},
                   {"top", top_json(graph, report)}};
  if (unit_shares) document["units"]["ewp"] = report.shares ? unit_shares_json(graph, *report.shares) : Json();
  return document;
}

}  // namespace phew
