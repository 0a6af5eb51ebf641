#include "analysis/assignment.hpp"

#include <algorithm>
#include <limits>

namespace phew {
namespace {

constexpr std::size_t nobody = static_cast<std::size_t>(-1);

/// Works on costs = −gains. Invariant: cost − row price − column price ≥ 0, and 0 for assigned pairs.
class Solver {
 public:
  explicit Solver(const Gains& gains)
      : gains_(gains),
        n_(gains.size()),
        row_price_(n_),
        column_price_(n_),
        column_of_(n_, nobody),
        row_of_(n_, nobody),
        distance_(n_),
        before_(n_) {}

  Assignment solve() {
    set_prices();
    for (std::size_t row = 0; row < n_; ++row) take_free_column(row);
    for (std::size_t row = 0; row < n_; ++row)
      if (column_of_[row] == nobody) augment(row);
    return std::move(column_of_);
  }

 private:
  [[nodiscard]] std::int64_t reduced_cost(std::size_t row, std::size_t column) const {
    return -gains_(row, column) - row_price_[row] - column_price_[column];
  }

  /// Each row's least cost, then each column's least of what is left: a feasible start.
  void set_prices() {
    for (std::size_t row = 0; row < n_; ++row) row_price_[row] = -std::ranges::max(gains_.row(row));
    std::ranges::fill(column_price_, std::numeric_limits<std::int64_t>::max());
    for (std::size_t row = 0; row < n_; ++row)
      for (std::size_t column = 0; column < n_; ++column)
        column_price_[column] = std::min(column_price_[column], -gains_(row, column) - row_price_[row]);
  }

  void take_free_column(std::size_t row) {
    for (std::size_t column = 0; column < n_; ++column) {
      if (row_of_[column] != nobody || reduced_cost(row, column) != 0) continue;
      column_of_[row] = column;
      row_of_[column] = row;
      return;
    }
  }

  /// Dijkstra from a free row over reduced costs to the nearest free column; then the pairs along the path change over.
  void augment(std::size_t start) {
    std::ranges::fill(distance_, std::numeric_limits<std::int64_t>::max());
    open_.resize(n_);
    for (std::size_t column = 0; column < n_; ++column) open_[column] = column;
    closed_.clear();
    std::int64_t reached = 0;
    std::size_t end = nobody;
    for (std::size_t row = start; end == nobody; row = row_of_[closed_.back()]) {
      const std::size_t nearest = relax(row, reached);
      const std::size_t column = open_[nearest];
      reached = distance_[column];
      if (row_of_[column] == nobody) {
        end = column;
        break;
      }
      open_[nearest] = open_.back();
      open_.pop_back();
      closed_.push_back(column);
    }
    move_prices(start, reached);
    change_over(start, end);
  }

  /// Lets `row`, which is `reached` away, shorten the ways to open columns; returns the nearest one's place in open_, a
  /// free one if several are as near.
  std::size_t relax(std::size_t row, std::int64_t reached) {
    std::int64_t least = std::numeric_limits<std::int64_t>::max();
    std::size_t nearest = 0;
    const std::int64_t base = reached - row_price_[row];
    const auto gains = gains_.row(row);
    for (std::size_t i = 0; i < open_.size(); ++i) {
      const std::size_t column = open_[i];
      const std::int64_t way = base - gains[column] - column_price_[column];
      if (way < distance_[column]) {
        distance_[column] = way;
        before_[column] = row;
      }
      if (distance_[column] < least || (distance_[column] == least && row_of_[column] == nobody)) {
        least = distance_[column];
        nearest = i;
      }
    }
    return nearest;
  }

  void move_prices(std::size_t start, std::int64_t reached) {
    row_price_[start] += reached;
    for (const std::size_t column : closed_) {
      row_price_[row_of_[column]] += reached - distance_[column];
      column_price_[column] -= reached - distance_[column];
    }
  }

  void change_over(std::size_t start, std::size_t column) {
    for (std::size_t row = nobody; row != start;) {
      row = before_[column];
      row_of_[column] = row;
      std::swap(column_of_[row], column);
    }
  }

  const Gains& gains_;
  std::size_t n_;
  std::vector<std::int64_t> row_price_, column_price_;
  Assignment column_of_, row_of_;
  std::vector<std::int64_t> distance_;      ///< by column, from the free row
  std::vector<std::size_t> before_;         ///< by column: the row that its way comes from
  std::vector<std::size_t> open_, closed_;  ///< columns whose distance may fall, and those where it is final
};

}  // namespace

std::int64_t total_gain(const Gains& gains, const Assignment& assignment) {
  std::int64_t total = 0;
  for (std::size_t row = 0; row < assignment.size(); ++row) total += gains(row, assignment[row]);
  return total;
}

Assignment best_assignment(const Gains& gains) { return Solver(gains).solve(); }

}  // namespace phew
