// Choices by cumulative sums, for several vector units: for inclusion in files that Highway compiles for several
// targets, hence a guard for each target. All targets give the same index.
#if defined(PHEW_WALKS_CUMULATIVE_INL_HPP) == defined(HWY_TARGET_TOGGLE)
#ifdef PHEW_WALKS_CUMULATIVE_INL_HPP
#undef PHEW_WALKS_CUMULATIVE_INL_HPP
#else
#define PHEW_WALKS_CUMULATIVE_INL_HPP
#endif

#include "graph/random_stream.hpp"
#include "walks/link_choices.hpp"

#include <bit>
#include <cmath>
#include <cstdint>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace phew::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

/// How many of `count` floats (whole lanes of at most Lane, aligned to them) are at most `point`.
template <std::int64_t Lane>
HWY_INLINE std::int64_t count_at_most(const float* sums, std::int64_t count, float point) {
  const hn::CappedTag<float, static_cast<std::size_t>(Lane)> d;
  const auto limit = hn::Set(d, point);
  std::size_t index = 0;
  for (std::int64_t i = 0; i < count; i += static_cast<std::int64_t>(hn::Lanes(d)))
    index += hn::CountTrue(d, hn::Le(hn::Load(d, sums + i), limit));
  return static_cast<std::int64_t>(index);
}

/// The entry of `count` cumulative sums, the last of which is the total, that holds the point `rest`. Never one that
/// adds nothing: a point that by rounding lies behind the total counts as just before it.
template <std::int64_t Lane>
HWY_INLINE std::int64_t find_in(const float* sums, std::int64_t count, double rest) {
  const auto just_below = [](float x) { return std::bit_cast<float>(std::bit_cast<std::uint32_t>(x) - 1); };
  // The largest float ≤ rest splits floats as rest itself does.
  float point = static_cast<float>(rest);
  if (static_cast<double>(point) > rest) point = just_below(point);
  const std::int64_t index = count_at_most<Lane>(sums, count, point);
  if (HWY_LIKELY(index < count)) return index;
  return count_at_most<Lane>(sums, count, just_below(sums[count - 1]));
}

/// The first of `count` weights whose running sum of |w|, in order, exceeds `rest`, or, where rounding leaves none, the
/// last that is not 0.
HWY_INLINE std::int64_t scan(const float* weights, std::int64_t count, double rest) {
  double sum = 0;
  std::int64_t index = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    sum += static_cast<double>(std::abs(weights[i]));
    index += sum <= rest ? 1 : 0;
  }
  if (HWY_UNLIKELY(index == count)) do
      --index;
    while (index > 0 && weights[index] == 0);
  return index;
}

/// A parameter of the kernel at `first` of a row, by its bias, from 32 random bits.
inline std::int64_t choose_parameter(const LinkChoices& choices, std::int64_t row, std::int64_t first,
                                     std::uint32_t bits) {
  const std::int64_t kernel = choices.link().kernel;
  double sum = 0;
  for (std::int64_t i = 0; i < kernel; ++i) sum += static_cast<double>(choices.parameter(row, first + i));
  const double point = unit_interval(bits) * sum;
  std::int64_t index = 0;
  sum = 0;
  for (std::int64_t i = 0; i < kernel; ++i)
    index += (sum += static_cast<double>(choices.parameter(row, first + i))) <= point ? 1 : 0;
  return index;
}

/// Running sums of nine |w|: within the first and within the second four, of neighbours first and then of pairs; the
/// second four's on top of the first's total.
struct NineSums {
  float total = 0;
  float point = 0;         ///< share of the total
  std::int64_t index = 0;  ///< how many of the first eight sums are at most the point
};

HWY_INLINE NineSums sums_of_nine(const float* w, double share) {
  NineSums out;
#if HWY_TARGET == HWY_SCALAR
  float sums[8], base = 0;
  for (int q = 0; q < 8; q += 4) {
    const float a = std::abs(w[q]), b = std::abs(w[q + 1]), c = std::abs(w[q + 2]), d = std::abs(w[q + 3]);
    const float four[4] = {a, b + a, (c + b) + a, (d + c) + (b + a)};
    for (int i = 0; i < 4; ++i) sums[q + i] = four[i] + base;
    base = sums[q + 3];
  }
  out.total = base + std::abs(w[8]);
  out.point = static_cast<float>(share * static_cast<double>(out.total));
  for (const float sum : sums) out.index += sum <= out.point ? 1 : 0;
#else
  const hn::FixedTag<float, 4> d;
  const auto running = [&](const float* four) {
    const auto magnitudes = hn::Abs(hn::LoadU(d, four));
    const auto pairs = hn::Add(magnitudes, hn::ShiftLeftLanes<1>(d, magnitudes));
    return hn::Add(pairs, hn::ShiftLeftLanes<2>(d, pairs));
  };
  const auto low = running(w);
  const auto high = hn::Add(running(w + 4), hn::Broadcast<3>(low));
  out.total = hn::GetLane(hn::Broadcast<3>(high)) + std::abs(w[8]);
  out.point = static_cast<float>(share * static_cast<double>(out.total));
  const auto limit = hn::Set(d, out.point);
  out.index = static_cast<std::int64_t>(hn::CountTrue(d, hn::Le(low, limit)) + hn::CountTrue(d, hn::Le(high, limit)));
#endif
  return out;
}

/// choose_parameter of a 3×3 kernel of raw weights at `first` of a row.
HWY_INLINE std::int64_t choose_of_nine(const LinkChoices& choices, const float* weights, std::int64_t row,
                                       std::int64_t first, std::uint32_t bits) {
  const std::int64_t index = sums_of_nine(weights, unit_interval(bits)).index;
  // Rounding can place the point on a weight of 0, which must not be kept.
  return HWY_LIKELY(weights[index] != 0) ? index : choose_parameter(choices, row, first, bits);
}

}  // namespace phew::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
