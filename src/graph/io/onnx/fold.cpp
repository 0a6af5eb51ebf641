// What is computed of constants: the chains of Shape, Gather, Concat, … that exporters write for view(x.size(0), −1).
#include "graph/error.hpp"
#include "graph/io/onnx/constant.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>
#include <map>

namespace phew::onnx {
namespace {

using Inputs = std::span<const Constant* const>;
using Values = std::vector<double>;
using Result = std::optional<Constant>;

bool is_integral(DType dtype) {
  return dtype != DType::f64 && dtype != DType::f32 && dtype != DType::f16 && dtype != DType::bf16;
}

/// Values as int64 or double.
Constant make_constant(Shape shape, const Values& values, bool integral) {
  std::vector<std::byte> bytes(values.size() * sizeof(double));
  for (std::size_t i = 0; i < values.size(); ++i) {
    constexpr double limit = 0x1p62;
    const auto whole = static_cast<std::int64_t>(std::clamp(values[i], -limit, limit));
    std::byte* place = bytes.data() + i * sizeof(double);
    if (integral)
      std::memcpy(place, &whole, sizeof whole);
    else
      std::memcpy(place, &values[i], sizeof values[i]);
  }
  return Constant(make_tensor("", integral ? DType::i64 : DType::f64, std::move(shape), std::move(bytes)));
}

bool small(const Constant& c) { return element_count(c.shape()) <= max_folded; }

/// numpy's broadcasting of shapes.
Shape broadcast(const Shape& a, const Shape& b, const std::string& where) {
  Shape out(std::max(a.size(), b.size()), 1);
  for (std::size_t i = 0; i < out.size(); ++i) {
    const std::int64_t x = i < a.size() ? a[a.size() - 1 - i] : 1, y = i < b.size() ? b[b.size() - 1 - i] : 1;
    if (x != y && x != 1 && y != 1)
      fail(ExitCode::data, "{}: found shapes {} and {}, expected ones that broadcast", where, to_string(a),
           to_string(b));
    out[out.size() - 1 - i] = x == 1 ? y : x;
  }
  return out;
}

/// The values of a constant repeated to fill `shape`, to which it broadcasts.
Values expanded(const Constant& constant, const Shape& shape) {
  Constant view = constant;
  const std::size_t added = shape.size() - constant.shape().size();
  view.tensor.shape = shape;
  view.strides.assign(shape.size(), 0);
  for (std::size_t axis = added; axis < shape.size(); ++axis)
    view.strides[axis] = constant.shape()[axis - added] == 1 ? 0 : constant.strides[axis - added];
  return numbers(view);
}

template <typename F>
Result binary(Inputs in, const std::string& where, F&& f) {
  if (in.size() < 2 || !small(*in[0]) || !small(*in[1])) return {};
  const Shape shape = broadcast(in[0]->shape(), in[1]->shape(), where);
  if (element_count(shape) > max_folded) return {};
  Values a = expanded(*in[0], shape);
  const Values b = expanded(*in[1], shape);
  for (std::size_t i = 0; i < a.size(); ++i) a[i] = f(a[i], b[i]);
  return make_constant(shape, a, is_integral(in[0]->tensor.dtype) && is_integral(in[1]->tensor.dtype));
}

template <typename F>
Result unary(Inputs in, F&& f) {
  if (in.empty() || !small(*in[0])) return {};
  Values values = numbers(*in[0]);
  for (double& value : values) value = f(value);
  return make_constant(in[0]->shape(), values, is_integral(in[0]->tensor.dtype));
}

Constant with_shape(const Constant& constant, Shape shape) {
  Tensor tensor = constant.in_c_order();
  tensor.shape = std::move(shape);
  return Constant(std::move(tensor));
}

/// Axes of an op that has them as an attribute up to opset 12, as an input since.
std::vector<std::int64_t> axes_of(const Node& node, Inputs in, std::size_t input) {
  if (in.size() > input && in[input] != nullptr) return integers(*in[input]);
  return node.get("axes", std::vector<std::int64_t>{});
}

Result identity(const Node&, Inputs in, const std::string&) { return *in[0]; }

/// Weights keep their type until they are used; numbers become whole ones where they are cast to such.
Result cast(const Node& node, Inputs in, const std::string&) {
  constexpr std::int64_t int32 = 6, int64 = 7, boolean = 9;
  const auto to = node.get<std::int64_t>("to", 1);
  if (to != int32 && to != int64 && to != boolean) return *in[0];
  if (!small(*in[0])) return {};
  Values values = numbers(*in[0]);
  for (double& value : values) value = to == boolean ? value != 0 : std::trunc(value);
  return make_constant(in[0]->shape(), values, true);
}

Result shape_of(const Node& node, Inputs in, const std::string& where) {
  const Shape& shape = in[0]->shape();
  const auto rank = static_cast<std::int64_t>(shape.size());
  std::vector<std::int64_t> out;
  for (const std::int64_t i : slice_indices(rank, node.get<std::int64_t>("start", 0), node.get("end", rank), 1, where))
    out.push_back(shape[static_cast<std::size_t>(i)]);
  return make_integers(out);
}

Result transpose(const Node& node, Inputs in, const std::string& where) {
  return in[0]->transposed(permutation_of(node, in[0]->shape().size(), where));
}

Result reshape(const Node& node, Inputs in, const std::string& where) {
  const bool allow_zero = node.get<std::int64_t>("allowzero", 0) != 0;
  return with_shape(*in[0], reshaped(in[0]->shape(), integers(*in[1]), allow_zero, where));
}

Result squeeze(const Node& node, Inputs in, const std::string& where) {
  return with_shape(*in[0], squeezed(in[0]->shape(), axes_of(node, in, 1), where));
}

Result unsqueeze(const Node& node, Inputs in, const std::string& where) {
  return with_shape(*in[0], unsqueezed(in[0]->shape(), axes_of(node, in, 1), where));
}

Result gather(const Node& node, Inputs in, const std::string& where) {
  const Shape& shape = in[0]->shape();
  if (shape.size() != 1 || !small(*in[0]) || !small(*in[1])) return {};
  const Values values = numbers(*in[0]);
  (void)checked_axis(node.get<std::int64_t>("axis", 0), 1, where);
  Values out;
  for (const std::int64_t index : integers(*in[1])) out.push_back(values[checked_axis(index, values.size(), where)]);
  return make_constant(in[1]->shape(), out, is_integral(in[0]->tensor.dtype));
}

Result concat(const Node&, Inputs in, const std::string&) {
  Values out;
  bool integral = true;
  for (const Constant* part : in) {
    if (part->shape().size() != 1 || !small(*part)) return {};
    const Values values = numbers(*part);
    out.insert(out.end(), values.begin(), values.end());
    integral = integral && is_integral(part->tensor.dtype);
  }
  return make_constant({static_cast<std::int64_t>(out.size())}, out, integral);
}

Result slice(const Node& node, Inputs in, const std::string& where) {
  if (in[0]->shape().size() != 1 || !small(*in[0])) return {};
  const auto number = [&](std::size_t input, const char* attribute, std::int64_t otherwise) {
    const std::vector<std::int64_t> values = in.size() > input && in[input] != nullptr
                                                 ? integers(*in[input])
                                                 : node.get(attribute, std::vector<std::int64_t>{otherwise});
    return values.empty() ? otherwise : values.front();
  };
  const Values values = numbers(*in[0]);
  Values out;
  for (const std::int64_t i : slice_indices(static_cast<std::int64_t>(values.size()), number(1, "starts", 0),
                                            number(2, "ends", 0), number(4, "steps", 1), where))
    out.push_back(values[static_cast<std::size_t>(i)]);
  return make_constant({static_cast<std::int64_t>(out.size())}, out, is_integral(in[0]->tensor.dtype));
}

Result constant_of_shape(const Node& node, Inputs in, const std::string&) {
  const Shape shape = integers(*in[0]);
  if (element_count(shape) > max_folded) return {};
  double value = 0;
  bool integral = false;
  if (const Tensor* given = node.find<Tensor>("value")) {
    const Values values = numbers(Constant(*given));
    value = values.empty() ? 0 : values.front();
    integral = is_integral(given->dtype);
  }
  return make_constant(shape, Values(static_cast<std::size_t>(element_count(shape)), value), integral);
}

Result expand(const Node&, Inputs in, const std::string& where) {
  const Shape shape = broadcast(in[0]->shape(), integers(*in[1]), where);
  if (element_count(shape) > max_folded || !small(*in[0])) return {};
  return make_constant(shape, expanded(*in[0], shape), is_integral(in[0]->tensor.dtype));
}

Result range(const Node&, Inputs in, const std::string& where) {
  const double first = numbers(*in[0]).at(0), end = numbers(*in[1]).at(0), step = numbers(*in[2]).at(0);
  const double count = step == 0 ? 0 : std::ceil((end - first) / step);
  if (step == 0 || !(count <= static_cast<double>(max_folded)))
    fail(ExitCode::data, "{}: found a range from {} to {} by {}, expected a short one", where, first, end, step);
  Values out;
  for (double i = 0; i < count; ++i) out.push_back(first + i * step);
  return make_constant({static_cast<std::int64_t>(out.size())}, out, is_integral(in[0]->tensor.dtype));
}

Result where_op(const Node&, Inputs in, const std::string& where) {
  if (in.size() < 3 || !small(*in[0]) || !small(*in[1]) || !small(*in[2])) return {};
  const Shape shape = broadcast(broadcast(in[0]->shape(), in[1]->shape(), where), in[2]->shape(), where);
  const Values condition = expanded(*in[0], shape), yes = expanded(*in[1], shape);
  Values out = expanded(*in[2], shape);
  for (std::size_t i = 0; i < out.size(); ++i)
    if (condition[i] != 0) out[i] = yes[i];
  return make_constant(shape, out, is_integral(in[1]->tensor.dtype));
}

/// Over all elements, which is what exporters need (numel).
template <typename F>
Result reduce(Inputs in, double start, F&& f) {
  if (!small(*in[0])) return {};
  for (const double value : numbers(*in[0])) start = f(start, value);
  return make_constant({}, {start}, is_integral(in[0]->tensor.dtype));
}

bool is_scalar(const Constant* c) { return c != nullptr && element_count(c->shape()) == 1; }

using Folder = Result (*)(const Node&, Inputs, const std::string&);

/// Whole numbers divide as in Python's C implementation and ONNX: truncated.
Result divide(const Node&, Inputs in, const std::string& where) {
  if (in.size() < 2) return {};
  const bool whole = is_integral(in[0]->tensor.dtype) && is_integral(in[1]->tensor.dtype);
  return binary(in, where, [&](double a, double b) { return b == 0 ? 0 : whole ? std::trunc(a / b) : a / b; });
}

template <typename F>
Result apply_binary(const Node&, Inputs in, const std::string& where) {
  return binary(in, where, F{});
}
template <auto F>
Result apply_unary(const Node&, Inputs in, const std::string&) {
  return unary(in, F);
}

const std::map<std::string_view, Folder>& folders() {
  static const std::map<std::string_view, Folder> table{
      {"Identity", identity},
      {"Cast", cast},
      {"Shape", shape_of},
      {"Transpose", transpose},
      {"Reshape", reshape},
      {"Squeeze", squeeze},
      {"Unsqueeze", unsqueeze},
      {"Gather", gather},
      {"Concat", concat},
      {"Slice", slice},
      {"ConstantOfShape", constant_of_shape},
      {"Expand", expand},
      {"Range", range},
      {"Where", where_op},
      {"Div", divide},
      {"Add", apply_binary<std::plus<>>},
      {"Sub", apply_binary<std::minus<>>},
      {"Mul", apply_binary<std::multiplies<>>},
      {"Equal", apply_binary<std::equal_to<>>},
      {"Less", apply_binary<std::less<>>},
      {"Greater", apply_binary<std::greater<>>},
      {"And", apply_binary<std::logical_and<>>},
      {"Or", apply_binary<std::logical_or<>>},
      {"Floor", apply_unary<[](double x) { return std::floor(x); }>},
      {"Ceil", apply_unary<[](double x) { return std::ceil(x); }>},
      {"Sqrt", apply_unary<[](double x) { return std::sqrt(x); }>},
      {"Neg", apply_unary<[](double x) { return -x; }>},
      {"Abs", apply_unary<[](double x) { return std::abs(x); }>},
      {"Not", apply_unary<[](double x) { return x == 0 ? 1.0 : 0.0; }>},
      {"ReduceProd", [](const Node&, Inputs in, const std::string&) { return reduce(in, 1, std::multiplies<>{}); }},
      {"ReduceSum", [](const Node&, Inputs in, const std::string&) { return reduce(in, 0, std::plus<>{}); }},
  };
  return table;
}

}  // namespace

std::optional<Constant> fold(const Node& node, std::span<const Constant* const> inputs, const std::string& where) {
  const auto folder = folders().find(node.op);
  if (folder == folders().end() || inputs.empty() || inputs.front() == nullptr) return {};
  if (inputs.size() < 2 && (node.op == "Reshape" || node.op == "Gather" || node.op == "Expand")) return {};
  if (node.op == "Range" && (inputs.size() < 3 || !std::ranges::all_of(inputs, is_scalar))) return {};
  const bool optional_inputs = node.op == "Slice" || node.op == "Squeeze" || node.op == "Unsqueeze";
  if (!optional_inputs && std::ranges::count(inputs, nullptr) > 0) return {};
  return folder->second(node, inputs, where);
}

}  // namespace phew::onnx
