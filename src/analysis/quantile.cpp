#include "analysis/quantile.hpp"

#include <boost/math/special_functions/beta.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace phew {
namespace {

constexpr double tail = 0.025;  ///< of the 95 % interval

/// P(X ≤ k), X binomial of n and p.
double binomial_cdf(std::int64_t k, std::int64_t n, double p) {
  if (k < 0) return 0;
  if (k >= n) return 1;
  return boost::math::ibetac(static_cast<double>(k + 1), static_cast<double>(n - k), p);
}

/// The first k in 0 … n for which P(X ≤ k) ≥ bound.
std::int64_t binomial_quantile(double bound, std::int64_t n, double p) {
  std::int64_t low = 0, high = n;
  while (low < high) {
    const std::int64_t middle = (low + high) / 2;
    if (binomial_cdf(middle, n, p) >= bound)
      high = middle;
    else
      low = middle + 1;
  }
  return low;
}

/// Of the order statistic of rank k.
double standard_error(std::span<const double> sorted, std::int64_t k) {
  const auto n = static_cast<std::int64_t>(sorted.size());
  const auto a = static_cast<double>(k), b = static_cast<double>(n - k + 1), draws = static_cast<double>(n);
  // Beyond ten standard deviations of the Beta distribution the weights are nothing.
  const auto reach = static_cast<std::int64_t>(10 * std::sqrt(a * b / draws)) + 10;
  const std::int64_t first = std::max<std::int64_t>(1, k - reach), last = std::min(n, k + reach);
  const double centre = sorted[static_cast<std::size_t>(k - 1)];
  double mean = 0, squares = 0,
         before = first == 1 ? 0 : boost::math::ibeta(a, b, static_cast<double>(first - 1) / draws);
  for (std::int64_t i = first; i <= last; ++i) {
    const double until = i == n ? 1 : boost::math::ibeta(a, b, static_cast<double>(i) / draws);
    const double off = sorted[static_cast<std::size_t>(i - 1)] - centre;
    mean += (until - before) * off;
    squares += (until - before) * off * off;
    before = until;
  }
  return std::sqrt(std::max(0.0, squares - mean * mean));
}

}  // namespace

QuantileEstimate estimate_quantile(std::span<const double> sorted, double probability) {
  const auto n = static_cast<std::int64_t>(sorted.size());
  const auto rank = static_cast<std::int64_t>(std::ceil(static_cast<double>(n) * probability));
  const std::int64_t k = std::clamp<std::int64_t>(rank, 1, n);
  QuantileEstimate estimate{probability, sorted[static_cast<std::size_t>(k - 1)], standard_error(sorted, k), {}, {}};
  // X draws lie at or below the quantile. It is at least the draw of rank l unless X < l, and at most that of rank u
  // unless X ≥ u; each with a chance of at most `tail`.
  const std::int64_t below = binomial_quantile(tail, n, probability);
  const std::int64_t low = binomial_cdf(below, n, probability) > tail ? below : below + 1;
  const std::int64_t high = binomial_quantile(1 - tail, n, probability) + 1;
  if (low >= 1) estimate.low = sorted[static_cast<std::size_t>(low - 1)];
  if (high <= n) estimate.high = sorted[static_cast<std::size_t>(high - 1)];
  return estimate;
}

}  // namespace phew
