#include "graph/row_kernels.hpp"

#include "graph/for_each_cpu.hpp"

#include <cmath>
#include <cstddef>
#include <cstring>
#include <numeric>

namespace phew {
namespace {

// Vectors of eight lanes in the compilers' own notation: narrower machines take several registers for one.
constexpr std::int64_t lanes = 8;
using Float8 = float __attribute__((vector_size(32)));
using Int8 = std::int32_t __attribute__((vector_size(32)));
using Double8 = double __attribute__((vector_size(64)));

/// Rows of more columns than this are taken side by side: their factors would fill half of a first cache.
constexpr std::int64_t short_row = 1536;
constexpr std::int64_t dot_rows = 8, add_rows = 16;

template <PathValue value>
PHEW_INLINE void load(Double8& x, const float* w) {
  Int8 bits;
  std::memcpy(&bits, w, sizeof bits);
  if constexpr (value == PathValue::magnitude) bits &= 0x7FFFFFFF;
  Float8 narrow;
  std::memcpy(&narrow, &bits, sizeof bits);
  x = __builtin_convertvector(narrow, Double8);
  if constexpr (value == PathValue::square) x *= x;
}

template <PathValue value>
PHEW_INLINE double scalar(float w) {
  const auto x = static_cast<double>(w);
  return value == PathValue::square ? x * x : std::abs(x);
}

template <PathValue value, int rows>
PHEW_INLINE void dot(const float* __restrict w, std::int64_t n, const double* __restrict f, double* __restrict out) {
  constexpr int chains = rows == 1 ? 4 : 1;  // one row alone would wait for its own sums
  Double8 sums[rows * chains] = {};
  std::int64_t p = 0;
  for (; p + lanes * chains <= n; p += lanes * chains)
    for (int c = 0; c < chains; ++c) {
      Double8 factor;
      std::memcpy(&factor, f + p + c * lanes, sizeof factor);
      for (int r = 0; r < rows; ++r) {
        Double8 x;
        load<value>(x, w + r * n + p + c * lanes);
        sums[r * chains + c] += x * factor;
      }
    }
  for (int r = 0; r < rows; ++r) {
    double rest = 0;
    for (std::int64_t q = p; q < n; ++q) rest += scalar<value>(w[r * n + q]) * f[q];
    Double8 sum = sums[r * chains];
    for (int c = 1; c < chains; ++c) sum += sums[r * chains + c];
    out[r] = (((sum[0] + sum[4]) + (sum[1] + sum[5])) + ((sum[2] + sum[6]) + (sum[3] + sum[7]))) + rest;
  }
}

template <PathValue value, int rows>
PHEW_INLINE void add(const float* __restrict w, std::int64_t n, const double* __restrict b, double* __restrict out) {
  std::int64_t p = 0;
  for (; p + lanes <= n; p += lanes) {
    Double8 sum;
    std::memcpy(&sum, out + p, sizeof sum);
    for (int r = 0; r < rows; ++r) {
      Double8 x;
      load<value>(x, w + r * n + p);
      sum += x * b[r];
    }
    std::memcpy(out + p, &sum, sizeof sum);
  }
  for (; p < n; ++p)
    for (int r = 0; r < rows; ++r) out[p] += scalar<value>(w[r * n + p]) * b[r];
}

/// Adds 0 · w to `zeros`: it stays 0 while weights are finite, and is NaN from the first one on that is not.
template <int rows>
PHEW_INLINE void raise(const float* __restrict w, std::int64_t n, const double* __restrict b, double* __restrict out,
                       Double8& zeros) {
  std::int64_t p = 0;
  for (; p + lanes <= n; p += lanes) {
    Double8 most;
    std::memcpy(&most, out + p, sizeof most);
    for (int r = 0; r < rows; ++r) {
      Double8 x;
      load<PathValue::magnitude>(x, w + r * n + p);
      zeros += x * 0.0;
      x *= b[r];
      most = x > most ? x : most;
    }
    std::memcpy(out + p, &most, sizeof most);
  }
  for (; p < n; ++p)
    for (int r = 0; r < rows; ++r) {
      const double x = scalar<PathValue::magnitude>(w[r * n + p]);
      zeros[0] += x * 0.0;
      out[p] = x * b[r] > out[p] ? x * b[r] : out[p];
    }
}

PHEW_FOR_EACH_CPU void dot_magnitudes(const float* w, std::int64_t rows, std::int64_t n, const double* f, double* out) {
  constexpr auto value = PathValue::magnitude;
  std::int64_t t = 0;
  for (; n > short_row && t + dot_rows <= rows; t += dot_rows) dot<value, dot_rows>(w + t * n, n, f, out + t);
  for (; t < rows; ++t) dot<value, 1>(w + t * n, n, f, out + t);
}
PHEW_FOR_EACH_CPU void dot_squares(const float* w, std::int64_t rows, std::int64_t n, const double* f, double* out) {
  constexpr auto value = PathValue::square;
  std::int64_t t = 0;
  for (; n > short_row && t + dot_rows <= rows; t += dot_rows) dot<value, dot_rows>(w + t * n, n, f, out + t);
  for (; t < rows; ++t) dot<value, 1>(w + t * n, n, f, out + t);
}
PHEW_FOR_EACH_CPU void add_magnitudes(const float* w, std::int64_t rows, std::int64_t n, const double* b, double* out) {
  constexpr auto value = PathValue::magnitude;
  std::int64_t t = 0;
  for (; n > short_row && t + add_rows <= rows; t += add_rows) add<value, add_rows>(w + t * n, n, b + t, out);
  for (; t < rows; ++t) add<value, 1>(w + t * n, n, b + t, out);
}
PHEW_FOR_EACH_CPU void add_squares(const float* w, std::int64_t rows, std::int64_t n, const double* b, double* out) {
  constexpr auto value = PathValue::square;
  std::int64_t t = 0;
  for (; n > short_row && t + add_rows <= rows; t += add_rows) add<value, add_rows>(w + t * n, n, b + t, out);
  for (; t < rows; ++t) add<value, 1>(w + t * n, n, b + t, out);
}
PHEW_FOR_EACH_CPU bool raise_all(const float* w, std::int64_t rows, std::int64_t n, const double* b, double* out) {
  Double8 zeros = {};
  std::int64_t t = 0;
  for (; n > short_row && t + add_rows <= rows; t += add_rows) raise<add_rows>(w + t * n, n, b + t, out, zeros);
  for (; t < rows; ++t) raise<1>(w + t * n, n, b + t, out, zeros);
  double sum = 0;
  for (std::int64_t k = 0; k < lanes; ++k) sum += zeros[k];
  return sum == 0;
}

template <PathValue value>
double dot_scattered(const float* w, const std::int32_t* positions, std::size_t count, const double* f) {
  double sum = 0;
  for (std::size_t i = 0; i < count; ++i) sum += scalar<value>(w[i]) * f[positions[i]];
  return sum;
}

template <PathValue value>
void add_scattered(const float* w, const std::int32_t* positions, std::size_t count, double b, double* out) {
  for (std::size_t i = 0; i < count; ++i) out[positions[i]] += scalar<value>(w[i]) * b;
}

}  // namespace

void rows_dot(PathValue value, const float* w, std::int64_t rows, std::int64_t n, const double* f, double* out) {
  if (value == PathValue::magnitude) return dot_magnitudes(w, rows, n, f, out);
  if (value == PathValue::square) return dot_squares(w, rows, n, f, out);
  const double sum = std::accumulate(f, f + n, 0.0);
  for (std::int64_t t = 0; t < rows; ++t) out[t] = sum;
}

void rows_add(PathValue value, const float* w, std::int64_t rows, std::int64_t n, const double* b, double* out) {
  if (value == PathValue::magnitude) return add_magnitudes(w, rows, n, b, out);
  if (value == PathValue::square) return add_squares(w, rows, n, b, out);
  const double sum = std::accumulate(b, b + rows, 0.0);
  for (std::int64_t p = 0; p < n; ++p) out[p] += sum;
}

double dot_at(PathValue value, const float* w, const std::int32_t* positions, std::size_t count, const double* f) {
  if (value == PathValue::magnitude) return dot_scattered<PathValue::magnitude>(w, positions, count, f);
  if (value == PathValue::square) return dot_scattered<PathValue::square>(w, positions, count, f);
  double sum = 0;
  for (std::size_t i = 0; i < count; ++i) sum += f[positions[i]];
  return sum;
}

void add_at(PathValue value, const float* w, const std::int32_t* positions, std::size_t count, double b, double* out) {
  if (value == PathValue::magnitude) return add_scattered<PathValue::magnitude>(w, positions, count, b, out);
  if (value == PathValue::square) return add_scattered<PathValue::square>(w, positions, count, b, out);
  for (std::size_t i = 0; i < count; ++i) out[positions[i]] += b;
}

bool rows_raise(const float* w, std::int64_t rows, std::int64_t n, const double* b, double* out) {
  return raise_all(w, rows, n, b, out);
}

}  // namespace phew
