// ChoiceTree: weighted choice among the blocks of a row, for many rows, from the blocks' sums.
//
//   top level    │ c0 … c7 │                     cumulative sums within groups of 32 entries
//   bottom level │ c0 … c31 │ c0 … c31 │ …       one entry a block
//   leaves       not stored here
//
// A choice is a search for a point in cumulative sums, level by level, each a comparison with one or two cache lines.
// An alias table would cost more to build than it saves: a mask needs few draws from each row.
#pragma once

#include "walks/float_buffer.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace phew {

class ChoiceTree {
 public:
  static constexpr std::int64_t fan = 32;  ///< entries of one group
  static constexpr std::int64_t lane = 8;  ///< groups are padded to whole lanes of it with their own total

  struct Level {
    std::int64_t offset = 0;  ///< of its first entry in a row
    std::int64_t width = 0;   ///< entries without padding
    std::int64_t padded = 0;  ///< with it
  };

  ChoiceTree() = default;
  /// Memory: about 4 · rows · blocks · (1 + 1/32 + …) bytes.
  ChoiceTree(std::int64_t rows, std::int64_t blocks);

  [[nodiscard]] std::int64_t blocks() const { return levels_.back().width; }
  /// Where a row's block sums are to be put, one a block; accumulate(row) must follow before the row is used.
  [[nodiscard]] float* block_sums(std::int64_t row) { return sums_.data() + row * stride_ + levels_.back().offset; }
  /// Turns a row's sums into cumulative ones, level by level.
  void accumulate(std::int64_t row);

  /// Sum over a row.
  [[nodiscard]] float total(std::int64_t row) const { return this->row(row)[levels_.front().padded - 1]; }

  /// Floats held.
  [[nodiscard]] std::int64_t size() const { return sums_.size(); }
  /// From the top level, of at most 32 entries, down.
  [[nodiscard]] std::span<const Level> levels() const { return levels_; }
  [[nodiscard]] const float* row(std::int64_t row) const { return sums_.data() + row * stride_; }
  [[nodiscard]] std::int64_t stride() const { return stride_; }  ///< floats from row to row

 private:
  std::vector<Level> levels_;
  std::int64_t stride_ = 0;  ///< floats a row
  FloatBuffer sums_;
};

/// `n` rounded up to a multiple of `unit`.
constexpr std::int64_t padded_to(std::int64_t unit, std::int64_t n) { return (n + unit - 1) / unit * unit; }

}  // namespace phew
