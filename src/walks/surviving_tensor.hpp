// SurvivingTensor: the parameters of one tensor that have not been pruned yet, for methods that prune in rounds.
#pragma once

#include "graph/layered_graph.hpp"
#include "graph/row_kernels.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace phew {

/// Rows of values of at least 0, each |w| or w² times a power of two. While many survive, a row holds all its
/// positions; when fewer than three in eight do, it is a list of positions and values. What is pruned becomes −0, a
/// *gap*, until a list is next cleared of gaps: it adds nothing to a sum, its score is −0, and it tells itself from a
/// surviving 0. An *entry* is an index into the values, in order of position.
class SurvivingTensor {
 public:
  /// The kept parameters of a tensor. Throws Error(data) naming it if one is NaN or infinite.
  SurvivingTensor(const LayeredGraph& graph, std::size_t parameter, PathValue value);

  [[nodiscard]] std::int64_t rows() const { return rows_; }
  [[nodiscard]] std::int64_t columns() const { return columns_; }
  /// Values are to be multiplied by 2^exponent.
  [[nodiscard]] std::int64_t exponent() const { return exponent_; }
  [[nodiscard]] std::int64_t survivors() const { return survivors_; }
  [[nodiscard]] std::int64_t entries() const { return static_cast<std::int64_t>(entries_); }

  /// Entries [first, last) of a row.
  [[nodiscard]] std::pair<std::size_t, std::size_t> row(std::int64_t r) const {
    const auto at = static_cast<std::size_t>(r);
    return {begin_[at], end_[at]};
  }
  [[nodiscard]] float value(std::size_t entry) const { return values_[entry]; }
  /// Position of an entry within its row r.
  [[nodiscard]] std::int64_t position(std::int64_t r, std::size_t entry) const {
    return dense() ? static_cast<std::int64_t>(entry - begin_[static_cast<std::size_t>(r)]) : positions_[entry];
  }

  /// out[t] = Σ value · f[position] over row first + t, for t < count.
  void dot(std::int64_t first, std::int64_t count, const double* f, double* out) const;
  /// out[position] += value · b[t] over row first + t, for t < count.
  void add(std::int64_t first, std::int64_t count, const double* b, double* out) const;
  /// out[i] = (value · f[position]) · b over the entries of row r.
  void scores(std::int64_t r, const float* f, float b, float* out) const;

  /// Prunes one surviving entry.
  void prune(std::size_t entry) {
    values_[entry] = -0.0F;
    --survivors_;
  }
  /// To be called now and then: clears gaps when they are many. Entries change.
  void settle();

  /// Sets the bits of what survives.
  void mark(BitMatrix& bits) const;

 private:
  [[nodiscard]] bool dense() const { return positions_.empty(); }
  void clear_gaps();

  std::int64_t rows_ = 0, columns_ = 0;
  std::int64_t exponent_ = 0;
  std::int64_t survivors_ = 0;
  std::size_t entries_ = 0;               ///< Σ over rows of end − begin
  std::vector<float> values_;             ///< by entry
  std::vector<std::uint32_t> positions_;  ///< by entry; empty while rows hold all positions
  std::vector<std::size_t> begin_, end_;  ///< by row
};

}  // namespace phew
