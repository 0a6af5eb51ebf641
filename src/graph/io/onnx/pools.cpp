// Ops that change positions and keep units: pooling, padding, resizing.
#include "graph/error.hpp"
#include "graph/io/onnx/builder.hpp"

#include <algorithm>
#include <cmath>

namespace phew::onnx {
namespace {

constexpr std::int64_t max_window = std::int64_t{1} << 20;

Size2 window_of(const Node& node, const char* attribute, const std::string& where) {
  const auto values = node.get(attribute, std::vector<std::int64_t>{1, 1});
  if (values.size() != 2) throw Refusal{fmt::format("of {} dimensions (2 only)", values.size())};
  for (const std::int64_t value : values)
    if (value < 1 || value > max_window) fail(ExitCode::data, "{}: found {} {}", where, attribute, to_string(values));
  return {values[0], values[1]};
}

/// The view without its atoms of positions; without the dimensions `drop`, too.
View without_positions(const View& view, const std::vector<bool>& drop) {
  std::vector<View::Dimension> out;
  for (std::size_t d = 0; d < view.rank(); ++d) {
    if (drop[d]) continue;
    View::Dimension& dimension = out.emplace_back(view[d]);
    std::erase_if(dimension, [](const Atom& a) { return a.axis == Axis::height || a.axis == Axis::width; });
  }
  return View(std::move(out));
}

}  // namespace

Builder::Outputs Builder::pool(const Node& node, const Inputs& inputs, bool maximum) {
  const Activation& x = activation(node, inputs, 0);
  const Size2 kernel = window_of(node, "kernel_shape", where(node));
  const Size2 stride = window_of(node, "strides", where(node)), dilation = window_of(node, "dilations", where(node));
  std::vector<std::int64_t> pads;
  const Activation map = padded(node, x, pads, kernel, stride, dilation);
  const Size2 padding{pads[0], pads[1]};
  const bool ceil = node.get<std::int64_t>("ceil_mode", 0) != 0;
  const bool count_padding = node.get<std::int64_t>("count_include_pad", 0) != 0;
  const Vertex from = as_map(node, map);
  const Op op = maximum ? Op(op::MaxPool{kernel, stride, padding, dilation, ceil})
                        : Op(op::AvgPool{kernel, stride, padding, ceil, count_padding});
  return {made(add(node, name_for(node, true), op, {from}), x.open)};
}

Builder::Outputs Builder::global_pool(const Node& node, const Inputs& inputs) {
  const Activation& x = activation(node, inputs, 0);
  const Vertex from = as_map(node, x);
  const Op op = node.op == "GlobalAveragePool" ? Op(op::GlobalAvgPool{}) : Op(op::Rearrange{node.op, {}});
  const Vertex vertex = add(node, name_for(node, true), op, {from});
  return {made(vertex,
               View({{{Axis::batch, batch_, 1}}, {{Axis::channel, network_.node(vertex).output.channels, 1}}, {}, {}}),
               false)};
}

/// A mean (or maximum, …) over all positions pools them; over anything else it mixes what the graph keeps apart.
Builder::Outputs Builder::reduce(const Node& node, const Inputs& inputs) {
  const Activation& x = activation(node, inputs, 0);
  const std::size_t rank = x.view.rank();
  std::vector<bool> reduced(rank, false);
  const auto axes = integers_of(node, "axes", inputs, 1);
  if (!axes) reduced.assign(rank, true);
  for (const std::int64_t axis : axes.value_or(std::vector<std::int64_t>{}))
    reduced[checked_axis(axis, rank, where(node))] = true;
  std::int64_t positions = 1;
  for (std::size_t d = 0; d < rank; ++d) {
    if (!reduced[d]) continue;
    if (x.view.has(d, Axis::channel)) throw Refusal{"over units"};
    if (x.view.has(d, Axis::batch)) throw Refusal{"over examples"};
    positions *= x.view.shape()[d];
  }
  const std::int64_t all = x.view.extent(Axis::height) * x.view.extent(Axis::width);
  if (positions != all) throw Refusal{"over some of the positions"};
  const bool keep = node.get<std::int64_t>("keepdims", 1) != 0;
  View view = without_positions(x.view, keep ? std::vector<bool>(rank, false) : reduced);
  if (all == 1) return {Activation{x.source, std::move(view), false}};
  const Op op = node.op == "ReduceMean" ? Op(op::GlobalAvgPool{}) : Op(op::Rearrange{node.op, {}});
  return {made(add(node, name_for(node, true), op, {vertex_of(x.source)}), std::move(view), false)};
}

Builder::Outputs Builder::pad(const Node& node, const Inputs& inputs) {
  const Activation& x = activation(node, inputs, 0);
  const std::size_t rank = x.view.rank();
  const auto given = integers_of(node, "pads", inputs, 1);
  std::vector<std::int64_t> axes(rank);
  for (std::size_t d = 0; d < rank; ++d) axes[d] = static_cast<std::int64_t>(d);
  if (const Constant* some = constant(inputs, 3)) axes = integers(*some);
  if (!given || given->size() != 2 * axes.size())
    fail(ExitCode::data, "{}: found {} pads, expected {}", where(node), given ? given->size() : 0, 2 * axes.size());
  std::vector<std::int64_t> before(rank, 0), after(rank, 0);
  for (std::size_t i = 0; i < axes.size(); ++i) {
    const std::size_t axis = checked_axis(axes[i], rank, where(node));
    before[axis] = (*given)[i];
    after[axis] = (*given)[axes.size() + i];
    if (std::abs(before[axis]) > max_window || std::abs(after[axis]) > max_window)
      fail(ExitCode::data, "{}: found pads {}", where(node), to_string(*given));
  }
  const auto any = [&](std::size_t d) { return before[d] != 0 || after[d] != 0; };
  if (rank > 0 && any(0)) throw Refusal{"of examples"};
  Activation result = x;
  if (rank > 1 && any(1)) {  // ResNet's shortcut without parameters: new channels of zeros
    if (!x.view.only(1, Axis::channel)) throw Refusal{"of units and positions at once"};
    const Vertex from = as_map(node, x);
    const std::int64_t channels = network_.node(from).output.channels;
    std::vector<std::int64_t> map;
    for (std::int64_t c = -before[1]; c < channels + after[1]; ++c) map.push_back(c >= 0 && c < channels ? c : -1);
    const bool flat = rank == 2;
    const Vertex vertex = select(name_for(node, false), node, from, map);
    result = made(vertex, View(batch_, network_.node(vertex).output, flat), x.open);
  }
  if (rank == 3 && any(2)) throw Refusal{"of [N, C, L]"};
  if (rank == 4 && (any(2) || any(3))) {
    const op::Pad op{before[2], after[2], before[3], after[3]};
    result = made(add(node, name_for(node, true), op, {as_map(node, result)}), x.open);
  }
  return {result};
}

Builder::Outputs Builder::resize(const Node& node, const Inputs& inputs) {
  const Activation& x = activation(node, inputs, 0);
  const Shape shape = x.view.shape();
  const bool has_roi = node.op == "Resize" && inputs.size() > 2;
  const Constant* scales = constant(inputs, has_roi ? 2 : 1);
  const Constant* sizes = constant(inputs, 3);
  Shape out = shape;
  if (sizes != nullptr && !sizes->shape().empty() && sizes->shape()[0] > 0) {
    out = integers(*sizes);
  } else if (scales != nullptr) {
    const std::vector<double> factors = numbers(*scales);
    for (std::size_t d = 0; d < shape.size() && d < factors.size(); ++d)
      out[d] =
          static_cast<std::int64_t>(std::clamp(std::floor(static_cast<double>(shape[d]) * factors[d]), 0.0, 0x1p24));
  } else {
    throw Refusal{"to a size that depends on the input"};
  }
  if (shape.size() != 4 || out.size() != 4) throw Refusal{"of anything but [N, C, H, W]"};
  if (out[0] != shape[0] || out[1] != shape[1]) throw Refusal{"of units"};
  const op::Rearrange op{node.op, {out[2], out[3]}};
  return {made(add(node, name_for(node, true), op, {as_map(node, x)}), x.open)};
}

}  // namespace phew::onnx
