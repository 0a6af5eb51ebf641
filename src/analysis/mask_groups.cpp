#include "analysis/mask_groups.hpp"

#include "graph/random_stream.hpp"

#include <boost/math/distributions/students_t.hpp>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace phew {
namespace {

/// Labelings whose statistic is below the observed one by no more than rounding count as equal to it.
constexpr double tie = 1e-12;

/// Count, mean and sum of squared deviations (Welford).
struct Moments {
  std::int64_t count = 0;
  double mean = 0;
  double m2 = 0;

  void add(double x) {
    ++count;
    const double delta = x - mean;
    mean += delta / static_cast<double>(count);
    m2 += delta * (x - mean);
  }
};

/// The values of a set of pairs, with their sum by mask, so that a mask can be left out in O(1).
struct PairSums {
  explicit PairSums(std::size_t masks) : sum_by_mask(masks), pairs_by_mask(masks) {}

  void add(std::size_t i, std::size_t j, double value) {
    all.add(value);
    for (const std::size_t m : {i, j}) {
      sum_by_mask[m] += value;
      ++pairs_by_mask[m];
    }
  }
  /// The mean over the pairs without mask m; none if no pair is left.
  [[nodiscard]] std::optional<double> without(std::size_t m) const {
    const std::int64_t left = all.count - pairs_by_mask[m];
    if (left == 0) return std::nullopt;
    return (all.mean * static_cast<double>(all.count) - sum_by_mask[m]) / static_cast<double>(left);
  }

  Moments all;
  std::vector<double> sum_by_mask;
  std::vector<std::int64_t> pairs_by_mask;
};

/// (m − 1)/m · Σ (θ₍ᵢ₎ − θ̄)² over masks first … first + count − 1; none if one of them cannot be left out.
std::optional<double> jackknife_variance(const PairSums& sums, std::size_t first, std::size_t count) {
  Moments left_out;
  for (std::size_t m = first; m < first + count; ++m) {
    const std::optional<double> theta = sums.without(m);
    if (!theta) return std::nullopt;
    left_out.add(*theta);
  }
  const auto n = static_cast<double>(count);
  return (n - 1) / n * left_out.m2;
}

PairMean summary(const Moments& all) {
  PairMean result;
  result.pairs = all.count;
  if (all.count > 0) result.mean = all.mean;
  if (all.count > 1) result.std = std::sqrt(all.m2 / static_cast<double>(all.count - 1));
  return result;
}

void set_interval(PairMean& result, double variance, std::size_t degrees_of_freedom) {
  const boost::math::students_t t(static_cast<double>(degrees_of_freedom));
  const double half = boost::math::quantile(t, 0.975) * std::sqrt(variance);
  result.low = *result.mean - half;
  result.high = *result.mean + half;
}

/// Mean within groups − mean across, for the labeling in which `in_first` marks the first group.
std::optional<double> contrast(const PairTable& table, const std::vector<std::uint8_t>& in_first) {
  double sums[2] = {0, 0};
  std::int64_t counts[2] = {0, 0};
  for (std::size_t i = 0; i < table.masks(); ++i) {
    for (std::size_t j = i + 1; j < table.masks(); ++j) {
      const std::optional<double>& value = table(i, j);
      if (!value) continue;
      const bool across = in_first[i] != in_first[j];
      sums[across] += *value;
      ++counts[across];
    }
  }
  if (counts[0] == 0 || counts[1] == 0) return std::nullopt;
  return sums[0] / static_cast<double>(counts[0]) - sums[1] / static_cast<double>(counts[1]);
}

/// n choose k, as a double: exact below 2^53, which covers all that is enumerated.
double choose(std::size_t n, std::size_t k) {
  double result = 1;
  for (std::size_t i = 1; i <= k; ++i)
    result = std::round(result * static_cast<double>(n - k + i) / static_cast<double>(i));
  return result;
}

/// Chooses `a` of the masks, each set with equal chance: the first steps of a Fisher–Yates shuffle.
std::vector<std::uint8_t> random_labeling(std::size_t masks, std::size_t a, const RandomStream& stream) {
  std::vector<std::uint32_t> order(masks);
  std::iota(order.begin(), order.end(), 0U);
  std::vector<std::uint8_t> in_first(masks, 0);
  for (std::size_t i = 0; i < a; ++i) {
    const std::uint32_t bits = stream.block(static_cast<std::uint32_t>(i / 4))[i % 4];
    std::swap(order[i], order[i + below(static_cast<std::uint32_t>(masks - i), bits)]);
    in_first[order[i]] = 1;
  }
  return in_first;
}

/// Labelings without a statistic (all their pairs null) count as at least as extreme: p is never understated.
bool reaches(const std::optional<double>& statistic, double observed) {
  return !statistic || *statistic >= observed - tie;
}

void enumerate(const PairTable& table, std::size_t a, PermutationTest& test) {
  std::vector<std::uint8_t> in_first(table.masks(), 0);
  std::fill_n(in_first.begin(), a, std::uint8_t{1});
  std::int64_t hits = 0;
  do {  // from the largest arrangement down to the smallest: every choice of a masks once
    ++test.labelings;
    hits += reaches(contrast(table, in_first), test.statistic);
  } while (std::prev_permutation(in_first.begin(), in_first.end()));
  test.p = static_cast<double>(hits) / static_cast<double>(test.labelings);
}

void sample(const PairTable& table, std::size_t a, const PermutationOptions& options, PermutationTest& test) {
  std::int64_t hits = 0;
  for (std::int64_t i = 0; i < options.samples; ++i) {
    const RandomStream stream(options.seed, Purpose::simulation, static_cast<std::uint64_t>(i));
    hits += reaches(contrast(table, random_labeling(table.masks(), a, stream)), test.statistic);
  }
  test.labelings = options.samples;
  test.p = static_cast<double>(1 + hits) / static_cast<double>(1 + options.samples);
}

}  // namespace

PairMean mean_within(const PairTable& table, std::size_t first, std::size_t count) {
  PairSums sums(table.masks());
  for (std::size_t i = first; i < first + count; ++i)
    for (std::size_t j = i + 1; j < first + count; ++j)
      if (table(i, j)) sums.add(i, j, *table(i, j));
  PairMean result = summary(sums.all);
  if (count < 3) return result;
  if (const auto variance = jackknife_variance(sums, first, count)) set_interval(result, *variance, count - 1);
  return result;
}

PairMean mean_across(const PairTable& table, std::size_t a) {
  const std::size_t b = table.masks() - a;
  PairSums sums(table.masks());
  for (std::size_t i = 0; i < a; ++i)
    for (std::size_t j = a; j < table.masks(); ++j)
      if (table(i, j)) sums.add(i, j, *table(i, j));
  PairMean result = summary(sums.all);
  double variance = 0;
  for (const auto& [first, count] : {std::pair{std::size_t{0}, a}, std::pair{a, b}}) {
    if (count < 2) continue;
    const auto part = jackknife_variance(sums, first, count);
    if (!part) return result;
    variance += *part;
  }
  const std::size_t degrees = (a > 1 ? a - 1 : 0) + (b > 1 ? b - 1 : 0);
  if (degrees > 0) set_interval(result, variance, degrees);
  return result;
}

std::optional<PermutationTest> permutation_test(const PairTable& table, std::size_t a,
                                                const PermutationOptions& options) {
  std::vector<std::uint8_t> in_first(table.masks(), 0);
  std::fill_n(in_first.begin(), a, std::uint8_t{1});
  const std::optional<double> observed = contrast(table, in_first);
  if (!observed) return std::nullopt;

  PermutationTest test;
  test.statistic = *observed;
  const double all = choose(table.masks(), a);
  // Groups of equal size: swapping them changes no statistic, so each value comes at least twice.
  test.smallest_p = (2 * a == table.masks() ? 2 : 1) / all;
  test.exact = all <= static_cast<double>(options.enumerate_up_to);
  if (test.exact) {
    enumerate(table, a, test);
  } else {
    sample(table, a, options, test);
    test.smallest_p = std::max(test.smallest_p, 1.0 / static_cast<double>(1 + options.samples));
  }
  return test;
}

}  // namespace phew
