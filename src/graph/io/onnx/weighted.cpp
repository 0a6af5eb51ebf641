// Ops with weights: convolutions, dense layers, batch-norm.
#include "graph/error.hpp"
#include "graph/io/onnx/builder.hpp"
#include "graph/io/onnx/names.hpp"

#include <algorithm>

namespace phew::onnx {
/// Registers a weight that `node` uses; returns the parameter's name and sets `name`, the op's.
/// A weight that another op uses, too, is tied to it: the same values under the same name.
std::string Builder::add_parameter(const Node& node, const Constant& weight, std::string& name) {
  std::string parameter = weight.tensor.name;
  if (is_made_up(parameter) && !node.module.empty())
    parameter = node.module + ".weight";
  else if (parameter.empty())
    parameter = node.name + ".weight";
  else if (!is_made_up(parameter) && weight.shape().size() == 2 && !weight.in_order())
    parameter += ".T";  // the file's own tensor is [in, out]: its mask is this one's transpose
  const auto same_values = [&](const StoredWeight& other) {
    return other.tensor.bytes.data() == weight.tensor.bytes.data() && other.strides == weight.strides &&
           other.tensor.shape == weight.shape();
  };
  const auto by_name = [&] {
    return std::ranges::find(weights_, parameter, [](const auto& w) { return w.tensor.name; });
  };
  const std::string wanted = parameter;
  for (int i = 1; by_name() != weights_.end() && !same_values(*by_name()); ++i)
    parameter = fmt::format("{}_{}", wanted, i);
  if (by_name() == weights_.end()) {
    weights_.push_back({weight.tensor, weight.strides});
    weights_.back().tensor.name = parameter;
  }
  name = unique_name(without_suffix(parameter, ".weight"), true);
  return parameter == name + ".weight" ? "" : parameter;
}

namespace {

Size2 pair_of(const Node& node, const char* attribute, Size2 otherwise, const std::string& where) {
  const auto values = node.get(attribute, std::vector<std::int64_t>{otherwise.height, otherwise.width});
  constexpr std::int64_t most = 1 << 20;
  if (values.size() != 2 || values[0] < 1 || values[1] < 1 || values[0] > most || values[1] > most)
    fail(ExitCode::data, "{}: found {} {}, expected two numbers from 1 to 2^20", where, attribute, to_string(values));
  return {values[0], values[1]};
}

}  // namespace

Builder::Outputs Builder::conv(const Node& node, const Inputs& inputs) {
  const Activation& x = activation(node, inputs, 0);
  const Constant* weight = constant(inputs, 1);
  if (weight == nullptr) throw Refusal{"with weights that depend on the input"};
  const Shape& shape = weight->shape();
  if (shape.size() != 4) throw Refusal{fmt::format("with weights of shape {} (2-D ones only)", to_string(shape))};
  const Size2 kernel{shape[2], shape[3]};
  if (pair_of(node, "kernel_shape", kernel, where(node)) != kernel)
    fail(ExitCode::data, "{}: found kernel_shape {}, expected that of weights {}", where(node),
         to_string(node.get("kernel_shape", Shape{})), to_string(shape));
  op::Conv2d op;
  op.kernel = kernel;
  op.stride = pair_of(node, "strides", {}, where(node));
  op.dilation = pair_of(node, "dilations", {}, where(node));
  op.groups = node.get<std::int64_t>("group", 1);
  if (op.groups < 1 || op.groups > (std::int64_t{1} << 32) || shape[1] > (std::int64_t{1} << 30))
    fail(ExitCode::data, "{}: found {} groups of {} channels", where(node), op.groups, shape[1]);
  op.in = shape[1] * op.groups;
  op.out = shape[0];
  op.bias = constant(inputs, 2) != nullptr;
  std::vector<std::int64_t> pads;
  const Activation map = padded(node, x, pads, op.kernel, op.stride, op.dilation);
  op.padding = {pads[0], pads[1]};
  const Vertex from = as_map(node, map);
  std::string name;
  op.weight = add_parameter(node, *weight, name);
  return {made(add(node, name, op, {from}), x.open)};
}

/// Resolves pads and auto_pad to symmetric padding, behind a Pad op where they are not symmetric.
Activation Builder::padded(const Node& node, const Activation& x, std::vector<std::int64_t>& pads, Size2 kernel,
                           Size2 stride, Size2 dilation) {
  pads = node.get("pads", std::vector<std::int64_t>{0, 0, 0, 0});
  const Shape shape = x.view.shape();
  if (pads.size() != 4 || shape.size() != 4)
    fail(ExitCode::data, "{}: found input {} and pads {}, expected [N, C, H, W] and four", where(node),
         to_string(shape), to_string(pads));
  const auto mode = node.get<std::string>("auto_pad", "NOTSET");
  if (mode == "VALID") pads = {0, 0, 0, 0};
  if (mode == "SAME_UPPER" || mode == "SAME_LOWER") {
    const std::int64_t kernels[]{kernel.height, kernel.width}, strides[]{stride.height, stride.width};
    const std::int64_t dilations[]{dilation.height, dilation.width};
    for (std::size_t i = 0; i < 2; ++i) {
      const std::int64_t in = shape[2 + i], out = (in + strides[i] - 1) / strides[i];
      const std::int64_t all =
          std::max<std::int64_t>(0, (out - 1) * strides[i] + dilations[i] * (kernels[i] - 1) + 1 - in);
      pads[i] = mode == "SAME_UPPER" ? all / 2 : all - all / 2;
      pads[2 + i] = all - pads[i];
    }
  }
  constexpr std::int64_t max_pad = 1 << 20;
  if (std::ranges::any_of(pads, [](std::int64_t pad) { return pad > max_pad || pad < -max_pad; }))
    fail(ExitCode::data, "{}: found pads {}, expected at most 2^20", where(node), to_string(pads));
  if (pads[0] == pads[2] && pads[1] == pads[3] && pads[0] >= 0 && pads[1] >= 0) return x;
  const op::Pad op{pads[0], pads[2], pads[1], pads[3]};
  pads = {0, 0, 0, 0};
  return made(add(node, name_beside(node, "pad"), op, {as_map(node, x)}), x.open);
}

Builder::Outputs Builder::gemm(const Node& node, const Inputs& inputs) {
  const Activation& x = activation(node, inputs, 0);
  const Constant* weight = constant(inputs, 1);
  if (weight == nullptr) throw Refusal{"of two activations"};
  if (node.get<std::int64_t>("transA", 0) != 0) throw Refusal{"with transA"};
  if (inputs.size() > 2 && inputs[2] != nullptr && constant(inputs, 2) == nullptr)
    throw Refusal{"with a bias that depends on the input"};
  if (weight->shape().size() != 2)
    fail(ExitCode::data, "{}: found weights of shape {}, expected a matrix", where(node), to_string(weight->shape()));
  constexpr std::int64_t swapped[]{1, 0};
  const bool as_it_is = node.get<std::int64_t>("transB", 0) != 0;
  return {linear(node, x, as_it_is ? *weight : weight->transposed(swapped), constant(inputs, 2) != nullptr)};
}

Builder::Outputs Builder::matmul(const Node& node, const Inputs& inputs) {
  if (inputs.size() != 2) fail(ExitCode::data, "{}: found {} inputs, expected 2", where(node), inputs.size());
  const Constant* weight = constant(inputs, 1);
  if (weight == nullptr && constant(inputs, 0) == nullptr) throw Refusal{"of two activations (attention?)"};
  if (weight == nullptr) throw Refusal{"by weights from the left"};
  if (weight->shape().size() != 2)
    throw Refusal{fmt::format("by weights of shape {} (matrices only)", to_string(weight->shape()))};
  constexpr std::int64_t swapped[]{1, 0};
  const Constant transposed = weight->transposed(swapped);
  return {linear(node, activation(node, inputs, 0), transposed, bias_follows(node, transposed.shape()[0]))};
}

/// Whether the one reader of a MatMul is an Add of a vector of `out` constants.
bool Builder::bias_follows(const Node& node, std::int64_t out) {
  const auto readers = consumers_.find(node.outputs.empty() ? "" : node.outputs.front());
  if (readers == consumers_.end() || readers->second.size() != 1) return false;
  const Node& add = model_.nodes[readers->second.front()];
  if (add.op != "Add" || add.inputs.size() != 2) return false;
  const std::string& other = add.inputs[add.inputs[0] == node.outputs.front() ? 1 : 0];
  const auto value = values_.find(other);
  const auto* bias = value == values_.end() ? nullptr : std::get_if<Constant>(&value->second);
  return bias != nullptr && bias->shape() == Shape{out};
}

/// A dense layer over the last dimension, weights [out, in]: of a vector, of a flattened map, or at each position.
Value Builder::linear(const Node& node, const Activation& x, const Constant& weight, bool bias) {
  if (x.view.rank() == 0) fail(ExitCode::data, "{}: found a scalar input", where(node));
  const std::size_t last = x.view.rank() - 1;
  op::Linear op{.in = weight.shape()[1], .out = weight.shape()[0], .bias = bias};
  const std::int64_t features = x.view.shape()[last];
  if (features != op.in)
    fail(ExitCode::data, "{}: found an input of shape {}, expected {} features for weights {}", where(node),
         to_string(x.view.shape()), op.in, to_string(weight.shape()));
  Vertex from = 0;
  View view;
  const bool flattens = x.view.has_positions(last);
  if (flattens) {
    from = as_flat(node, x);
  } else {
    if (!x.view.only(last, Axis::channel) || features != x.view.extent(Axis::channel))
      throw Refusal{"over a dimension that is not all units"};
    const Activation ordered = in_order(node, x);
    from = vertex_of(ordered.source);
    view = ordered.view;
    op.per_position = network_.node(from).output.positions() > 1;
  }
  std::string name;
  op.weight = add_parameter(node, weight, name);
  const Vertex vertex = add(node, name, op, {from});
  if (flattens) return made(vertex, View(batch_, network_.node(vertex).output, true), false);
  std::vector<View::Dimension> dimensions;
  for (std::size_t d = 0; d < last; ++d) dimensions.push_back(view[d]);
  dimensions.push_back({{Axis::channel, network_.node(vertex).output.channels, 1}});
  return made(vertex, View(std::move(dimensions)), x.open);
}

Builder::Outputs Builder::batch_norm(const Node& node, const Inputs& inputs) {
  const Activation& x = activation(node, inputs, 0);
  const Constant* scale = constant(inputs, 1);
  const bool by_unit = x.view.rank() >= 2 && x.view.only(1, Axis::channel) &&
                       x.view.shape()[1] == x.view.extent(Axis::channel) && scale != nullptr;
  if (!by_unit) return normalize(node, inputs);
  if (scale->shape() != Shape{x.view.shape()[1]})
    fail(ExitCode::data, "{}: found scales of shape {}, expected one for each of {} channels", where(node),
         to_string(scale->shape()), x.view.shape()[1]);
  const Activation ordered = in_order(node, x);
  const std::string& given = scale->tensor.name;
  const std::string wanted = is_made_up(given) ? node.module : without_suffix(given, ".weight");
  const std::string name = wanted.empty() ? name_for(node, false) : unique_name(wanted, true);
  const op::BatchNorm op{node.get("epsilon", 1e-5), 1 - node.get("momentum", 0.9)};
  return {made(add(node, name, op, {vertex_of(ordered.source)}), ordered.view, x.open)};
}

}  // namespace phew::onnx
