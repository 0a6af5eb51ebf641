#include "graph/io/mask_tensor.hpp"

#include "graph/error.hpp"

#include <cstring>
#include <string>
#include <utility>
#include <vector>

namespace phew {
namespace {

std::int64_t rows_of(const Shape& shape) { return shape.empty() ? 1 : shape.front(); }

std::int64_t columns_of(const Shape& shape) {
  return shape.empty() ? 1 : element_count(Shape(shape.begin() + 1, shape.end()));
}

/// "[3, 0, 1]", the index of an element in C order.
std::string index_of(std::int64_t element, const Shape& shape) {
  Shape index(shape.size());
  for (std::size_t axis = shape.size(); axis-- > 0; element /= shape[axis]) index[axis] = element % shape[axis];
  return to_string(index);
}

/// Bits of elements that are encoded as T: `one` encodes 1, and 0 may have any of the `ignored_bits` (a float's sign).
template <typename T>
BitMatrix bits_of(const Tensor& tensor, MaskValues values, T one, T ignored_bits, std::string_view where) {
  const std::int64_t rows = rows_of(tensor.shape), columns = columns_of(tensor.shape);
  BitMatrix bits(rows, columns);
  if (tensor.bytes.empty()) return bits;  // rows may be many without a single element
  const std::byte* next = tensor.bytes.data();
  for (std::int64_t row = 0; row < rows; ++row) {
    for (std::int64_t column = 0; column < columns; ++column, next += sizeof(T)) {
      T value;
      std::memcpy(&value, next, sizeof(T));
      if ((value & static_cast<T>(~ignored_bits)) == 0) continue;
      if (value != one && values == MaskValues::zero_one) {
        Tensor element{{}, tensor.dtype, {1}, {next, sizeof(T)}, tensor.owner};
        fail(ExitCode::data,
             "{}: found {} at {}, expected 0 and 1 only; if zeros of weights mean pruned, say --zeros-are-pruned",
             where, *reinterpret_cast<const float*>(to_float32(element).bytes.data()),
             index_of(row * columns + column, tensor.shape));
      }
      bits.set(row, column);
    }
  }
  return bits;
}

}  // namespace

BitMatrix mask_bits(const Tensor& tensor, MaskValues values, std::string_view where) {
  // Compared as bits, one loop per size: a float's 0 is 0 in all bits but the sign, and its 1 has one encoding.
  switch (tensor.dtype) {
    case DType::f64:
      return bits_of<std::uint64_t>(tensor, values, 0x3FF0000000000000U, std::uint64_t{1} << 63, where);
    case DType::f32:
      return bits_of<std::uint32_t>(tensor, values, 0x3F800000U, 0x80000000U, where);
    case DType::f16:
      return bits_of<std::uint16_t>(tensor, values, 0x3C00U, 0x8000U, where);
    case DType::bf16:
      return bits_of<std::uint16_t>(tensor, values, 0x3F80U, 0x8000U, where);
    case DType::i64:
      return bits_of<std::uint64_t>(tensor, values, 1, 0, where);
    case DType::i32:
      return bits_of<std::uint32_t>(tensor, values, 1, 0, where);
    case DType::i16:
      return bits_of<std::uint16_t>(tensor, values, 1, 0, where);
    case DType::i8:
    case DType::u8:
    case DType::boolean:
      return bits_of<std::uint8_t>(tensor, values, 1, 0, where);
  }
  fail(ExitCode::internal, "unknown dtype {}", static_cast<int>(tensor.dtype));
}

Tensor masked(const Tensor& tensor, const BitMatrix& mask) {
  if (mask.rows() != rows_of(tensor.shape) || mask.columns() != columns_of(tensor.shape))
    fail(ExitCode::internal, "{}: a mask of {} x {} does not fit shape {}", tensor.name, mask.rows(), mask.columns(),
         to_string(tensor.shape));
  const std::size_t size = byte_size(tensor.dtype);
  if (tensor.bytes.empty()) return tensor;
  std::vector<std::byte> bytes(tensor.bytes.size());
  for (std::int64_t row = 0; row < mask.rows(); ++row)
    for_each_set(mask.row(row), [&](std::int64_t column) {
      const std::size_t at = static_cast<std::size_t>(row * mask.columns() + column) * size;
      std::memcpy(bytes.data() + at, tensor.bytes.data() + at, size);
    });
  return make_tensor(tensor.name, tensor.dtype, tensor.shape, std::move(bytes));
}

}  // namespace phew
