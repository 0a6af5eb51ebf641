#include "graph/io/onnx/constant.hpp"

#include "graph/error.hpp"
#include "graph/io/tensor_layout.hpp"

#include <algorithm>
#include <cstring>
#include <numeric>

namespace phew::onnx {
namespace {

Shape c_strides(const Shape& shape) {
  Shape strides(shape.size(), 1);
  for (std::size_t axis = shape.size(); axis-- > 1;) strides[axis - 1] = strides[axis] * shape[axis];
  return strides;
}

void require_small(const Constant& constant) {
  if (element_count(constant.shape()) > max_folded)
    fail(ExitCode::unsupported, "{}: found {} elements, expected at most {} where a shape is computed",
         constant.tensor.name, element_count(constant.shape()), max_folded);
}

}  // namespace

Constant::Constant(Tensor stored) : tensor(std::move(stored)), strides(c_strides(tensor.shape)) {}

bool Constant::in_order() const { return is_contiguous(shape(), strides); }

Tensor Constant::in_c_order() const {
  if (in_order()) return tensor;
  const std::size_t element = byte_size(tensor.dtype);
  std::vector<std::byte> bytes(static_cast<std::size_t>(element_count(shape())) * element);
  copy_strided(tensor.bytes.data(), element, shape(), strides, bytes);
  return make_tensor(tensor.name, tensor.dtype, shape(), std::move(bytes));
}

Constant Constant::transposed(std::span<const std::int64_t> permutation) const {
  Constant result = *this;
  for (std::size_t axis = 0; axis < permutation.size(); ++axis) {
    result.tensor.shape[axis] = tensor.shape[static_cast<std::size_t>(permutation[axis])];
    result.strides[axis] = strides[static_cast<std::size_t>(permutation[axis])];
  }
  return result;
}

std::vector<double> numbers(const Constant& constant) {
  require_small(constant);
  const Tensor tensor = constant.in_c_order();
  if (tensor.dtype == DType::i64) {
    const std::vector<std::int64_t> whole = integers(constant);
    return {whole.begin(), whole.end()};
  }
  if (tensor.dtype == DType::f64) {
    std::vector<double> values(tensor.bytes.size() / sizeof(double));
    std::memcpy(values.data(), tensor.bytes.data(), tensor.bytes.size());
    return values;
  }
  const Tensor single = to_float32(tensor);
  const auto values = float_values(single);
  return {values.begin(), values.end()};
}

std::vector<std::int64_t> integers(const Constant& constant) {
  require_small(constant);
  const Tensor tensor = constant.in_c_order();
  if (tensor.dtype == DType::i64) {
    std::vector<std::int64_t> values(tensor.bytes.size() / sizeof(std::int64_t));
    if (!values.empty()) std::memcpy(values.data(), tensor.bytes.data(), tensor.bytes.size());
    return values;
  }
  constexpr double limit = 0x1p62;
  std::vector<std::int64_t> values;
  for (const double value : numbers(constant))
    values.push_back(value >= -limit && value <= limit ? static_cast<std::int64_t>(value) : std::int64_t{0});
  return values;
}

Constant make_integers(const std::vector<std::int64_t>& values) {
  const auto bytes = std::as_bytes(std::span(values));
  return Constant(
      make_tensor("", DType::i64, {static_cast<std::int64_t>(values.size())}, {bytes.begin(), bytes.end()}));
}

std::size_t checked_axis(std::int64_t axis, std::size_t rank, const std::string& where) {
  const auto r = static_cast<std::int64_t>(rank);
  if (axis < -r || axis >= r) fail(ExitCode::data, "{}: found axis {}, expected one of {}", where, axis, rank);
  return static_cast<std::size_t>(axis < 0 ? axis + r : axis);
}

std::vector<std::int64_t> permutation_of(const Node& node, std::size_t rank, const std::string& where) {
  std::vector<std::int64_t> axes(rank);
  std::iota(axes.begin(), axes.end(), 0);
  std::vector<std::int64_t> reverse(axes.rbegin(), axes.rend());
  const auto permutation = node.get("perm", reverse);
  if (!std::ranges::is_permutation(permutation, axes))
    fail(ExitCode::data, "{}: found perm {}, expected a permutation of {} axes", where, to_string(permutation), rank);
  return permutation;
}

Shape reshaped(const Shape& shape, std::span<const std::int64_t> wanted, bool allow_zero, const std::string& where) {
  Shape out(wanted.begin(), wanted.end());
  const auto misfit = [&] {
    fail(ExitCode::data, "{}: found shape {}, expected as many elements as {}", where, to_string(shape),
         to_string({wanted.begin(), wanted.end()}));
  };
  for (std::size_t axis = 0; axis < out.size(); ++axis)
    if (out[axis] == 0 && !allow_zero) {
      if (axis >= shape.size()) misfit();
      out[axis] = shape[axis];
    }
  const auto open = std::ranges::find(out, -1);
  const std::int64_t all = element_count(shape);
  if (open != out.end()) {
    *open = 1;
    const std::int64_t rest = element_count(out);
    if (rest == 0 || all % rest != 0) misfit();
    *open = all / rest;
  }
  if (element_count(out) != all) misfit();
  return out;
}

Shape squeezed(const Shape& shape, std::span<const std::int64_t> axes, const std::string& where) {
  std::vector<bool> drop(shape.size(), false);
  for (const std::int64_t a : axes) {
    const std::size_t axis = checked_axis(a, shape.size(), where);
    if (shape[axis] != 1) fail(ExitCode::data, "{}: found extent {}, expected 1 on axis {}", where, shape[axis], axis);
    drop[axis] = true;
  }
  Shape out;
  for (std::size_t axis = 0; axis < shape.size(); ++axis)
    if (axes.empty() ? shape[axis] != 1 : !drop[axis]) out.push_back(shape[axis]);
  return out;
}

Shape unsqueezed(const Shape& shape, std::span<const std::int64_t> axes, const std::string& where) {
  const std::size_t rank = shape.size() + axes.size();
  std::vector<bool> added(rank, false);
  for (const std::int64_t a : axes) added[checked_axis(a, rank, where)] = true;
  if (static_cast<std::size_t>(std::ranges::count(added, true)) != axes.size())
    fail(ExitCode::data, "{}: found an axis twice in {}", where, to_string({axes.begin(), axes.end()}));
  Shape out;
  auto next = shape.begin();
  for (std::size_t axis = 0; axis < rank; ++axis) out.push_back(added[axis] ? 1 : *next++);
  return out;
}

std::vector<std::int64_t> slice_indices(std::int64_t extent, std::int64_t first, std::int64_t end, std::int64_t step,
                                        const std::string& where) {
  if (step == 0) fail(ExitCode::data, "{}: found a step of 0", where);
  const auto from_start = [&](std::int64_t index) { return index < 0 ? index + extent : index; };
  std::vector<std::int64_t> indices;
  if (step > 0) {
    const std::int64_t stop = std::clamp<std::int64_t>(from_start(end), 0, extent);
    for (std::int64_t i = std::clamp<std::int64_t>(from_start(first), 0, extent); i < stop;) {
      indices.push_back(i);
      if (step >= stop - i) break;
      i += step;
    }
  } else {
    const std::int64_t stop = std::clamp<std::int64_t>(from_start(end), -1, extent - 1);
    for (std::int64_t i = std::clamp<std::int64_t>(from_start(first), -1, extent - 1); i > stop;) {
      indices.push_back(i);
      if (step <= stop - i) break;
      i += step;
    }
  }
  return indices;
}

}  // namespace phew::onnx
