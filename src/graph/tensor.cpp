#include "graph/tensor.hpp"

#include "graph/error.hpp"

#include <bit>
#include <cstring>
#include <utility>

namespace phew {
namespace {

constexpr std::int64_t max_elements = std::int64_t{1} << 62;

/// IEEE half to float, exactly, subnormals included.
float from_half(std::uint16_t h) {
  const std::uint32_t sign = static_cast<std::uint32_t>(h & 0x8000U) << 16;
  const std::uint32_t exponent = (h >> 10) & 0x1FU;
  const std::uint32_t fraction = h & 0x3FFU;
  if (exponent == 0) {
    const float magnitude = static_cast<float>(fraction) * 0x1p-24F;
    return sign != 0 ? -magnitude : magnitude;
  }
  const std::uint32_t wide = exponent == 31 ? 255 : exponent + 112;
  return std::bit_cast<float>(sign | wide << 23 | fraction << 13);
}

float from_bfloat16(std::uint16_t b) { return std::bit_cast<float>(static_cast<std::uint32_t>(b) << 16); }

/// Reads element i of an unaligned array.
template <typename T>
T load(std::span<const std::byte> bytes, std::size_t i) {
  T value;
  std::memcpy(&value, bytes.data() + i * sizeof(T), sizeof(T));
  return value;
}

template <typename T, typename Convert>
void convert_all(std::span<const std::byte> bytes, std::vector<float>& out, Convert convert) {
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = convert(load<T>(bytes, i));
}

template <typename T>
void cast_all(std::span<const std::byte> bytes, std::vector<float>& out) {
  convert_all<T>(bytes, out, [](T value) { return static_cast<float>(value); });
}

bool aligned_for_float(const Tensor& tensor) {
  return reinterpret_cast<std::uintptr_t>(tensor.bytes.data()) % alignof(float) == 0;
}

/// A float32 tensor's bytes where they are aligned. One pass.
Tensor aligned_copy(const Tensor& tensor) {
  const auto values = std::make_shared_for_overwrite<float[]>(tensor.bytes.size() / sizeof(float));
  if (!tensor.bytes.empty()) std::memcpy(values.get(), tensor.bytes.data(), tensor.bytes.size());
  return {tensor.name, DType::f32, tensor.shape,
          std::as_bytes(std::span(values.get(), tensor.bytes.size() / sizeof(float))), values};
}

}  // namespace

std::size_t byte_size(DType dtype) {
  switch (dtype) {
    case DType::f64:
    case DType::i64:
      return 8;
    case DType::f32:
    case DType::i32:
      return 4;
    case DType::f16:
    case DType::bf16:
    case DType::i16:
      return 2;
    case DType::i8:
    case DType::u8:
    case DType::boolean:
      return 1;
  }
  fail(ExitCode::internal, "unknown dtype {}", static_cast<int>(dtype));
}

std::string_view name_of(DType dtype) {
  switch (dtype) {
    case DType::f64:
      return "float64";
    case DType::f32:
      return "float32";
    case DType::f16:
      return "float16";
    case DType::bf16:
      return "bfloat16";
    case DType::i64:
      return "int64";
    case DType::i32:
      return "int32";
    case DType::i16:
      return "int16";
    case DType::i8:
      return "int8";
    case DType::u8:
      return "uint8";
    case DType::boolean:
      return "bool";
  }
  fail(ExitCode::internal, "unknown dtype {}", static_cast<int>(dtype));
}

std::int64_t element_count(const Shape& shape) {
  std::int64_t product = 1;
  for (const std::int64_t extent : shape) {
    if (extent < 0) fail(ExitCode::data, "shape {}: found a negative extent", to_string(shape));
    if (extent != 0 && product > max_elements / extent)
      fail(ExitCode::data, "shape {}: found more than 2^62 elements", to_string(shape));
    product *= extent;
  }
  return product;
}

std::string to_string(const Shape& shape) { return fmt::format("[{}]", fmt::join(shape, ", ")); }

Tensor make_tensor(std::string name, DType dtype, Shape shape, std::vector<std::byte> bytes) {
  if (static_cast<std::size_t>(element_count(shape)) * byte_size(dtype) != bytes.size())
    fail(ExitCode::internal, "{}: {} bytes do not fill shape {} of {}", name, bytes.size(), to_string(shape),
         name_of(dtype));
  auto owner = std::make_shared<const std::vector<std::byte>>(std::move(bytes));
  return {std::move(name), dtype, std::move(shape), std::span(*owner), owner};
}

Tensor make_tensor(std::string name, Shape shape, std::vector<float> values) {
  if (element_count(shape) != static_cast<std::int64_t>(values.size()))
    fail(ExitCode::internal, "{}: {} values do not fill shape {}", name, values.size(), to_string(shape));
  auto owner = std::make_shared<const std::vector<float>>(std::move(values));
  return {std::move(name), DType::f32, std::move(shape), std::as_bytes(std::span(*owner)), owner};
}

Tensor to_float32(const Tensor& tensor) {
  if (tensor.dtype == DType::f32) return aligned_for_float(tensor) ? tensor : aligned_copy(tensor);
  std::vector<float> out(static_cast<std::size_t>(element_count(tensor.shape)));
  switch (tensor.dtype) {
    case DType::f64:
      cast_all<double>(tensor.bytes, out);
      break;
    case DType::f32:
      break;  // above
    case DType::f16:
      convert_all<std::uint16_t>(tensor.bytes, out, from_half);
      break;
    case DType::bf16:
      convert_all<std::uint16_t>(tensor.bytes, out, from_bfloat16);
      break;
    case DType::i64:
      cast_all<std::int64_t>(tensor.bytes, out);
      break;
    case DType::i32:
      cast_all<std::int32_t>(tensor.bytes, out);
      break;
    case DType::i16:
      cast_all<std::int16_t>(tensor.bytes, out);
      break;
    case DType::i8:
      cast_all<std::int8_t>(tensor.bytes, out);
      break;
    case DType::u8:
      cast_all<std::uint8_t>(tensor.bytes, out);
      break;
    case DType::boolean:
      convert_all<std::uint8_t>(tensor.bytes, out, [](auto b) { return b != 0 ? 1.0F : 0.0F; });
  }
  return make_tensor(tensor.name, tensor.shape, std::move(out));
}

std::span<const float> float_values(const Tensor& tensor) {
  if (tensor.dtype != DType::f32 || !aligned_for_float(tensor))
    fail(ExitCode::internal, "{}: found {}, expected aligned float32", tensor.name, name_of(tensor.dtype));
  return {reinterpret_cast<const float*>(tensor.bytes.data()), tensor.bytes.size() / sizeof(float)};
}

}  // namespace phew
