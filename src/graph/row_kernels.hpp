// Row kernels: the inner loops of the sweeps, over whole rows of a weight tensor (a row: all parameters of one target).
//
// Their sums have an order that does not depend on the width of a machine's vectors, so that results have the same bits
// everywhere. On x86 they are compiled for AVX-512, AVX2 and the baseline, and the loader picks. Products and sums are
// in double. Weights are read once, in memory order or, where a row's factors do not fit the first cache, 8 or 16
// rows side by side, so that the factors are read once for all of them.
#pragma once

#include <cstdint>

namespace phew {

/// What a parameter contributes to a path's product; a fixed edge contributes 1.
enum class PathValue { one, magnitude, square };

/// out[t] = Σ_p value(w[t · n + p]) · f[p] for t < rows, p < n; value is 1 (w is not read), |w| or w².
void rows_dot(PathValue value, const float* w, std::int64_t rows, std::int64_t n, const double* f, double* out);

/// out[p] += Σ_t value(w[t · n + p]) · b[t].
void rows_add(PathValue value, const float* w, std::int64_t rows, std::int64_t n, const double* b, double* out);

/// Σ_i value(w[i]) · f[positions[i]] for i < count, in this order.
[[nodiscard]] double dot_at(PathValue value, const float* w, const std::int32_t* positions, std::size_t count,
                            const double* f);
/// out[positions[i]] += value(w[i]) · b for i < count.
void add_at(PathValue value, const float* w, const std::int32_t* positions, std::size_t count, double b, double* out);

/// out[p] = max(out[p], max_t |w[t · n + p]| · b[t]); b[t] ≥ 0. Returns whether all weights are finite.
[[nodiscard]] bool rows_raise(const float* w, std::int64_t rows, std::int64_t n, const double* b, double* out);

}  // namespace phew
