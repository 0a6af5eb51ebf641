// Tensor: a named, typed, C-contiguous array that a file or the program owns.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace phew {

/// Extents, outermost first, as PyTorch prints them. An empty shape is a scalar (one element).
using Shape = std::vector<std::int64_t>;

enum class DType { f64, f32, f16, bf16, i64, i32, i16, i8, u8, boolean };

/// Bytes of one element.
[[nodiscard]] std::size_t byte_size(DType dtype);
/// "float32", "bfloat16", …: PyTorch's names.
[[nodiscard]] std::string_view name_of(DType dtype);

/// Product of the extents. Throws Error(data) if an extent is negative or the product exceeds 2^62.
/// The only place where shapes multiply: sizes read from files pass through here before anything is allocated.
[[nodiscard]] std::int64_t element_count(const Shape& shape);
/// "[64, 3, 3, 3]".
[[nodiscard]] std::string to_string(const Shape& shape);

/// A value type: copies share the bytes. `owner` keeps them alive (a file mapping or a buffer).
/// `bytes` may be unaligned for its type where it points into a mapped file.
struct Tensor {
  std::string name;
  DType dtype = DType::f32;
  Shape shape;
  std::span<const std::byte> bytes;  ///< little-endian, C order, element_count(shape) · byte_size(dtype) of them
  std::shared_ptr<const void> owner;
};

/// A float32 tensor that owns `values`. Throws Error(internal) if their number does not fit the shape.
[[nodiscard]] Tensor make_tensor(std::string name, Shape shape, std::vector<float> values);
/// The same for bytes of any type.
[[nodiscard]] Tensor make_tensor(std::string name, DType dtype, Shape shape, std::vector<std::byte> bytes);

/// The tensor as float32: itself (no copy) if it is float32 and aligned, else a converted copy.
/// Halves and bfloat16 convert exactly; float64 and integers round to nearest.
[[nodiscard]] Tensor to_float32(const Tensor& tensor);
/// The values of an aligned float32 tensor. Throws Error(internal) for any other.
[[nodiscard]] std::span<const float> float_values(const Tensor& tensor);

}  // namespace phew
