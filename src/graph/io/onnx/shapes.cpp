// Ops that move elements: they become views, and a fixed map of units where an op reads units in another order.
#include "graph/error.hpp"
#include "graph/io/onnx/builder.hpp"

#include <algorithm>
#include <numeric>

namespace phew::onnx {
namespace {

bool counts_up(std::span<const std::int64_t> values) {
  for (std::size_t i = 1; i < values.size(); ++i)
    if (values[i] != values[i - 1] + 1) return false;
  return true;
}

/// The groups of ShuffleNet's shuffle if the map is one, else 0.
std::int64_t shuffle_groups(const std::vector<std::int64_t>& map) {
  const auto size = static_cast<std::int64_t>(map.size());
  if (size < 4 || map[0] != 0 || map[1] < 2 || size % map[1] != 0) return 0;
  const std::int64_t groups = size / map[1];
  for (std::int64_t i = 0; i < size; ++i)
    if (map[static_cast<std::size_t>(i)] != i % groups * map[1] + i / groups) return 0;
  return groups;
}

bool is_first(std::span<const std::int64_t> indices, std::int64_t extent) {
  return static_cast<std::int64_t>(indices.size()) == extent && counts_up(indices) && (extent == 0 || indices[0] == 0);
}

}  // namespace

Builder::Vertex Builder::select(std::string name, const Node& node, Vertex from,
                                const std::vector<std::int64_t>& channels) {
  const auto all = network_.node(from).output.channels;
  if (channels.empty()) fail(ExitCode::data, "{}: found nothing left of {} channels", where(node), all);
  if (counts_up(channels) && channels.front() >= 0)
    return add(node, std::move(name), op::Split{channels.front(), static_cast<std::int64_t>(channels.size())}, {from});
  const std::int64_t groups = static_cast<std::int64_t>(channels.size()) == all ? shuffle_groups(channels) : 0;
  if (groups > 0) return add(node, std::move(name), op::ChannelShuffle{groups}, {from});
  return add(node, std::move(name), op::Select{channels}, {from});
}

Activation Builder::in_order(const Node& node, const Activation& x) {
  const std::vector<std::int64_t> channels = x.view.channels();
  const Vertex from = vertex_of(x.source);
  if (is_first(channels, network_.node(from).output.channels)) return x;
  return made(select(name_beside(node, "permute"), node, from, channels), x.view.renumbered(), x.open);
}

Builder::Vertex Builder::as_map(const Node& node, const Activation& x) {
  const View& view = x.view;
  const bool fits = view.rank() >= 2 && view.rank() <= 4 && view.only(0, Axis::batch) && view.only(1, Axis::channel);
  for (std::size_t d = 2; fits && d < view.rank(); ++d)
    if (view.has(d, Axis::channel) || view.has(d, Axis::batch))
      throw Refusal{"of units in other dimensions than the second"};
  if (!fits) throw Refusal{"of a tensor that is not [N, C, H, W]"};
  const Activation ordered = in_order(node, x);
  const Vertex from = vertex_of(ordered.source);
  const Shape shape = view.shape();
  const Extent& extent = network_.node(from).output;
  const Size2 size{shape.size() > 2 ? shape[2] : 1, shape.size() > 3 ? shape[3] : 1};
  const std::vector<Atom> expected =
      View({{{Axis::height, extent.height, 1}, {Axis::width, extent.width, 1}}}).positions();
  if (view.positions() == expected && size == Size2{extent.height, extent.width}) return from;
  return add(node, name_beside(node, "reshape"), op::Rearrange{"Reshape", size}, {from});
}

Builder::Vertex Builder::as_flat(const Node& node, const Activation& x) {
  const View& view = x.view;
  const std::size_t last = view.rank() - 1;
  for (std::size_t d = 0; d < last; ++d)
    if (!view.only(d, Axis::batch)) throw Refusal{"over a dimension that is not all units and positions"};
  const Vertex from = vertex_of(x.source);
  const Network::Node source = network_.node(from);
  const std::int64_t positions = source.output.positions();
  if (x.open && positions > 1)
    throw Refusal{"of a map whose height and width are open, flattened (export with a fixed size)"};
  const Vertex flat = positions == 1 ? from : add(node, name_beside(node, "flatten"), op::Flatten{}, {from});
  const Extent& e = source.output;
  const View usual({{{Axis::channel, e.channels, 1}, {Axis::height, e.height, 1}, {Axis::width, e.width, 1}}});
  if (view[last] == usual[0]) return flat;
  std::vector<std::int64_t> features{0};
  for (const Atom& atom : view[last]) {
    const std::int64_t step = atom.axis == Axis::channel  ? atom.stride * positions
                              : atom.axis == Axis::height ? atom.stride * source.output.width
                                                          : atom.stride;
    std::vector<std::int64_t> longer;
    for (const std::int64_t feature : features)
      for (std::int64_t i = 0; i < atom.extent; ++i) longer.push_back(feature + i * step);
    features = std::move(longer);
  }
  return select(name_beside(node, "permute"), node, flat, features);
}

Activation Builder::with_shape(const Activation& x, const Shape& shape) {
  auto view = x.view.reshaped(shape);
  if (!view)
    throw Refusal{fmt::format("from {} to {}, which cuts units and positions unevenly", to_string(x.view.shape()),
                              to_string(shape))};
  return {x.source, std::move(*view), x.open};
}

/// The elements of these indices along an axis.
Activation Builder::take(const Node& node, const Activation& x, std::size_t axis,
                         std::span<const std::int64_t> indices) {
  const std::int64_t extent = x.view.shape()[axis];
  for (const std::int64_t index : indices)
    if (index < 0 || index >= extent)
      fail(ExitCode::data, "{}: found index {} on axis {} of {}", where(node), index, axis, to_string(x.view.shape()));
  if (is_first(indices, extent)) return x;
  if (indices.empty()) fail(ExitCode::data, "{}: found nothing left of {}", where(node), to_string(x.view.shape()));
  if (x.view.only(axis, Axis::channel)) {
    const Vertex vertex = select(name_for(node, false), node, vertex_of(x.source), x.view.channels(axis, indices));
    return made(vertex, x.view.renumbered(axis, static_cast<std::int64_t>(indices.size())), x.open);
  }
  if (x.view.only(axis, Axis::height) || x.view.only(axis, Axis::width)) return take_positions(node, x, axis, indices);
  throw Refusal{x.view.has(axis, Axis::batch) ? "of examples" : "of units and positions at once"};
}

/// Rows or columns of the map.
Activation Builder::take_positions(const Node& node, const Activation& x, std::size_t axis,
                                   std::span<const std::int64_t> indices) {
  const Vertex from = vertex_of(x.source);
  const Extent extent = network_.node(from).output;
  const Axis which = x.view[axis].front().axis;
  const auto count = static_cast<std::int64_t>(indices.size());
  if (x.view.shape()[axis] != (which == Axis::height ? extent.height : extent.width))
    throw Refusal{"of some rows or columns of a divided map"};
  const Size2 size = which == Axis::height ? Size2{count, extent.width} : Size2{extent.height, count};
  const Vertex vertex = add(node, name_for(node, false), op::Rearrange{node.op, size}, {from});
  std::vector<View::Dimension> dimensions;
  for (std::size_t d = 0; d < x.view.rank(); ++d)
    dimensions.push_back(d == axis ? View::Dimension{{which, count, 1}} : x.view[d]);
  return made(vertex, View(std::move(dimensions)), x.open);
}

Builder::Outputs Builder::split(const Node& node, const Inputs& inputs) {
  const Activation& x = activation(node, inputs, 0);
  const std::size_t axis = checked_axis(node.get<std::int64_t>("axis", 0), x.view.rank(), where(node));
  const std::int64_t extent = x.view.shape()[axis];
  const auto parts = static_cast<std::int64_t>(node.outputs.size());
  auto sizes = integers_of(node, "split", inputs, 1);
  if (!sizes) {
    const std::int64_t size = (extent + parts - 1) / std::max<std::int64_t>(parts, 1);
    sizes.emplace(static_cast<std::size_t>(parts), size);
    if (parts > 0) sizes->back() = extent - size * (parts - 1);
  }
  if (static_cast<std::int64_t>(sizes->size()) != parts || std::ranges::any_of(*sizes, [](auto s) { return s < 0; }) ||
      std::accumulate(sizes->begin(), sizes->end(), 0.0) != static_cast<double>(extent))
    fail(ExitCode::data, "{}: found parts {} of {}, expected {} that add up", where(node), to_string(*sizes), extent,
         parts);
  Outputs out;
  std::int64_t first = 0;
  for (std::size_t i = 0; i < sizes->size(); ++i) {
    std::vector<std::int64_t> indices(static_cast<std::size_t>((*sizes)[i]));
    std::iota(indices.begin(), indices.end(), first);
    first += (*sizes)[i];
    const bool used = consumers_.contains(node.outputs[i]) || std::ranges::count(model_.outputs, node.outputs[i]) > 0;
    out.push_back(used ? Value(take(node, x, axis, indices)) : Value());
  }
  return out;
}

Builder::Outputs Builder::slice(const Node& node, const Inputs& inputs) {
  Activation x = activation(node, inputs, 0);
  const auto starts = integers_of(node, "starts", inputs, 1), ends = integers_of(node, "ends", inputs, 2);
  auto axes = integers_of(node, "axes", inputs, 3);
  const auto steps = integers_of(node, "steps", inputs, 4);
  if (!starts || !ends || starts->size() != ends->size() || (axes && axes->size() != starts->size()) ||
      (steps && steps->size() != starts->size()))
    fail(ExitCode::data, "{}: found starts, ends, axes and steps of different lengths", where(node));
  for (std::size_t i = 0; i < starts->size(); ++i) {
    const std::size_t axis = checked_axis(axes ? (*axes)[i] : static_cast<std::int64_t>(i), x.view.rank(), where(node));
    x = take(node, x, axis,
             slice_indices(x.view.shape()[axis], (*starts)[i], (*ends)[i], steps ? (*steps)[i] : 1, where(node)));
  }
  return {x};
}

Builder::Outputs Builder::gather(const Node& node, const Inputs& inputs) {
  if (constant(inputs, 0) != nullptr) throw Refusal{"by indices that are the input (embedding)"};
  const Activation& x = activation(node, inputs, 0);
  const Constant* which = constant(inputs, 1);
  if (which == nullptr || which->shape().size() > 1) throw Refusal{"by indices that are not a constant list"};
  const std::size_t axis = checked_axis(node.get<std::int64_t>("axis", 0), x.view.rank(), where(node));
  const std::int64_t extent = x.view.shape()[axis];
  std::vector<std::int64_t> indices = integers(*which);
  for (std::int64_t& index : indices)
    if (index < 0) index += extent;
  Activation taken = take(node, x, axis, indices);
  if (!which->shape().empty()) return {taken};
  const std::int64_t dropped[]{static_cast<std::int64_t>(axis)};
  return {with_shape(taken, squeezed(taken.view.shape(), dropped, where(node)))};
}

Builder::Outputs Builder::reshape(const Node& node, const Inputs& inputs) {
  const Activation& x = activation(node, inputs, 0);
  const auto wanted = integers_of(node, "shape", inputs, 1);
  if (!wanted) fail(ExitCode::data, "{}: found no shape", where(node));
  const bool allow_zero = node.get<std::int64_t>("allowzero", 0) != 0;
  return {with_shape(x, reshaped(x.view.shape(), *wanted, allow_zero, where(node)))};
}

Builder::Outputs Builder::flatten(const Node& node, const Inputs& inputs) {
  const Activation& x = activation(node, inputs, 0);
  const Shape shape = x.view.shape();
  const auto axis = node.get<std::int64_t>("axis", 1);
  const std::size_t cut =
      axis == static_cast<std::int64_t>(shape.size()) ? shape.size() : checked_axis(axis, shape.size(), where(node));
  const auto middle = shape.begin() + static_cast<std::ptrdiff_t>(cut);
  return {with_shape(x, {element_count({shape.begin(), middle}), element_count({middle, shape.end()})})};
}

Builder::Outputs Builder::squeeze(const Node& node, const Inputs& inputs) {
  const Activation& x = activation(node, inputs, 0);
  const auto axes = integers_of(node, "axes", inputs, 1).value_or(std::vector<std::int64_t>{});
  const Shape shape = x.view.shape();
  return {
      with_shape(x, node.op == "Squeeze" ? squeezed(shape, axes, where(node)) : unsqueezed(shape, axes, where(node)))};
}

Builder::Outputs Builder::transpose(const Node& node, const Inputs& inputs) {
  const Activation& x = activation(node, inputs, 0);
  return {Activation{x.source, x.view.transposed(permutation_of(node, x.view.rank(), where(node))), x.open}};
}

/// Repeats a unit over positions, or one unit as several.
Builder::Outputs Builder::expand(const Node& node, const Inputs& inputs) {
  const Activation& x = activation(node, inputs, 0);
  const Constant* wanted = constant(inputs, 1);
  if (wanted == nullptr) throw Refusal{"to a shape that depends on the input"};
  Shape shape = x.view.shape(), target = integers(*wanted);
  const std::size_t rank = std::max(shape.size(), target.size());
  shape.insert(shape.begin(), rank - shape.size(), 1);
  target.insert(target.begin(), rank - target.size(), 1);
  for (std::size_t d = 0; d < rank; ++d) {
    if (target[d] == 1) target[d] = shape[d];
    if (shape[d] != 1 && shape[d] != target[d])
      fail(ExitCode::data, "{}: found shape {}, expected one that broadcasts to {}", where(node), to_string(shape),
           to_string(target));
  }
  Activation result = with_shape(x, shape);
  if (target == shape) return {result};
  if (rank != 4 || target[0] != shape[0] || result.view.extent(Axis::height) * result.view.extent(Axis::width) != 1)
    throw Refusal{fmt::format("from {} to {}", to_string(shape), to_string(target))};
  if (target[1] != shape[1]) {
    if (target[1] > max_folded) throw Refusal{fmt::format("from {} to {}", to_string(shape), to_string(target))};
    const std::vector<std::int64_t> first(static_cast<std::size_t>(target[1]), 0);
    result = made(select(name_for(node, false), node, vertex_of(result.source), first),
                  View({{{Axis::batch, batch_, 1}}, {{Axis::channel, target[1], 1}}, {}, {}}), x.open);
  }
  if (target[2] == 1 && target[3] == 1) return {result};
  const Vertex from = as_map(node, result);
  return {made(add(node, name_for(node, false), op::Rearrange{node.op, {target[2], target[3]}}, {from}), x.open)};
}

Builder::Outputs Builder::shape(const Node& node, const Inputs& inputs) {
  const Shape all = activation(node, inputs, 0).view.shape();
  const auto rank = static_cast<std::int64_t>(all.size());
  std::vector<std::int64_t> out;
  for (const std::int64_t i :
       slice_indices(rank, node.get<std::int64_t>("start", 0), node.get("end", rank), 1, where(node)))
    out.push_back(all[static_cast<std::size_t>(i)]);
  return {make_integers(out)};
}

Builder::Outputs Builder::constant_node(const Node& node) const {
  if (const auto* tensor = node.find<Tensor>("value")) return {Constant(*tensor)};
  if (const auto* whole = node.find<std::int64_t>("value_int")) {
    Constant scalar = make_integers({*whole});
    scalar.tensor.shape.clear();
    scalar.strides.clear();
    return {scalar};
  }
  if (const auto* list = node.find<std::vector<std::int64_t>>("value_ints")) return {make_integers(*list)};
  if (const auto* real = node.find<double>("value_float"))
    return {Constant(make_tensor(node.name, {}, {static_cast<float>(*real)}))};
  if (const auto* list = node.find<std::vector<double>>("value_floats")) {
    const std::vector<float> values(list->begin(), list->end());
    return {Constant(make_tensor(node.name, {static_cast<std::int64_t>(values.size())}, values))};
  }
  throw Refusal{"of a type other than numbers"};
}

}  // namespace phew::onnx
