// ChoiceTree: weighted choice among the leaves of a row, for many rows, from sums of blocks of 16.
//
//   level 1      c0 c1 c2                       cumulative sums within groups of 16 entries
//   level 0      c0 … c15 │ c0 … c15 │ c0 …     one entry a block of 16 leaves
//   leaves       not stored: the caller scans one block of its own data
//
// Building an alias table costs more than it saves when a mask needs few draws from each row.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

namespace phew {

class ChoiceTree {
 public:
  static constexpr std::int64_t fan = 16;

  ChoiceTree() = default;
  /// Memory: 4 · rows · leaves · (1/16 + 1/256 + …) bytes.
  ChoiceTree(std::int64_t rows, std::int64_t leaves);

  [[nodiscard]] std::int64_t blocks() const { return blocks_of(leaves_); }
  /// Sets the sum of a block of leaves; accumulate(row) must follow before the row is used.
  void set(std::int64_t row, std::int64_t block, float sum) {
    levels_.front().sums[static_cast<std::size_t>(row * levels_.front().width + block)] = sum;
  }
  /// Turns a row's sums into cumulative ones, level by level.
  void accumulate(std::int64_t row);

  /// Sum over a row's leaves.
  [[nodiscard]] float total(std::int64_t row) const;

  /// The block that holds the point u · total(row), 0 ≤ u < 1, and how far into the block the point lies. Never a block
  /// of sum 0 unless the total is 0. O(16 · log₁₆ leaves).
  [[nodiscard]] std::pair<std::int64_t, double> find(std::int64_t row, double u) const;

 private:
  struct Level {
    std::int64_t width = 0;   ///< entries a row
    std::vector<float> sums;  ///< cumulative within groups of 16
  };
  static std::int64_t blocks_of(std::int64_t n) { return (n + fan - 1) / fan; }

  std::int64_t leaves_ = 0;
  std::vector<Level> levels_;  ///< from blocks of leaves up to at most 16 entries
};

/// The first of `count` leaves whose running sum (in order, in double) exceeds `rest`, or, where rounding leaves none,
/// the last leaf that is not 0. −1 if all are 0.
template <typename Leaf>
[[nodiscard]] std::int64_t scan(std::int64_t count, double rest, Leaf&& leaf) {
  double sum = 0;
  std::int64_t last = -1;
  for (std::int64_t i = 0; i < count; ++i) {
    const double value = leaf(i);
    if (value == 0) continue;
    sum += value;
    last = i;
    if (sum > rest) break;
  }
  return last;
}

}  // namespace phew
