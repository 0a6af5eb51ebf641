#include "analysis/degrees.hpp"

#include "graph/bit_kernels.hpp"
#include "graph/edge_rows.hpp"
#include "graph/error.hpp"

#include <algorithm>
#include <cmath>

namespace phew {
namespace {

/// Edges in the row of each unit.
std::vector<std::int64_t> degrees_of(const EdgeRows& rows, std::int64_t units) {
  std::vector<std::int64_t> degrees;
  degrees.reserve(static_cast<std::size_t>(units));
  for (std::int64_t u = 0; u < units; ++u) degrees.push_back(count_bits(rows.row(u)));
  return degrees;
}

}  // namespace

std::int64_t DegreeDistribution::least() const {
  const auto first = std::ranges::find_if(units, [](std::int64_t n) { return n > 0; });
  return first == units.end() ? 0 : first - units.begin();
}

std::int64_t DegreeDistribution::most() const {
  return units.empty() ? 0 : static_cast<std::int64_t>(units.size()) - 1;
}

DegreeDistribution distribution_of(const std::vector<std::int64_t>& degrees, std::int64_t possible) {
  DegreeDistribution d{.possible = possible};
  if (degrees.empty()) return d;
  d.units.resize(static_cast<std::size_t>(std::ranges::max(degrees)) + 1);
  const auto n = static_cast<double>(degrees.size());
  double sum = 0, squares = 0;
  for (const std::int64_t degree : degrees) {
    ++d.units[static_cast<std::size_t>(degree)];
    sum += static_cast<double>(degree);
  }
  d.mean = sum / n;
  for (const std::int64_t degree : degrees)
    squares += (static_cast<double>(degree) - d.mean) * (static_cast<double>(degree) - d.mean);
  d.std = std::sqrt(squares / n);
  const double kept = possible == 0 ? 0 : d.mean / static_cast<double>(possible);
  const double usual = 3 * std::sqrt(std::max(0.0, d.mean * (1 - kept)));
  for (const std::int64_t degree : degrees) {
    d.underloaded += static_cast<double>(degree) < d.mean - usual;
    d.overloaded += static_cast<double>(degree) > d.mean + usual;
  }
  return d;
}

LinkDegrees link_degrees(const LayeredGraph& graph, const Link& link) {
  if (link.fixed()) fail(ExitCode::internal, "link_degrees: found fixed link {}, expected a weighted one", link.name);
  const auto out = degrees_of(EdgeRows::by_source(graph, link), graph.layers()[link.from].units);
  const auto in = degrees_of(EdgeRows::by_target(graph, link), graph.layers()[link.to].units);
  return {distribution_of(out, link.group_targets), distribution_of(in, link.group_sources)};
}

}  // namespace phew
