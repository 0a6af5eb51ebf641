// Elementwise ops, joins and Concat.
#include "graph/error.hpp"
#include "graph/io/onnx/builder.hpp"

#include <algorithm>
#include <cmath>

namespace phew::onnx {
namespace {

/// Whether `constant` broadcasts to `shape` without enlarging it.
bool broadcasts_to(const Shape& constant, const Shape& shape) {
  if (constant.size() > shape.size()) return false;
  const std::size_t added = shape.size() - constant.size();
  for (std::size_t d = 0; d < constant.size(); ++d)
    if (constant[d] != 1 && constant[d] != shape[added + d]) return false;
  return true;
}

const op::Activation* activation_op(const Source& source) {
  return source.vertex ? nullptr : std::get_if<op::Activation>(&source.op);
}

/// silu or hardswish, if `gate` is the sigmoid of `x`.
std::optional<std::string> gated(const Activation& x, const Activation& gate) {
  const op::Activation* function = activation_op(*gate.source);
  if (function == nullptr || gate.source->of != x.source) return {};
  if (function->function == "sigmoid") return "silu";
  const bool hard = function->function == "hardsigmoid" && function->arguments.size() == 2 &&
                    std::abs(function->arguments[0] - 1.0 / 6) < 1e-6 && function->arguments[1] == 0.5;
  if (hard) return "hardswish";
  return {};
}

Shape broadcast_shape(const std::vector<Activation>& parts, std::size_t rank) {
  Shape out(rank, 1);
  for (const Activation& part : parts) {
    const Shape shape = part.view.shape();
    for (std::size_t d = 0; d < rank; ++d) out[d] = std::max(out[d], shape[d]);
  }
  return out;
}

}  // namespace

/// An elementwise function of x, added to the network when it is read.
Value Builder::function_of(const Node& node, const Activation& x, Op op) {
  const std::string name = node.module.empty() ? node.op : node.module;
  return Activation{std::make_shared<Source>(Source{{}, x.source, std::move(op), name}), x.view, x.open};
}

Builder::Outputs Builder::elementwise(const Node& node, const OpRow& row, const Inputs& inputs) {
  const Activation& x = activation(node, inputs, 0);
  if (row.function == "relu") return {function_of(node, x, op::ReLU{})};
  if (row.function.empty()) return {function_of(node, x, op::PassThrough{node.op})};
  op::Activation op{std::string(row.function)};
  const auto take = [&](const char* attribute, double otherwise) {
    op.arguments.push_back(node.get(attribute, otherwise));
  };
  if (row.function == "leaky_relu") take("alpha", 0.01);
  if (row.function == "elu" || row.function == "celu" || row.function == "threshold") take("alpha", 1);
  if (row.function == "hardsigmoid") {
    take("alpha", 0.2);
    take("beta", 0.5);
  }
  if (row.function == "hardtanh") {
    constexpr double unbounded = 3.4028234663852886e38;
    const double otherwise[]{-unbounded, unbounded};
    const char* const attributes[]{"min", "max"};
    for (std::size_t i = 0; i < 2; ++i) {
      const Constant* bound = constant(inputs, 1 + i);
      const std::vector<double> given = bound == nullptr ? std::vector<double>{} : numbers(*bound);
      op.arguments.push_back(given.empty() ? node.get(attributes[i], otherwise[i]) : given.front());
    }
  }
  return {function_of(node, x, op)};
}

Builder::Outputs Builder::normalize(const Node& node, const Inputs& inputs) {
  const Activation& x = activation(node, inputs, 0);
  return {made(add(node, name_for(node, true), op::PassThrough{node.op}, {vertex_of(x.source)}), x.view, x.open)};
}

Builder::Outputs Builder::dropout(const Node& node, const Inputs& inputs) {
  const Constant* ratio = constant(inputs, 1);
  const std::vector<double> given = ratio == nullptr ? std::vector<double>{} : numbers(*ratio);
  const double p = given.empty() ? node.get("ratio", 0.5) : given.front();
  return {function_of(node, activation(node, inputs, 0), op::Dropout{p})};
}

Builder::Outputs Builder::binary(const Node& node, const Inputs& inputs) {
  std::vector<Activation> parts;
  for (const Value* input : inputs)
    if (const auto* part = input == nullptr ? nullptr : std::get_if<Activation>(input)) parts.push_back(*part);
  if (parts.empty()) fail(ExitCode::data, "{}: found no inputs", where(node));
  for (const Value* input : inputs) {
    const auto* other = input == nullptr ? nullptr : std::get_if<Constant>(input);
    if (other != nullptr && !broadcasts_to(other->shape(), parts.front().view.shape()))
      throw Refusal{fmt::format("of shape {} with constants of shape {}", to_string(parts.front().view.shape()),
                                to_string(other->shape()))};
  }
  const Activation& x = parts.front();
  const bool same_units = std::ranges::all_of(
      parts, [&](const Activation& part) { return part.source->root() == x.source->root() && part.view == x.view; });
  if (!same_units) return {join(node, std::move(parts))};
  if (node.op == "Mul" && inputs.size() == 2 && parts.size() == 2)
    for (std::size_t i = 0; i < 2; ++i)
      if (auto function = gated(parts[i], parts[1 - i]))
        return {function_of(node, parts[i], op::Activation{*function})};
  // The bias of a MatMul is part of it.
  if (node.op == "Add" && parts.size() == 1 && x.source->vertex)
    if (const auto* linear = std::get_if<op::Linear>(&network_.node(*x.source->vertex).op);
        linear != nullptr && linear->bias)
      for (const std::string& input : node.inputs)
        if (const auto producer = producers_.find(input);
            producer != producers_.end() && model_.nodes[producer->second].op == "MatMul")
          return {x};
  Activation base = x;
  if (parts.size() > 1) {  // written out in several ops, each a function of the first one's input
    while (base.source->of) base.source = base.source->of;
  }
  return {function_of(node, base, op::PassThrough{node.op})};
}

/// Add, Mul, … of different units: one layer with a link for each.
Value Builder::join(const Node& node, std::vector<Activation> parts) {
  std::size_t rank = 0;
  for (const Activation& part : parts) rank = std::max(rank, part.view.rank());
  bool open = false;
  for (Activation& part : parts) {
    Shape shape = part.view.shape();
    shape.insert(shape.begin(), rank - shape.size(), 1);
    part = in_order(node, part);
    part.view = *part.view.reshaped(shape);
    open = open || part.open;
  }
  const auto mixes = [](const View& view) {
    for (std::size_t d = 0; d < view.rank(); ++d)
      if (view.has_positions(d) && view.has(d, Axis::channel)) return true;
    return false;
  };
  View view = parts.front().view;
  const bool equal = std::ranges::all_of(parts, [&](const Activation& part) { return part.view == view; });
  std::vector<Vertex> sources;
  if (!equal && std::ranges::any_of(parts, [&](const Activation& part) { return mixes(part.view); })) {
    for (const Activation& part : parts) sources.push_back(as_flat(node, part));
    view = View({{{Axis::batch, batch_, 1}}, {{Axis::channel, broadcast_shape(parts, rank)[rank - 1], 1}}});
  } else {
    std::vector<View::Dimension> dimensions(rank);
    for (const Activation& part : parts) {
      for (std::size_t d = 0; d < rank; ++d) {
        if (part.view[d].empty()) continue;
        if (!dimensions[d].empty() && dimensions[d] != part.view[d])
          throw Refusal{
              fmt::format("of shapes {} and {}", to_string(parts.front().view.shape()), to_string(part.view.shape()))};
        dimensions[d] = part.view[d];
      }
      sources.push_back(vertex_of(part.source));
    }
    view = View(std::move(dimensions));
  }
  Op op = op::Join{node.op};
  if (node.op == "Add" || node.op == "Sum") op = op::Add{};
  if (node.op == "Mul") op = op::Mul{};
  const Vertex vertex = add(node, name_for(node, false), op, sources);
  const Extent& extent = network_.node(vertex).output;
  if (view.extent(Axis::channel) != extent.channels ||
      view.extent(Axis::height) * view.extent(Axis::width) != extent.positions())
    throw Refusal{"of units with positions"};
  return made(vertex, std::move(view), open);
}

Builder::Outputs Builder::concat(const Node& node, const Inputs& inputs) {
  std::vector<Activation> parts;
  bool open = false;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    parts.push_back(in_order(node, activation(node, inputs, i)));
    open = open || parts.back().open;
  }
  if (parts.empty()) fail(ExitCode::data, "{}: found no inputs", where(node));
  const View& first = parts.front().view;
  const std::size_t axis = checked_axis(node.get<std::int64_t>("axis", 1), first.rank(), where(node));
  for (const Activation& part : parts) {
    const Shape a = first.shape(), b = part.view.shape();
    bool fits = a.size() == b.size();
    for (std::size_t d = 0; fits && d < a.size(); ++d) fits = d == axis || a[d] == b[d];
    if (!fits)
      fail(ExitCode::data, "{}: found shapes {} and {}, expected equal ones but for axis {}", where(node), to_string(a),
           to_string(b), axis);
  }
  if (parts.size() == 1) return {parts.front()};
  const bool by_units = std::ranges::all_of(parts, [&](const Activation& part) {
    if (!part.view.only(axis, Axis::channel) || part.view.shape()[axis] != part.view.extent(Axis::channel))
      return false;
    for (std::size_t d = 0; d < first.rank(); ++d)
      if (d != axis && part.view[d] != first[d]) return false;
    return true;
  });
  std::vector<Vertex> sources;
  if (by_units) {
    for (const Activation& part : parts) sources.push_back(vertex_of(part.source));
  } else {
    const bool features = axis + 1 == first.rank() && std::ranges::any_of(parts, [&](const Activation& part) {
                            return part.view.has(axis, Axis::channel);
                          });
    if (!features) throw Refusal{"over what is not units"};
    for (const Activation& part : parts) sources.push_back(as_flat(node, part));
  }
  const Vertex vertex = add(node, name_for(node, false), op::Concat{}, sources);
  std::vector<View::Dimension> dimensions;
  for (std::size_t d = 0; d < first.rank(); ++d) dimensions.push_back(first[d]);
  dimensions[axis] = {{Axis::channel, network_.node(vertex).output.channels, 1}};
  return {made(vertex, View(std::move(dimensions)), open && by_units)};
}

}  // namespace phew::onnx
