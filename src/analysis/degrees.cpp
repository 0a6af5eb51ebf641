#include "analysis/degrees.hpp"

#include "graph/error.hpp"

#include <algorithm>
#include <cmath>

namespace phew {
namespace {

/// Adds a link's kept edges to the degrees of both ends.
void count_edges(const LayeredGraph& graph, const Link& link, std::vector<std::int64_t>& out,
                 std::vector<std::int64_t>& in) {
  const BitMatrix& bits = graph.mask()[link.parameter];
  std::vector<std::int64_t> column_of(static_cast<std::size_t>(bits.columns()));  // a table costs less than a division
  for (std::size_t p = 0; p < column_of.size(); ++p) column_of[p] = static_cast<std::int64_t>(p) / link.kernel;
  for (std::int64_t t = 0; t < bits.rows(); ++t) {
    const auto sources = out.begin() + link.first_source(t);
    std::int64_t last = -1, edges = 0;
    for_each_set(bits.row(t), [&](std::int64_t p) {
      const std::int64_t column = column_of[static_cast<std::size_t>(p)];
      if (column == last) return;  // another parameter of the same kernel
      last = column;
      ++edges;
      ++sources[column];
    });
    in[static_cast<std::size_t>(t)] += edges;
  }
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
  std::vector<std::int64_t> out(static_cast<std::size_t>(graph.layers()[link.from].units));
  std::vector<std::int64_t> in(static_cast<std::size_t>(graph.layers()[link.to].units));
  if (graph.has_mask()) {
    count_edges(graph, link, out, in);
  } else {
    std::ranges::fill(out, link.group_targets);
    std::ranges::fill(in, link.group_sources);
  }
  return {distribution_of(out, link.group_targets), distribution_of(in, link.group_sources)};
}

}  // namespace phew
