// Sizes and strides of tensors in files: where shapes that a file declares are checked before they are used.
#pragma once

#include "graph/tensor.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace phew {

/// The most dimensions a tensor in a file may have; numpy's and PyTorch's own limit.
inline constexpr std::size_t max_rank = 64;

/// Bytes that a tensor of this type and shape takes. Throws Error(data), its text after `where`, if an extent is
/// negative, there are more than 2^59 elements, or the rank exceeds max_rank.
[[nodiscard]] std::uint64_t checked_byte_count(std::string_view where, DType dtype, const Shape& shape);

/// Strides in elements of an array whose first index runs fastest. `shape` has passed checked_byte_count.
[[nodiscard]] Shape fortran_strides(const Shape& shape);

/// Whether the elements lie one after another in C order; strides of extents 0 and 1 do not matter.
/// `shape` has passed checked_byte_count.
[[nodiscard]] bool is_contiguous(const Shape& shape, const Shape& strides);

/// The last element that strides ≥ 0 reach, counted from the first; 0 for an empty shape.
/// Throws Error(data), its text after `where`, for a negative stride, another rank, or a sum above 2^62.
[[nodiscard]] std::uint64_t last_element(std::string_view where, const Shape& shape, const Shape& strides);

/// Copies a strided array to C order. `source` starts at its first element, `element_size` is 1, 2, 4 or 8, strides are
/// in elements. O(elements).
void copy_strided(const std::byte* source, std::size_t element_size, const Shape& shape, const Shape& strides,
                  std::span<std::byte> target);

}  // namespace phew
