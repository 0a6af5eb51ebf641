// LogSum: a sum of numbers given by their logarithms, which may lie far outside what a double holds.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>

namespace phew {

class LogSum {
 public:
  /// Adds exp(log); −inf adds nothing.
  void add(double log) {
    if (log == -infinity) return;
    const double larger = std::max(log_, log), smaller = std::min(log_, log);
    log_ = larger + std::log1p(std::exp(smaller - larger));
  }
  /// Natural logarithm of the sum; −inf if nothing was added.
  [[nodiscard]] double log() const { return log_; }

 private:
  static constexpr double infinity = std::numeric_limits<double>::infinity();
  double log_ = -infinity;
};

}  // namespace phew
