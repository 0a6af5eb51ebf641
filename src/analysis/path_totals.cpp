#include "analysis/path_totals.hpp"

#include "analysis/log_sum.hpp"
#include "graph/kept_parameters.hpp"
#include "graph/path_sums.hpp"

#include <cmath>
#include <numbers>
#include <numeric>
#include <span>

namespace phew {
namespace {

std::optional<double> finite(double log) {
  if (!std::isfinite(log)) return std::nullopt;
  return log;
}

/// A source's forward sum once for each parameter of its kernel, so that a bit's column finds it without a division.
std::vector<double> by_column(const Link& link, std::int64_t group, const std::vector<double>& forward) {
  std::vector<double> columns;
  columns.reserve(static_cast<std::size_t>(link.group_sources * link.kernel));
  const auto first = forward.begin() + group * link.group_sources;
  for (auto f = first; f != first + link.group_sources; ++f)
    columns.insert(columns.end(), static_cast<std::size_t>(link.kernel), *f);
  return columns;
}

/// Σ over a link's kept parameters of F(source) · B(target), both scaled.
double sum_over_parameters(const LayeredGraph& graph, const Link& link, const std::vector<double>& forward,
                           const std::vector<double>& backward, const KeptParameters* kept) {
  double sum = 0;
  std::optional<KeptRowReader> reader;
  if (graph.has_mask()) reader.emplace(graph, link.parameter, false, kept);
  for (std::int64_t g = 0; g < link.groups; ++g) {
    const std::vector<double> columns = by_column(link, g, forward);
    const double whole_row = std::accumulate(columns.begin(), columns.end(), 0.0);
    for (std::int64_t t = g * link.group_targets; t < (g + 1) * link.group_targets; ++t) {
      double row = whole_row;
      if (reader) {
        const std::span<const std::int32_t> positions = reader->row(t).positions;
        row = dot_at(PathValue::one, nullptr, positions.data(), positions.size(), columns.data());
      }
      sum += backward[static_cast<std::size_t>(t)] * row;
    }
  }
  return sum;
}

}  // namespace

PathTotals path_totals(const LayeredGraph& graph, const KeptParameters* kept) {
  if (graph.has_weights()) return path_totals(graph, path_total_log(graph, PathValue::magnitude, kept), kept);
  return {finite(path_total_log(graph, PathValue::one, kept) * std::numbers::log10e), {}, {}};
}

PathTotals path_totals(const LayeredGraph& graph, double ewp_log, const KeptParameters* kept) {
  PathTotals totals;
  totals.paths_log10 = finite(path_total_log(graph, PathValue::one, kept) * std::numbers::log10e);
  totals.ewp_log = finite(ewp_log);
  totals.path_kernel_trace_log = finite(path_kernel_trace_log(graph, kept));
  return totals;
}

double path_kernel_trace_log(const LayeredGraph& graph, const KeptParameters* kept) {
  const PathSums squares = path_sums(graph, PathValue::square, kept);
  LogSum trace;
  for (const Link& link : graph.links()) {
    if (link.fixed()) continue;
    const ScaledSums& from = squares.forward[link.from];
    const ScaledSums& to = squares.backward[link.to];
    const double sum = sum_over_parameters(graph, link, from.value, to.value, kept);
    trace.add(std::log(sum) + from.log_scale() + to.log_scale());
  }
  return trace.log();
}

}  // namespace phew
