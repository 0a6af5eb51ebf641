#include "graph/forward_rows.hpp"

#include "graph/for_each_cpu.hpp"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <vector>

namespace phew {
namespace {

// Vectors of eight lanes in the compilers' own notation, as in graph/row_kernels.cpp.
constexpr std::int64_t lanes = 8;
static_assert(forward_row_padding >= lanes);
using Float8 = float __attribute__((vector_size(32)));
using Bits8 = std::uint32_t __attribute__((vector_size(32)));
using Double8 = double __attribute__((vector_size(64)));
using Long8 = std::int64_t __attribute__((vector_size(64)));

/// Columns taken together: their factors stay in the first cache for all rows of a call.
constexpr std::int64_t tile = 512;

struct Sums8 {
  Double8 count, ewp, square, trace, left_out, log_sum, log_squares;
};

// Vectors go by reference: how they are passed and returned depends on the CPU that is compiled for.
PHEW_INLINE void load(Double8& x, const double* from) { std::memcpy(&x, from, sizeof x); }

/// The values at `from` where `kept` says so, else 0.
PHEW_INLINE void load_kept(Double8& x, const double* from, const Long8& kept) {
  Long8 bits;
  std::memcpy(&bits, from, sizeof bits);
  bits &= kept;
  std::memcpy(&x, &bits, sizeof x);
}

/// ln x of normal doubles above 0, as portable_log has it.
PHEW_INLINE void log8(const Double8& x, Double8& result) {
  constexpr double ln2_high = 0x1.62e42fee00000p-1, ln2_low = 0x1.a39ef35793c76p-33, sqrt2 = 0x1.6a09e667f3bcdp0;
  Long8 bits;
  std::memcpy(&bits, &x, sizeof bits);
  // The exponent as a double without a conversion, which narrow machines lack: 2^52 + e has e in its lowest bits.
  Long8 exponent_bits = (bits >> 52) | 0x4330000000000000;
  Long8 mantissa_bits = (bits & 0xFFFFFFFFFFFFF) | 0x3FF0000000000000;
  Double8 exponent, m;
  std::memcpy(&exponent, &exponent_bits, sizeof exponent);
  std::memcpy(&m, &mantissa_bits, sizeof m);
  exponent -= 0x1p52 + 1023;
  const Long8 high = m > sqrt2;
  exponent = high ? exponent + 1 : exponent;
  m = high ? m * 0.5 : m;
  const Double8 s = (m - 1) / (m + 1);
  const Double8 s2 = s * s;
  // 2 artanh s = 2 s · Σ s^2k / (2k + 1), |s| ≤ 0.1716, in pairs: a chain of twenty steps would be waited for.
  const Double8 s4 = s2 * s2, s8 = s4 * s4;
  const Double8 low = (1 + s2 * (1.0 / 3)) + s4 * (1.0 / 5 + s2 * (1.0 / 7));
  const Double8 middle = (1.0 / 9 + s2 * (1.0 / 11)) + s4 * (1.0 / 13 + s2 * (1.0 / 15));
  const Double8 high_terms = (1.0 / 17 + s2 * (1.0 / 19)) + s4 * (1.0 / 21);
  const Double8 series = low + s8 * (middle + s8 * high_terms);
  result = exponent * ln2_high + (2 * s * series + exponent * ln2_low);
}

/// Adds eight weights at position p.
PHEW_INLINE void add(const Bits8& bits, const RowFactors& f, std::int64_t p, double log_offset, Sums8& sums) {
  const Bits8 magnitude_bits = bits & 0x7FFFFFFF;
  Float8 narrow;
  std::memcpy(&narrow, &magnitude_bits, sizeof narrow);
  const Double8 x = __builtin_convertvector(narrow, Double8);
  const Double8 none = {};
  const Long8 kept = x != none;
  Double8 log, count, ewp, square, trace, mean, spread, left_out;
  log8(kept ? x : none + 1, log);
  log -= log_offset;
  load_kept(count, f.count + p, kept);
  load(ewp, f.ewp + p);
  load(square, f.square + p);
  load_kept(left_out, f.square + p, kept);
  load(trace, f.trace + p);
  load_kept(mean, f.mean + p, kept);
  load_kept(spread, f.spread + p, kept);
  const Double8 squares = x * x;
  sums.count += count;
  sums.ewp += x * ewp;
  sums.square += squares * square;
  sums.trace += squares * trace;
  sums.left_out += left_out;
  sums.log_sum += mean + count * log;
  sums.log_squares += spread + log * (2 * mean + count * log);
}

/// Eight weights; where fewer are there, the others are 0. Returns whether one is not 0.
PHEW_INLINE bool load_weights(const float* w, std::int64_t there, Bits8& bits) {
  if (there >= lanes) {
    std::memcpy(&bits, w, sizeof bits);
  } else {
    bits = Bits8{};
    std::memcpy(&bits, w, static_cast<std::size_t>(there) * sizeof(float));
  }
  std::uint64_t words[4];
  std::memcpy(words, &bits, sizeof words);
  return ((words[0] | words[1] | words[2] | words[3]) & 0x7FFFFFFF7FFFFFFF) != 0;
}

PHEW_INLINE std::uint64_t kept_bits(const Bits8& bits) {
  const Bits8 one_each = {1, 2, 4, 8, 16, 32, 64, 128};
  const Bits8 kept = (bits & 0x7FFFFFFF) != 0 ? one_each : Bits8{};
  std::uint64_t words[4];
  std::memcpy(words, &kept, sizeof words);
  const std::uint64_t pairs = (words[0] | words[1]) | (words[2] | words[3]);
  return (pairs | pairs >> 32) & 0xFF;
}

/// The sum of one field's lanes.
double sum_of(const double* x) { return ((x[0] + x[4]) + (x[1] + x[5])) + ((x[2] + x[6]) + (x[3] + x[7])); }

/// One row's columns [first, last); factors reach up to a multiple of `lanes`.
PHEW_FOR_EACH_CPU void add_row(const float* w, std::int64_t first, std::int64_t last, const RowFactors& f,
                               double log_offset, double* sums, std::uint64_t* bits) {
  Sums8 local;
  std::memcpy(&local, sums, sizeof local);
  for (std::int64_t p = first; p < last; p += lanes) {
    Bits8 weights;
    if (!load_weights(w + p, last - p, weights)) continue;
    bits[p >> 6] |= kept_bits(weights) << (p & 63);
    add(weights, f, p, log_offset, local);
  }
  std::memcpy(sums, &local, sizeof local);
}

}  // namespace

void forward_rows(const float* w, std::int64_t rows, std::int64_t n, const RowFactors& factors, double log_offset,
                  RowSums* sums, std::uint64_t* bits, std::int64_t words) {
  constexpr std::int64_t fields = sizeof(Sums8) / sizeof(Double8);
  std::vector<double> wide(static_cast<std::size_t>(rows * fields * lanes));
  for (std::int64_t first = 0; first < n; first += tile)
    for (std::int64_t r = 0; r < rows; ++r)
      add_row(w + r * n, first, std::min(first + tile, n), factors, log_offset, &wide[r * fields * lanes],
              bits + r * words);
  for (std::int64_t r = 0; r < rows; ++r) {
    const auto field = [&](std::int64_t i) { return sum_of(&wide[(r * fields + i) * lanes]); };
    sums[r] = {field(0), field(1), field(2), field(3), field(4), field(5), field(6)};
  }
}

}  // namespace phew
