#include "graph/bit_kernels.hpp"

#include "graph/for_each_cpu.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>

namespace phew {
namespace {

using Word = std::uint64_t;

PHEW_FOR_EACH_CPU std::int64_t count(const Word* bits, std::size_t n) {
  std::int64_t sum = 0;
  for (std::size_t w = 0; w < n; ++w) sum += std::popcount(bits[w]);
  return sum;
}

PHEW_FOR_EACH_CPU std::int64_t count_common(const Word* a, const Word* b, std::size_t n) {
  std::int64_t sum = 0;
  for (std::size_t w = 0; w < n; ++w) sum += std::popcount(a[w] & b[w]);
  return sum;
}

PHEW_FOR_EACH_CPU void count_both(const Word* a, const Word* b, std::size_t n, PairCounts& counts) {
  std::int64_t in_a = 0, in_b = 0, in_both = 0;
  for (std::size_t w = 0; w < n; ++w) {
    in_a += std::popcount(a[w]);
    in_b += std::popcount(b[w]);
    in_both += std::popcount(a[w] & b[w]);
  }
  counts = {in_a, in_b, in_both};
}

/// Seven fields of nine bits each, from bit 0 on: the eight low bits of each, its top bit, and a factor that brings the
/// top bits, 9 apart, side by side to bit 57 and on. No two of its products meet in a bit, so nothing is carried.
constexpr int fields = 7, field_bits = 9;
constexpr Word sum_of_fields(Word value, int first, int step) {
  Word sum = 0;
  for (int i = 0; i < fields; ++i) sum |= value << (first + step * i);
  return sum;
}
constexpr Word low_bits = sum_of_fields(0xFF, 0, field_bits);
constexpr Word top_bits = sum_of_fields(1, field_bits - 1, field_bits);
constexpr Word gather = sum_of_fields(1, 1, field_bits - 1);

/// Bit i of the result: field i is not 0. A carry into its top bit shows that a low bit is set.
PHEW_INLINE Word fields_not_zero(Word x) { return ((((x & low_bits) + low_bits) | x) & top_bits) * gather >> 57; }

/// 64 edges of nine words: 63 by seven fields at a time, and the last.
PHEW_INLINE Word edges_of(const Word* w) {
  Word edges = fields_not_zero(w[0]);
  for (int i = 1; i < field_bits; ++i) edges |= fields_not_zero(w[i - 1] >> (64 - i) | w[i] << i) << (fields * i);
  return edges | static_cast<Word>((w[8] >> 55) != 0) << 63;
}

PHEW_FOR_EACH_CPU void nines(const Word* from, std::size_t n, Word* to) {
  for (; n >= field_bits; n -= field_bits, from += field_bits) *to++ = edges_of(from);
  if (n == 0) return;
  std::array<Word, field_bits> rest{};
  for (std::size_t w = 0; w < n; ++w) rest[w] = from[w];
  *to = edges_of(rest.data());
}

/// Four positions of each word, whether it has them or not: few words of a sparse mask have more.
PHEW_FOR_EACH_CPU std::int64_t list(const Word* words, std::size_t n, std::int32_t* positions) {
  constexpr int usual = list_bits_slack;
  std::int32_t* next = positions;
  for (std::size_t w = 0; w < n; ++w) {
    const auto first = static_cast<std::int32_t>(64 * w);
    const int set = std::popcount(words[w]);
    Word bits = words[w];
    for (int i = 0; i < usual; ++i, bits &= bits - 1) next[i] = first + std::countr_zero(bits);
    for (int i = usual; i < set; ++i, bits &= bits - 1) next[i] = first + std::countr_zero(bits);
    next += set;
  }
  return next - positions;
}

using Block = std::array<Word, 64>;

/// Exchanges the off-diagonal quarters of ever smaller squares (Warren, Hacker's Delight, 7-3).
PHEW_FOR_EACH_CPU void transpose(Block& block) {
  Word mask = 0xFFFFFFFF;
  for (std::size_t half = 32; half != 0; half /= 2, mask ^= mask << half)
    for (std::size_t square = 0; square < 64; square += 2 * half)
      for (std::size_t r = square; r < square + half; ++r) {
        const Word swapped = ((block[r] >> half) ^ block[r + half]) & mask;
        block[r] ^= swapped << half;
        block[r + half] ^= swapped;
      }
}

}  // namespace

std::int64_t count_bits(Bits bits) { return count(bits.data(), bits.size()); }

std::int64_t count_common_bits(Bits a, Bits b) { return count_common(a.data(), b.data(), a.size()); }

PairCounts count_pair(Bits a, Bits b) {
  PairCounts counts;
  count_both(a.data(), b.data(), a.size(), counts);
  return counts;
}

std::int64_t list_bits(Bits bits, std::int32_t* positions) { return list(bits.data(), bits.size(), positions); }

void add_bits(MutableBits to, Bits from) {
  for (std::size_t w = 0; w < to.size(); ++w) to[w] |= from[w];
}

void add_common_bits(MutableBits to, Bits a, Bits b) {
  for (std::size_t w = 0; w < to.size(); ++w) to[w] |= a[w] & b[w];
}

bool intersect(Bits a, Bits b) {
  for (std::size_t w = 0; w < a.size(); ++w)
    if ((a[w] & b[w]) != 0) return true;
  return false;
}

void any_of_nine(Bits from, MutableBits to) { nines(from.data(), from.size(), to.data()); }

void transpose_bits(const BitMatrix& from, std::int64_t first, std::int64_t rows, BitMatrix& to,
                    std::int64_t to_first) {
  Block block;
  for (std::int64_t r = 0; r < rows; r += 64)
    for (std::int64_t c = 0; c < from.columns(); c += 64) {
      const std::int64_t height = std::min<std::int64_t>(64, rows - r);
      const std::int64_t width = std::min<std::int64_t>(64, from.columns() - c);
      Word any = 0;
      for (std::int64_t i = 0; i < 64; ++i)
        any |= block[static_cast<std::size_t>(i)] =
            i < height ? from.row(first + r + i)[static_cast<std::size_t>(c / 64)] : 0;
      if (any == 0) continue;
      transpose(block);
      for (std::int64_t i = 0; i < width; ++i)
        to.row(to_first + c + i)[static_cast<std::size_t>(r / 64)] = block[static_cast<std::size_t>(i)];
    }
}

}  // namespace phew
