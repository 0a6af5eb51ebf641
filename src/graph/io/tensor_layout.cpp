#include "graph/io/tensor_layout.hpp"

#include "graph/error.hpp"

#include <algorithm>
#include <cstring>

namespace phew {
namespace {

constexpr std::int64_t max_elements = std::int64_t{1} << 59;
constexpr std::int64_t max_reach = std::int64_t{1} << 62;

/// Copies dimensions `axis`… of a strided array; returns the end of what it wrote. Depth ≤ max_rank.
template <std::size_t ElementSize>
std::byte* copy_axis(const std::byte* source, const Shape& shape, const Shape& strides, std::size_t axis,
                     std::byte* target) {
  if (axis == shape.size()) {
    std::memcpy(target, source, ElementSize);
    return target + ElementSize;
  }
  const std::int64_t extent = shape[axis], step = strides[axis] * static_cast<std::int64_t>(ElementSize);
  if (axis + 1 < shape.size()) {
    for (std::int64_t i = 0; i < extent; ++i)
      target = copy_axis<ElementSize>(source + i * step, shape, strides, axis + 1, target);
    return target;
  }
  for (std::int64_t i = 0; i < extent; ++i, target += ElementSize) std::memcpy(target, source + i * step, ElementSize);
  return target;
}

}  // namespace

std::uint64_t checked_byte_count(std::string_view where, DType dtype, const Shape& shape) {
  if (shape.size() > max_rank)
    fail(ExitCode::data, "{}: found {} dimensions, expected at most {}", where, shape.size(), max_rank);
  std::int64_t elements = 0;
  try {
    elements = element_count(shape);
  } catch (const Error& error) {
    fail(error.code(), "{}: {}", where, error.what());
  }
  if (elements > max_elements) fail(ExitCode::data, "{}: shape {}: found too many elements", where, to_string(shape));
  return static_cast<std::uint64_t>(elements) * byte_size(dtype);
}

Shape fortran_strides(const Shape& shape) {
  Shape strides(shape.size(), 1);
  for (std::size_t axis = 1; axis < shape.size(); ++axis) strides[axis] = strides[axis - 1] * shape[axis - 1];
  return strides;
}

bool is_contiguous(const Shape& shape, const Shape& strides) {
  if (std::ranges::count(shape, 0) > 0) return true;
  std::int64_t expected = 1;
  for (std::size_t axis = shape.size(); axis-- > 0;) {
    if (shape[axis] == 1) continue;
    if (strides[axis] != expected) return false;
    expected *= shape[axis];
  }
  return true;
}

std::uint64_t last_element(std::string_view where, const Shape& shape, const Shape& strides) {
  if (strides.size() != shape.size())
    fail(ExitCode::data, "{}: found {} strides, expected {}", where, strides.size(), shape.size());
  std::int64_t last = 0;
  bool empty = false;
  for (std::size_t axis = 0; axis < shape.size(); ++axis) {
    if (strides[axis] < 0) fail(ExitCode::data, "{}: found a negative stride in {}", where, to_string(strides));
    empty |= shape[axis] == 0;
    std::int64_t reach = 0;
    if (shape[axis] > 1 && (__builtin_mul_overflow(shape[axis] - 1, strides[axis], &reach) || reach > max_reach - last))
      fail(ExitCode::data, "{}: found strides {} that reach too far", where, to_string(strides));
    last += reach;
  }
  return empty ? 0 : static_cast<std::uint64_t>(last);
}

void copy_strided(const std::byte* source, std::size_t element_size, const Shape& shape, const Shape& strides,
                  std::span<std::byte> target) {
  if (target.empty()) return;
  switch (element_size) {
    case 1:
      copy_axis<1>(source, shape, strides, 0, target.data());
      return;
    case 2:
      copy_axis<2>(source, shape, strides, 0, target.data());
      return;
    case 4:
      copy_axis<4>(source, shape, strides, 0, target.data());
      return;
    case 8:
      copy_axis<8>(source, shape, strides, 0, target.data());
      return;
    default:
      fail(ExitCode::internal, "copy_strided: element size {}", element_size);
  }
}

}  // namespace phew
