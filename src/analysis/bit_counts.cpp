#include "analysis/bit_counts.hpp"

// Compiled once for each vector unit that Highway knows, and chosen at run time.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "analysis/bit_counts.cpp"
// clang-format off: this file includes itself here, before all else
#include <hwy/foreach_target.h>
// clang-format on

#include <bit>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace phew::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

BitCounts count_bits(const std::uint64_t* a, const std::uint64_t* b, std::size_t count) {
  const hn::ScalableTag<std::uint64_t> d;
  const std::size_t lanes = hn::Lanes(d);
  auto of_a = hn::Zero(d), of_b = hn::Zero(d), of_both = hn::Zero(d);
  std::size_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    const auto x = hn::LoadU(d, a + i), y = hn::LoadU(d, b + i);
    of_a = hn::Add(of_a, hn::PopulationCount(x));
    of_b = hn::Add(of_b, hn::PopulationCount(y));
    of_both = hn::Add(of_both, hn::PopulationCount(hn::And(x, y)));
  }
  const auto sum = [&](auto v) { return static_cast<std::int64_t>(hn::GetLane(hn::SumOfLanes(d, v))); };
  BitCounts counts{sum(of_a), sum(of_b), sum(of_both)};
  for (; i < count; ++i) {
    counts.a += std::popcount(a[i]);
    counts.b += std::popcount(b[i]);
    counts.both += std::popcount(a[i] & b[i]);
  }
  return counts;
}

}  // namespace phew::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace phew {

HWY_EXPORT(count_bits);

BitCounts count_bits(std::span<const std::uint64_t> a, std::span<const std::uint64_t> b) {
  return HWY_DYNAMIC_DISPATCH(count_bits)(a.data(), b.data(), a.size());
}

}  // namespace phew
#endif
