// Assignment: who goes with whom so that the gains add up to the most.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace phew {

/// Gains of pairing each of n things with each of n others, n × n in rows.
class Gains {
 public:
  explicit Gains(std::size_t n) : n_(n), values_(n * n, 0) {}

  [[nodiscard]] std::size_t size() const { return n_; }
  [[nodiscard]] std::int64_t& operator()(std::size_t row, std::size_t column) { return values_[row * n_ + column]; }
  [[nodiscard]] std::int64_t operator()(std::size_t row, std::size_t column) const {
    return values_[row * n_ + column];
  }
  [[nodiscard]] std::span<const std::int64_t> row(std::size_t r) const { return {values_.data() + r * n_, n_}; }
  [[nodiscard]] std::span<std::int64_t> row(std::size_t r) { return {values_.data() + r * n_, n_}; }

 private:
  std::size_t n_;
  std::vector<std::int64_t> values_;
};

/// A column for each row, every column once.
using Assignment = std::vector<std::size_t>;

/// Σ gains(row, assignment[row]).
[[nodiscard]] std::int64_t total_gain(const Gains& gains, const Assignment& assignment);

/// An assignment of the largest total gain: exact, in integers, by shortest augmenting paths with dual prices (Jonker
/// and Volgenant 1987, as in Crouse 2016) from a greedy start. Gains are below 2^60 / n in magnitude.
/// O(n³) at worst; near O(n²) where few rows compete.
[[nodiscard]] Assignment best_assignment(const Gains& gains);

}  // namespace phew
