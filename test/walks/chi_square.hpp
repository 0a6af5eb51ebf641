// Pearson's chi-square: do counts fit exact probabilities?
#pragma once

#include <boost/math/special_functions/gamma.hpp>

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

namespace phew::test {

/// The chance that draws from `probability` (which sums to 1) are at least as far from it as `counts` are.
/// Cells that expect fewer than 25 draws are pooled. 0 if a cell of probability 0 was drawn; 1 if nothing was.
inline double chi_square_p(std::span<const std::int64_t> counts, std::span<const double> probability) {
  constexpr double enough = 25;
  double draws = 0;
  for (const std::int64_t count : counts) draws += static_cast<double>(count);
  struct Cell {
    double expected = 0, found = 0;
  };
  std::vector<Cell> cells;
  Cell rare;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (probability[i] <= 0 && counts[i] > 0) return 0;
    const Cell cell{draws * probability[i], static_cast<double>(counts[i])};
    if (cell.expected >= enough) {
      cells.push_back(cell);
    } else {
      rare.expected += cell.expected;
      rare.found += cell.found;
    }
  }
  if (rare.expected >= enough) {
    cells.push_back(rare);
  } else if (!cells.empty()) {
    const auto smallest = std::ranges::min_element(cells, {}, &Cell::expected);
    smallest->expected += rare.expected;
    smallest->found += rare.found;
  }
  if (cells.size() < 2) return 1;
  double sum = 0;
  for (const Cell& cell : cells) sum += (cell.found - cell.expected) * (cell.found - cell.expected) / cell.expected;
  return boost::math::gamma_q(static_cast<double>(cells.size() - 1) / 2, sum / 2);
}

}  // namespace phew::test
