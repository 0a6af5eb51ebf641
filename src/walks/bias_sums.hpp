// Sums of |w| that the preparation of walks is made of. Every sum runs in one order, written down here and chosen so
// that compilers find four lanes in it: all give the same floats.
#pragma once

#include <cstdint>

namespace phew::bias_sums {

/// Σ|w| of each of `kernels` consecutive kernels of `size` weights: with s_j the sum, in order, of weights j, j + 4,
/// j + 8, … below the last multiple of 4, (s_0 + s_2) + (s_1 + s_3) + the weights left over, in order.
void by_kernel(const float* weights, std::int64_t kernels, std::int64_t size, float* sums);

/// Σ|w| of blocks of 16: with s_j the sum, in order, of weights j, j + 4, j + 8, j + 12 of the block,
/// (s_0 + s_2) + (s_1 + s_3). The last block may be shorter: zeros follow.
void by_block(const float* weights, std::int64_t count, float* sums);

/// largest[i] = max(largest[i], |weights[i]|); a NaN may be lost.
void raise_to(const float* weights, std::int64_t count, float* largest);

/// Adds to each row of a matrix, whose rows lie `stride` floats apart, the row before it, from the second on.
void accumulate_rows(float* matrix, std::int64_t rows, std::int64_t columns, std::int64_t stride);

/// out[c · out_stride + r] = matrix[r · stride + c], for `rows` a multiple of 4.
void transpose(const float* matrix, std::int64_t rows, std::int64_t columns, std::int64_t stride, float* out,
               std::int64_t out_stride);

}  // namespace phew::bias_sums
