#include "walks/bias_sums.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>

namespace phew::bias_sums {
namespace {

/// Four floats in one register of any x86 or Arm processor (GCC's and Clang's vector extension).
using Quad [[gnu::vector_size(16)]] = float;
using Bits [[gnu::vector_size(16)]] = std::int32_t;

Quad magnitudes(const float* weights) {
  Bits bits;
  std::memcpy(&bits, weights, sizeof bits);
  return std::bit_cast<Quad>(bits & 0x7FFFFFFF);
}
Quad load(const float* floats) {
  Quad quad;
  std::memcpy(&quad, floats, sizeof quad);
  return quad;
}

std::array<Quad, 4> transposed(Quad a, Quad b, Quad c, Quad d) {
  const Quad ab = __builtin_shufflevector(a, b, 0, 4, 1, 5), cd = __builtin_shufflevector(c, d, 0, 4, 1, 5);
  const Quad ab2 = __builtin_shufflevector(a, b, 2, 6, 3, 7), cd2 = __builtin_shufflevector(c, d, 2, 6, 3, 7);
  return {__builtin_shufflevector(ab, cd, 0, 1, 4, 5), __builtin_shufflevector(ab, cd, 2, 3, 6, 7),
          __builtin_shufflevector(ab2, cd2, 0, 1, 4, 5), __builtin_shufflevector(ab2, cd2, 2, 3, 6, 7)};
}

float total(Quad s) { return (s[0] + s[2]) + (s[1] + s[3]); }

/// Of a kernel of a size known beforehand (0: not known), which is worth it for the commonest.
template <std::int64_t Size>
void by_kernel_of(const float* weights, std::int64_t kernels, std::int64_t any_size, float* sums) {
  const std::int64_t size = Size == 0 ? any_size : Size, whole = size / 4 * 4;
  for (std::int64_t k = 0; k < kernels; ++k, weights += size) {
    float sum = 0;
    if (whole > 0) {
      Quad s = magnitudes(weights);
      for (std::int64_t i = 4; i < whole; i += 4) s += magnitudes(weights + i);
      sum = total(s);
    }
    for (std::int64_t i = whole; i < size; ++i) sum += std::abs(weights[i]);
    sums[k] = sum;
  }
}

/// Four kernels of nine side by side: the same sums in the same order.
void four_of_nine(const float* weights, float* sums) {
  const auto quads = [&](std::int64_t k) { return magnitudes(weights + 9 * k) + magnitudes(weights + 9 * k + 4); };
  const auto s = transposed(quads(0), quads(1), quads(2), quads(3));
  const Quad ninth = {std::abs(weights[8]), std::abs(weights[17]), std::abs(weights[26]), std::abs(weights[35])};
  const Quad all = ((s[0] + s[2]) + (s[1] + s[3])) + ninth;
  std::memcpy(sums, &all, sizeof all);
}

void by_kernel_of_nine(const float* weights, std::int64_t kernels, float* sums) {
  std::int64_t k = 0;
  for (; k + 4 <= kernels; k += 4) four_of_nine(weights + 9 * k, sums + k);
  by_kernel_of<9>(weights + 9 * k, kernels - k, 9, sums + k);
}

}  // namespace

void by_kernel(const float* weights, std::int64_t kernels, std::int64_t size, float* sums) {
  switch (size) {
    case 1:
      return by_kernel_of<1>(weights, kernels, size, sums);
    case 9:
      return by_kernel_of_nine(weights, kernels, sums);
    default:
      return by_kernel_of<0>(weights, kernels, size, sums);
  }
}

void by_block(const float* weights, std::int64_t count, float* sums) {
  for (; count >= 16; count -= 16, weights += 16)
    *sums++ =
        total(((magnitudes(weights) + magnitudes(weights + 4)) + magnitudes(weights + 8)) + magnitudes(weights + 12));
  if (count == 0) return;
  std::array<float, 16> last{};
  std::copy_n(weights, count, last.begin());
  by_block(last.data(), 16, sums);
}

void raise_to(const float* __restrict weights, std::int64_t count, float* __restrict largest) {
  for (std::int64_t i = 0; i < count; ++i) {
    const float magnitude = std::abs(weights[i]);
    largest[i] = largest[i] < magnitude ? magnitude : largest[i];
  }
}

void accumulate_rows(float* matrix, std::int64_t rows, std::int64_t columns, std::int64_t stride) {
  for (std::int64_t r = 1; r < rows; ++r) {
    const float* before = matrix + (r - 1) * stride;
    float* row = matrix + r * stride;
    for (std::int64_t i = 0; i < columns; ++i) row[i] += before[i];
  }
}

void transpose(const float* matrix, std::int64_t rows, std::int64_t columns, std::int64_t stride, float* out,
               std::int64_t out_stride) {
  std::int64_t c = 0;
  for (; c + 4 <= columns; c += 4)
    for (std::int64_t r = 0; r < rows; r += 4) {
      const auto quads = transposed(load(matrix + r * stride + c), load(matrix + (r + 1) * stride + c),
                                    load(matrix + (r + 2) * stride + c), load(matrix + (r + 3) * stride + c));
      for (std::int64_t i = 0; i < 4; ++i)
        std::memcpy(out + (c + i) * out_stride + r, &quads[static_cast<std::size_t>(i)], sizeof(Quad));
    }
  for (; c < columns; ++c)
    for (std::int64_t r = 0; r < rows; ++r) out[c * out_stride + r] = matrix[r * stride + c];
}

}  // namespace phew::bias_sums
