// RandomStream: counter-based random numbers. Stream i is independent of stream j and costs nothing to fork, so what
// walk i draws does not depend on threads or batches.
#pragma once

#include <Random123/philox.h>

#include <array>
#include <cstdint>

namespace phew {

/// What a stream is for. Part of the counter, so that two uses of one seed never share numbers.
/// Numbers are never given to another use: they are part of the mask rule.
enum class Purpose : std::uint32_t {
  walk = 0,
  random_mask = 1,
  initial_weights = 2,
  data_order = 3,
  simulation = 4,
  bernoulli_mask = 5,
  erk_mask = 6,
  uniform_layer_mask = 7,
  shuffled_mask = 8,
  random_regular = 9,
  erdos_renyi = 10,
  path_sample = 11,
  augmentation = 12,
  dropout = 13,
  transformation = 14
};

/// Philox4x32-10 (Salmon et al. 2011; Random123) with key = seed and counter = (index, step, purpose).
/// Only integers and exact scalings of them leave here: the same numbers on every machine.
class RandomStream {
 public:
  using Block = std::array<std::uint32_t, 4>;

  RandomStream(std::uint64_t seed, Purpose purpose, std::uint64_t index)
      : key_{{static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)}},
        index_(index),
        purpose_(static_cast<std::uint32_t>(purpose)) {}

  /// The 128 random bits of a step.
  [[nodiscard]] Block block(std::uint32_t step) const {
    const r123::Philox4x32::ctr_type counter{
        {static_cast<std::uint32_t>(index_), static_cast<std::uint32_t>(index_ >> 32), step, purpose_}};
    const auto out = r123::Philox4x32{}(counter, key_);
    return {out[0], out[1], out[2], out[3]};
  }

 private:
  r123::Philox4x32::key_type key_;
  std::uint64_t index_;
  std::uint32_t purpose_;
};

/// Uniform in [0, 1), a multiple of 2^-53, from 64 random bits.
[[nodiscard]] inline double unit_interval(std::uint32_t high, std::uint32_t low) {
  const std::uint64_t bits = (static_cast<std::uint64_t>(high) << 32 | low) >> 11;
  return static_cast<double>(bits) * 0x1p-53;
}
/// Uniform in [0, 1), a multiple of 2^-32.
[[nodiscard]] inline double unit_interval(std::uint32_t bits) { return static_cast<double>(bits) * 0x1p-32; }

/// Uniform in 0 … n − 1, n ≤ 2^32, from 32 random bits (multiply–shift; each value's chance differs from 1/n by less
/// than 2^-32).
[[nodiscard]] inline std::uint32_t below(std::uint32_t n, std::uint32_t bits) {
  return static_cast<std::uint32_t>((static_cast<std::uint64_t>(bits) * n) >> 32);
}

/// Uniform in 0 … n − 1 from 64 random bits, likewise.
[[nodiscard]] inline std::uint64_t below(std::uint64_t n, std::uint32_t high, std::uint32_t low) {
  __extension__ using Wide = unsigned __int128;
  const std::uint64_t bits = static_cast<std::uint64_t>(high) << 32 | low;
  return static_cast<std::uint64_t>((static_cast<Wide>(bits) * n) >> 64);
}

}  // namespace phew
