#include "graph/network.hpp"

#include "graph/error.hpp"

#include <algorithm>

namespace phew {
namespace {

using Node = Network::Node;
using Inputs = std::vector<const Node*>;

[[noreturn]] void misfit(const std::string& name, std::string_view found, std::string_view expected) {
  fail(ExitCode::data, "{}: found {}, expected {}", name, found, expected);
}

std::string to_text(const Node& node) {
  const Extent& e = node.output;
  return node.flat ? fmt::format("{} features", e.channels) : fmt::format("{}x{}x{}", e.channels, e.height, e.width);
}

/// Output extent along one axis of a sliding window (PyTorch's formula); 0 if the window does not fit.
std::int64_t window(std::int64_t in, std::int64_t kernel, std::int64_t stride, std::int64_t padding,
                    std::int64_t dilation, bool ceil = false) {
  const std::int64_t span = in + 2 * padding - dilation * (kernel - 1) - 1;
  if (span < 0 || stride < 1) return 0;
  const std::int64_t out = (span + (ceil ? stride - 1 : 0)) / stride + 1;
  // Rounded up, the last window must still start within the map or its left padding.
  return ceil && (out - 1) * stride >= in + padding ? out - 1 : out;
}

/// Infers what a node's op gives for its inputs, and checks that they fit.
class Inference {
 public:
  Inference(const Node& node, const Inputs& inputs) : node_(node), inputs_(inputs) {}

  /// Sets output and flat.
  void run(Node& node) {
    expect_inputs();
    node.flat = !inputs_.empty() && inputs_.front()->flat;
    std::visit([&](const auto& op) { infer(op, node); }, node_.op);
  }

 private:
  [[nodiscard]] const Extent& in() const { return inputs_.front()->output; }

  void expect_inputs() const {
    const bool source = std::holds_alternative<op::Input>(node_.op);
    const bool join = is_join(node_.op) || std::holds_alternative<op::Concat>(node_.op);
    const std::size_t n = inputs_.size();
    if (source ? n != 0 : join ? n < 2 : n != 1)
      misfit(node_.name, fmt::format("{} inputs", n), source ? "none" : join ? "two or more" : "one");
  }

  void infer(const op::Input& op, Node& node) const {
    if (op.extent.channels < 1 || op.extent.height < 1 || op.extent.width < 1)
      misfit(node.name, "an empty input", "at least one unit");
    node.output = op.extent;
    node.flat = op.extent.positions() == 1;
  }

  void infer(const op::Conv2d& op, Node& node) const {
    const Node& source = *inputs_.front();
    if (op.groups < 1 || op.out < 1 || op.in % op.groups != 0 || op.out % op.groups != 0)
      misfit(node.name, fmt::format("{} groups for {} to {} channels", op.groups, op.in, op.out), "a common divisor");
    if (source.output.channels != op.in) misfit(node.name, to_text(source), fmt::format("{} channels", op.in));
    const Extent out{op.out,
                     window(in().height, op.kernel.height, op.stride.height, op.padding.height, op.dilation.height),
                     window(in().width, op.kernel.width, op.stride.width, op.padding.width, op.dilation.width)};
    if (out.height < 1 || out.width < 1)
      misfit(node.name, to_text(source),
             fmt::format("a map that a {}x{} kernel fits into", op.kernel.height, op.kernel.width));
    node.output = out;
    node.flat = false;
  }

  void infer(const op::Linear& op, Node& node) const {
    const Node& source = *inputs_.front();
    if (op.out < 1) misfit(node.name, fmt::format("{} units", op.out), "at least one");
    if (!op.per_position && !source.flat && source.output.positions() != 1)
      misfit(node.name, to_text(source), "a vector; flatten the map first");
    if (source.output.channels != op.in) misfit(node.name, to_text(source), fmt::format("{} features", op.in));
    node.output = {op.out, in().height, in().width};
    node.flat = node.output.positions() == 1;
  }

  void infer(const op::MaxPool& op, Node& node) const { infer_pool(op, op.dilation, node); }
  void infer(const op::AvgPool& op, Node& node) const { infer_pool(op, {}, node); }

  template <typename Pool>
  void infer_pool(const Pool& op, Size2 dilation, Node& node) const {
    node.output = {in().channels,
                   window(in().height, op.kernel.height, op.stride.height, op.padding.height, dilation.height, op.ceil),
                   window(in().width, op.kernel.width, op.stride.width, op.padding.width, dilation.width, op.ceil)};
    expect_positions(node, "a map that the window fits into");
  }

  void infer(const op::Pad& op, Node& node) const {
    node.output = {in().channels, in().height + op.top + op.bottom, in().width + op.left + op.right};
    node.flat = false;
    expect_positions(node, "a map that is larger than what is cut off");
  }

  void infer(const op::Rearrange& op, Node& node) const {
    node.output = {in().channels, op.size.height, op.size.width};
    node.flat = false;
    expect_positions(node, "at least one position");
  }

  void expect_positions(const Node& node, std::string_view expected) const {
    if (node.output.height < 1 || node.output.width < 1) misfit(node.name, to_text(*inputs_.front()), expected);
  }

  void infer(const op::GlobalAvgPool&, Node& node) const { node.output = {in().channels, 1, 1}; }

  void infer(const op::Flatten&, Node& node) const {
    node.output = {in().channels * in().positions(), 1, 1};
    node.flat = true;
  }

  void infer(const op::Split& op, Node& node) const {
    if (op.first < 0 || op.count < 1 || op.first + op.count > in().channels)
      misfit(node.name, fmt::format("channels {} to {}", op.first, op.first + op.count),
             "channels of " + to_text(*inputs_.front()));
    node.output = {op.count, in().height, in().width};
  }

  void infer(const op::Select& op, Node& node) const {
    for (const std::int64_t channel : op.channels)
      if (channel < -1 || channel >= in().channels)
        misfit(node.name, fmt::format("channel {}", channel), "one of " + to_text(*inputs_.front()));
    if (op.channels.empty()) misfit(node.name, "no channels", "at least one");
    node.output = {static_cast<std::int64_t>(op.channels.size()), in().height, in().width};
  }

  void infer(const op::ChannelShuffle& op, Node& node) const {
    if (op.groups < 1 || in().channels % op.groups != 0)
      misfit(node.name, fmt::format("{} groups", op.groups), fmt::format("a divisor of {} channels", in().channels));
    node.output = in();
  }

  void infer(const op::Concat&, Node& node) const {
    node.output = {0, in().height, in().width};
    for (const Node* source : inputs_) {
      if (source->output.height != in().height || source->output.width != in().width)
        misfit(node.name, to_text(*source), "the map size of " + to_text(*inputs_.front()));
      node.output.channels += source->output.channels;
    }
  }

  void infer(const op::Add&, Node& node) const { infer_join(node); }
  void infer(const op::Mul&, Node& node) const { infer_join(node); }
  void infer(const op::Join&, Node& node) const { infer_join(node); }

  /// Extents are equal, or 1 where they broadcast.
  void infer_join(Node& node) const {
    Extent out = in();
    for (const Node* source : inputs_) {
      const Extent& e = source->output;
      out = {std::max(out.channels, e.channels), std::max(out.height, e.height), std::max(out.width, e.width)};
    }
    for (const Node* source : inputs_) {
      const Extent& e = source->output;
      const bool fits = (e.channels == out.channels || e.channels == 1) && (e.height == out.height || e.height == 1) &&
                        (e.width == out.width || e.width == 1);
      if (!fits)
        misfit(node.name, to_text(*source),
               fmt::format("{}x{}x{} or 1 where it broadcasts", out.channels, out.height, out.width));
    }
    node.output = out;
    node.flat = std::ranges::all_of(inputs_, [](const Node* source) { return source->flat; });
  }

  /// Batch-norm, activations, dropout, output: the extent stays.
  template <typename PassThrough>
  void infer(const PassThrough&, Node& node) const {
    node.output = in();
  }

  const Node& node_;
  const Inputs& inputs_;
};

/// Shape of a weighted op's parameter; empty for others.
Shape weight_shape(const Op& op) {
  if (const auto* conv = std::get_if<op::Conv2d>(&op))
    return {conv->out, conv->in / std::max<std::int64_t>(conv->groups, 1), conv->kernel.height, conv->kernel.width};
  if (const auto* linear = std::get_if<op::Linear>(&op)) return {linear->out, linear->in};
  return {};
}

std::string weight_name(const Node& node) {
  const auto name = [&](const auto& op) { return op.weight.empty() ? node.name + ".weight" : op.weight; };
  if (const auto* conv = std::get_if<op::Conv2d>(&node.op)) return name(*conv);
  if (const auto* linear = std::get_if<op::Linear>(&node.op)) return name(*linear);
  return {};
}

bool has_bias(const Op& op) {
  if (const auto* conv = std::get_if<op::Conv2d>(&op)) return conv->bias;
  if (const auto* linear = std::get_if<op::Linear>(&op)) return linear->bias;
  return false;
}

}  // namespace

std::string_view op_name(const Op& op) {
  static constexpr std::array<std::string_view, std::variant_size_v<Op>> names{
      "Input",          "Conv2d", "Linear",    "BatchNorm", "ReLU", "Activation", "PassThrough", "MaxPool", "AvgPool",
      "GlobalAvgPool",  "Pad",    "Rearrange", "Dropout",   "Add",  "Mul",        "Join",        "Concat",  "Split",
      "ChannelShuffle", "Select", "Flatten",   "Output"};
  return names[op.index()];
}

bool is_join(const Op& op) {
  return std::holds_alternative<op::Add>(op) || std::holds_alternative<op::Mul>(op) ||
         std::holds_alternative<op::Join>(op);
}

bool keeps_units(const Op& op) {
  return std::holds_alternative<op::BatchNorm>(op) || std::holds_alternative<op::ReLU>(op) ||
         std::holds_alternative<op::Activation>(op) || std::holds_alternative<op::PassThrough>(op) ||
         std::holds_alternative<op::MaxPool>(op) || std::holds_alternative<op::AvgPool>(op) ||
         std::holds_alternative<op::GlobalAvgPool>(op) || std::holds_alternative<op::Pad>(op) ||
         std::holds_alternative<op::Rearrange>(op) || std::holds_alternative<op::Dropout>(op);
}

Network::Vertex Network::add(std::string name, Op op, std::span<const Vertex> inputs) {
  Node node{std::move(name), std::move(op), {}, false, no_parameter};
  Inputs sources;
  for (const Vertex v : inputs) {
    if (v >= node_count()) fail(ExitCode::internal, "{}: reads op {}, which is not there yet", node.name, v);
    sources.push_back(&graph_[v]);
  }
  Inference(node, sources).run(node);

  if (const Shape shape = weight_shape(node.op); !shape.empty()) {
    const std::string weight = weight_name(node);
    const auto tied = std::ranges::find(parameters_, weight, &Parameter::name);
    node.parameter = static_cast<std::size_t>(tied - parameters_.begin());
    if (tied == parameters_.end())
      parameters_.push_back({weight, shape});
    else if (tied->shape != shape)
      misfit(weight, "shape " + to_string(shape) + " in " + node.name, to_string(tied->shape));
  }
  const Vertex vertex = boost::add_vertex(std::move(node), graph_);
  for (const Vertex v : inputs) boost::add_edge(v, vertex, graph_);
  return vertex;
}

std::vector<Network::Vertex> Network::inputs(Vertex v) const {
  std::vector<Vertex> sources;
  for (const auto& edge : boost::make_iterator_range(boost::in_edges(v, graph_)))
    sources.push_back(boost::source(edge, graph_));
  return sources;
}

std::int64_t Network::prunable() const {
  std::int64_t sum = 0;
  for (const Parameter& p : parameters_) sum += p.size();
  return sum;
}

std::vector<StateTensor> Network::state() const {
  std::vector<StateTensor> out;
  std::vector<bool> listed(parameters_.size(), false);
  for (Vertex v = 0; v < node_count(); ++v) {
    const Node& n = node(v);
    if (n.parameter != no_parameter && !listed[n.parameter]) {
      listed[n.parameter] = true;
      out.push_back({parameters_[n.parameter].name, StateRole::weight, parameters_[n.parameter].shape, v});
    }
    if (has_bias(n.op)) out.push_back({n.name + ".bias", StateRole::bias, {n.output.channels}, v});
    if (std::holds_alternative<op::BatchNorm>(n.op)) {
      const Shape per_channel{n.output.channels};
      out.push_back({n.name + ".weight", StateRole::norm_weight, per_channel, v});
      out.push_back({n.name + ".bias", StateRole::norm_bias, per_channel, v});
      out.push_back({n.name + ".running_mean", StateRole::running_mean, per_channel, v});
      out.push_back({n.name + ".running_var", StateRole::running_var, per_channel, v});
      out.push_back({n.name + ".num_batches_tracked", StateRole::batches_tracked, {}, v});
    }
  }
  return out;
}

std::int64_t multiply_accumulates(const Network& network, Network::Vertex v) {
  const Network::Node& node = network.node(v);
  if (node.parameter == Network::no_parameter) return 0;
  return network.parameters()[node.parameter].size() * node.output.positions();
}

}  // namespace phew
