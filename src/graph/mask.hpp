// Mask: one bit per prunable parameter, 1 = kept.
#pragma once

#include "graph/network.hpp"

#include <bit>
#include <cstdint>
#include <span>
#include <vector>

namespace phew {

/// Bits of a matrix, each row padded to whole 64-bit words. Padding bits are 0.
class BitMatrix {
 public:
  BitMatrix() = default;
  BitMatrix(std::int64_t rows, std::int64_t columns, bool value = false);

  [[nodiscard]] std::int64_t rows() const { return rows_; }
  [[nodiscard]] std::int64_t columns() const { return columns_; }
  [[nodiscard]] std::int64_t words_per_row() const { return words_per_row_; }

  [[nodiscard]] bool test(std::int64_t row, std::int64_t column) const {
    return (words_[index(row, column)] >> (column & 63)) & 1U;
  }
  /// Sets a bit; returns whether it was 0 before.
  bool set(std::int64_t row, std::int64_t column) {
    std::uint64_t& word = words_[index(row, column)];
    const std::uint64_t bit = std::uint64_t{1} << (column & 63);
    const bool fresh = (word & bit) == 0;
    word |= bit;
    return fresh;
  }
  /// Brings the word of a bit near, for a set() soon.
  void prefetch(std::int64_t row, std::int64_t column) const { __builtin_prefetch(&words_[index(row, column)], 1); }
  void reset(std::int64_t row, std::int64_t column) {
    words_[index(row, column)] &= ~(std::uint64_t{1} << (column & 63));
  }

  [[nodiscard]] std::span<const std::uint64_t> row(std::int64_t r) const {
    return {words_.data() + r * words_per_row_, static_cast<std::size_t>(words_per_row_)};
  }
  /// For writing whole words; padding bits must stay 0.
  [[nodiscard]] std::span<std::uint64_t> row(std::int64_t r) {
    return {words_.data() + r * words_per_row_, static_cast<std::size_t>(words_per_row_)};
  }
  [[nodiscard]] std::span<const std::uint64_t> words() const { return words_; }
  /// Number of bits set. O(words).
  [[nodiscard]] std::int64_t count() const;
  /// The first set column ≥ `from` of a row, or columns() if there is none.
  [[nodiscard]] std::int64_t next(std::int64_t row, std::int64_t from) const;

  friend bool operator==(const BitMatrix&, const BitMatrix&) = default;

 private:
  [[nodiscard]] std::size_t index(std::int64_t row, std::int64_t column) const {
    return static_cast<std::size_t>(row * words_per_row_ + (column >> 6));
  }

  std::int64_t rows_ = 0, columns_ = 0, words_per_row_ = 0;
  std::vector<std::uint64_t> words_;
};

/// Calls f(column) for every set bit of a row, in ascending order.
template <typename F>
void for_each_set(std::span<const std::uint64_t> row, F&& f) {
  for (std::size_t w = 0; w < row.size(); ++w)
    for (std::uint64_t bits = row[w]; bits != 0; bits &= bits - 1)
      f(static_cast<std::int64_t>(w) * 64 + std::countr_zero(bits));
}

/// One BitMatrix per prunable parameter tensor of a network: row = output unit, column = position within the row.
class Mask {
 public:
  Mask() = default;
  /// All bits `value`, for these parameters.
  explicit Mask(std::span<const Parameter> parameters, bool value = false);

  [[nodiscard]] std::size_t tensor_count() const { return tensors_.size(); }
  [[nodiscard]] BitMatrix& operator[](std::size_t parameter) { return tensors_[parameter]; }
  [[nodiscard]] const BitMatrix& operator[](std::size_t parameter) const { return tensors_[parameter]; }

  /// Kept parameters. O(words).
  [[nodiscard]] std::int64_t kept() const;
  /// All parameters.
  [[nodiscard]] std::int64_t size() const;
  /// kept / size; 0 for an empty network.
  [[nodiscard]] double density() const;

  friend bool operator==(const Mask&, const Mask&) = default;

 private:
  std::vector<BitMatrix> tensors_;
};

}  // namespace phew
