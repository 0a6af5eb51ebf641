// The .npy header: how numpy writes an array's type, order and shape.
// Source: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
#pragma once

#include "graph/tensor.hpp"

#include <cstddef>
#include <span>
#include <string>

namespace phew {

struct NpyHeader {
  DType dtype = DType::f32;
  bool fortran_order = false;
  Shape shape;
  std::size_t data_offset = 0;  ///< where the array's bytes begin
};

/// Parses a header of format 1.0, 2.0 or 3.0; `where` names file and array in errors. Throws Error(data) if it is
/// malformed or holds Python objects, Error(unsupported) for a type that DType lacks or for big-endian numbers.
[[nodiscard]] NpyHeader parse_npy_header(std::span<const std::byte> bytes, const std::string& where);

/// A header of format 1.0 for an array in C order, padded so that the array begins at a multiple of 64 bytes.
/// Throws Error(internal) for bfloat16, which numpy lacks.
[[nodiscard]] std::string npy_header(DType dtype, const Shape& shape);

}  // namespace phew
