// Quantiles of a sample, and how far they may lie from those of what was sampled.
#pragma once

#include <optional>
#include <span>

namespace phew {

struct QuantileEstimate {
  double probability = 0;
  double value = 0;                 ///< the order statistic of rank ⌈n · probability⌉, at least 1
  double standard_error = 0;        ///< of that order statistic
  std::optional<double> low, high;  ///< 95 % confidence interval; none at an end that the sample does not reach
};

/// From n ≥ 1 independent draws in ascending order; 0 < probability < 1.
///
/// Standard error: the bootstrap's, in closed form (Efron 1979; Maritz and Jarrett 1978): draw i is the order statistic
/// of rank k of a resample with chance I(i/n) − I((i − 1)/n), I the distribution function of Beta(k, n − k + 1).
/// Interval: two order statistics, by the binomial distribution (David and Nagaraja 2003, Sec. 7.1), so it covers the
/// quantile with 95 % or more whatever is sampled, with ties or without.
[[nodiscard]] QuantileEstimate estimate_quantile(std::span<const double> sorted, double probability);

}  // namespace phew
