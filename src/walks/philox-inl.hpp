// Philox4x32-10 (graph/random_stream.hpp) for many counters at once. For inclusion in files that Highway compiles for
// several targets, hence a guard for each target.
#if defined(PHEW_WALKS_PHILOX_INL_HPP) == defined(HWY_TARGET_TOGGLE)
#ifdef PHEW_WALKS_PHILOX_INL_HPP
#undef PHEW_WALKS_PHILOX_INL_HPP
#else
#define PHEW_WALKS_PHILOX_INL_HPP
#endif

#include "graph/random_stream.hpp"

#include <array>
#include <cstdint>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace phew::HWY_NAMESPACE {

/// The blocks of 128 bits that N streams give at one step, equal to RandomStream's.
template <std::size_t N>
class PhiloxBlocks {
 public:
  /// Of the streams numbers[0] … numbers[count − 1]; `numbers` has room for N.
  void run(std::uint64_t seed, Purpose purpose, const std::uint64_t* numbers, std::uint32_t step, std::size_t count) {
#if HWY_TARGET == HWY_SCALAR
    for (std::size_t i = 0; i < count; ++i) {
      const RandomStream::Block block = RandomStream(seed, purpose, numbers[i]).block(step);
      for (std::size_t w = 0; w < 4; ++w) words_[w][i] = block[w];
    }
#else
    namespace hn = hwy::HWY_NAMESPACE;
    const hn::ScalableTag<std::uint64_t> d;
    const hn::Repartition<std::uint32_t, decltype(d)> d32;
    const auto m0 = hn::Set(d, 0xD2511F53U), m1 = hn::Set(d, 0xCD9E8D57U);
    // Each 64-bit lane holds a 32-bit word; what a product leaves above it is dropped by the next one and by word().
    const auto times = [&](auto a, auto b) { return hn::MulEven(hn::BitCast(d32, a), hn::BitCast(d32, b)); };
    for (std::size_t i = 0; i < count; i += hn::Lanes(d)) {
      auto c0 = hn::LoadU(d, numbers + i), c1 = hn::ShiftRight<32>(c0);
      auto c2 = hn::Set(d, std::uint64_t{step}), c3 = hn::Set(d, static_cast<std::uint64_t>(purpose));
      auto k0 = static_cast<std::uint32_t>(seed), k1 = static_cast<std::uint32_t>(seed >> 32);
      for (int round = 0; round < 10; ++round) {
        const auto p0 = times(c0, m0), p1 = times(c2, m1);
        c0 = hn::Xor(hn::ShiftRight<32>(p1), hn::Xor(c1, hn::Set(d, std::uint64_t{k0})));
        c2 = hn::Xor(hn::ShiftRight<32>(p0), hn::Xor(c3, hn::Set(d, std::uint64_t{k1})));
        c1 = p1;
        c3 = p0;
        k0 += 0x9E3779B9U;
        k1 += 0xBB67AE85U;
      }
      hn::Store(c0, d, words_[0] + i);
      hn::Store(c1, d, words_[1] + i);
      hn::Store(c2, d, words_[2] + i);
      hn::Store(c3, d, words_[3] + i);
    }
#endif
  }

  [[nodiscard]] HWY_INLINE std::uint32_t word(std::size_t w, std::size_t i) const {
    return static_cast<std::uint32_t>(words_[w][i]);
  }

 private:
  static_assert(N % 64 == 0);  // whole vectors of any target
  alignas(64) std::uint64_t words_[4][N];
};

}  // namespace phew::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
