// Bit kernels: the inner loops over the words of masks and edge bits. Compiled as row_kernels are, for each processor's
// own population count and vectors. Rows that are combined have equal lengths.
#pragma once

#include "graph/mask.hpp"

#include <cstdint>
#include <span>

namespace phew {

/// A row of bits, or any other run of whole words.
using Bits = std::span<const std::uint64_t>;
using MutableBits = std::span<std::uint64_t>;

/// Bits set.
[[nodiscard]] std::int64_t count_bits(Bits bits);
/// Bits set in both.
[[nodiscard]] std::int64_t count_common_bits(Bits a, Bits b);

/// Bits set in each of two, and in both.
struct PairCounts {
  std::int64_t a = 0, b = 0, both = 0;
};
[[nodiscard]] PairCounts count_pair(Bits a, Bits b);

/// Writes the positions of the set bits, ascending, and returns their number: a list to go along without a branch that
/// depends on the bits. `positions` needs room for list_bits_slack more than there are. Fewer than 2^31 bits.
[[nodiscard]] std::int64_t list_bits(Bits bits, std::int32_t* positions);
inline constexpr int list_bits_slack = 4;

/// to |= from.
void add_bits(MutableBits to, Bits from);
/// to |= a & b.
void add_common_bits(MutableBits to, Bits a, Bits b);
/// Whether any bit is set in both.
[[nodiscard]] bool intersect(Bits a, Bits b);

/// Bit i of `to` says whether any of bits 9 i … 9 i + 8 of `from` is set: a 3×3 kernel's edge. Nine words become one;
/// the last of `to` may have fewer. Bits of `from` beyond its last nine must be 0.
void any_of_nine(Bits from, MutableBits to);

/// Transposes rows first … first + rows − 1 of `from` into rows to_first … of `to`, whose bits there are 0, by blocks
/// of 64×64: bit (first + r, c) becomes bit (to_first + c, r). O(words · 12) where blocks are full.
void transpose_bits(const BitMatrix& from, std::int64_t first, std::int64_t rows, BitMatrix& to, std::int64_t to_first);

}  // namespace phew
