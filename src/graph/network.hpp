// Network: a neural network at op level. The layered graph and the LibTorch module are both derived from it,
// so they cannot disagree.
#pragma once

#include "graph/tensor.hpp"

#include <boost/graph/adjacency_list.hpp>

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace phew {

/// Size of an op's output for one example: channels × height × width. A vector of n features is {n, 1, 1}.
struct Extent {
  std::int64_t channels = 0;
  std::int64_t height = 1;
  std::int64_t width = 1;

  [[nodiscard]] std::int64_t positions() const { return height * width; }
  friend bool operator==(const Extent&, const Extent&) = default;
};

/// Height and width.
struct Size2 {
  std::int64_t height = 1;
  std::int64_t width = 1;
  friend bool operator==(const Size2&, const Size2&) = default;
};

/// The ops of a network. What an op needs beyond its inputs is in its fields; names of its tensors follow from the
/// node's name as PyTorch forms them (`NAME.weight`, `NAME.bias`, `NAME.running_mean`, …).
namespace op {

struct Input {
  Extent extent;
  friend bool operator==(const Input&, const Input&) = default;
};
/// Weight [out, in / groups, kernel.height, kernel.width].
struct Conv2d {
  std::int64_t in = 0, out = 0;
  Size2 kernel{}, stride{}, padding{0, 0}, dilation{};
  std::int64_t groups = 1;
  bool bias = false;
  std::string weight{};  ///< parameter's name; "" means NAME.weight. A name used by two ops ties their weights.
};
/// Weight [out, in].
struct Linear {
  std::int64_t in = 0, out = 0;
  bool bias = true;
  std::string weight{};       ///< as in Conv2d
  bool per_position = false;  ///< reads the channels of a map, at each position alike (channels last in PyTorch)
};
struct BatchNorm {
  double eps = 1e-5;
  double momentum = 0.1;
};
struct ReLU {};
/// Another function of one activation: its name in torch.nn.functional, and that function's numbers in order.
struct Activation {
  std::string function;
  std::vector<double> arguments{};
};
/// What keeps units and positions and has nothing to prune, named by `what`: arithmetic with constants, functions that
/// are written out, normalisation other than batch-norm. The graph needs no more; it cannot be trained.
struct PassThrough {
  std::string what;
};
struct MaxPool {
  Size2 kernel{}, stride{}, padding{0, 0};
  Size2 dilation{};
  bool ceil = false;  ///< output size rounded up
};
struct AvgPool {
  Size2 kernel{}, stride{}, padding{0, 0};
  bool ceil = false;
  bool count_padding = true;  ///< the mean counts padded zeros
};
/// Rows above and below, columns left and right; negative ones are cut off.
struct Pad {
  std::int64_t top = 0, bottom = 0, left = 0, right = 0;
};
/// What moves, repeats, cuts or merges the positions of each unit, named by `what` (Resize, Slice, Expand, …), and
/// leaves `size` of them. As with PassThrough, the graph needs no more; it cannot be trained.
struct Rearrange {
  std::string what;
  Size2 size{};
};
/// The mean over all positions; leaves one position.
struct GlobalAvgPool {};
struct Dropout {
  double p = 0.5;
};
/// Sum of two or more activations. An input of one channel is broadcast over channels.
struct Add {};
/// Product of activations (gates, squeeze-and-excitation); joins units as Add does.
struct Mul {};
/// Another function of two or more activations, named by `what` (Sub, Max, …); joins units as Add does.
struct Join {
  std::string what;
};
/// Channels one after another.
struct Concat {};
/// Channels first … first + count − 1 of its input.
struct Split {
  std::int64_t first = 0, count = 0;
};
/// ShuffleNet's channel shuffle: output channel i · groups + g is input channel g · (channels / groups) + i.
struct ChannelShuffle {
  std::int64_t groups = 1;
};
/// Any other map of units: output channel i is input channel channels[i], or zeros where that is −1.
struct Select {
  std::vector<std::int64_t> channels;
};
/// Channel-major: feature = channel · positions + position.
struct Flatten {};
struct Output {};

}  // namespace op

using Op =
    std::variant<op::Input, op::Conv2d, op::Linear, op::BatchNorm, op::ReLU, op::Activation, op::PassThrough,
                 op::MaxPool, op::AvgPool, op::GlobalAvgPool, op::Pad, op::Rearrange, op::Dropout, op::Add, op::Mul,
                 op::Join, op::Concat, op::Split, op::ChannelShuffle, op::Select, op::Flatten, op::Output>;

/// "Conv2d", "Linear", …
[[nodiscard]] std::string_view op_name(const Op& op);
/// Whether an op joins two or more activations of the same units: Add, Mul, Join.
[[nodiscard]] bool is_join(const Op& op);
/// Whether unit i of an op's output is a function of unit i of its one input, and of nothing else that is prunable.
[[nodiscard]] bool keeps_units(const Op& op);

/// A prunable parameter tensor. `rows` is the number of output units (the first extent), `row_length` the rest.
struct Parameter {
  std::string name;
  Shape shape;

  [[nodiscard]] std::int64_t rows() const { return shape.front(); }
  [[nodiscard]] std::int64_t row_length() const { return rows() == 0 ? 0 : size() / rows(); }
  [[nodiscard]] std::int64_t size() const { return element_count(shape); }
};

/// What a tensor of the state_dict is for.
enum class StateRole { weight, bias, norm_weight, norm_bias, running_mean, running_var, batches_tracked };

/// One tensor of the network's state_dict, in PyTorch's order.
struct StateTensor {
  std::string name;
  StateRole role;
  Shape shape;
  std::size_t node;  ///< the op that owns it
};

class Network {
 public:
  struct Node {
    std::string name;
    Op op;
    Extent output;
    bool flat = false;                     ///< a vector of features (after Flatten, Linear, …) rather than a map
    std::size_t parameter = no_parameter;  ///< index into parameters(), for weighted ops
  };
  /// In-edges of a vertex are in the order of the op's inputs.
  using Graph = boost::adjacency_list<boost::vecS, boost::vecS, boost::bidirectionalS, Node>;
  using Vertex = boost::graph_traits<Graph>::vertex_descriptor;
  static constexpr std::size_t no_parameter = static_cast<std::size_t>(-1);

  explicit Network(std::string name) : name_(std::move(name)) {}

  /// Adds an op that reads `inputs`, all added before, and infers its output extent. Vertices are thus numbered in
  /// topological order. Throws Error(data) naming the op if the extents do not fit or a tied weight's shape differs.
  Vertex add(std::string name, Op op, std::span<const Vertex> inputs);
  Vertex add(std::string name, Op op, std::initializer_list<Vertex> inputs = {}) {
    return add(std::move(name), std::move(op), std::span(inputs.begin(), inputs.size()));
  }

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] const Graph& graph() const { return graph_; }
  [[nodiscard]] std::size_t node_count() const { return boost::num_vertices(graph_); }
  [[nodiscard]] const Node& node(Vertex v) const { return graph_[v]; }
  /// The ops that node v reads, in order.
  [[nodiscard]] std::vector<Vertex> inputs(Vertex v) const;

  /// Prunable parameters, each once even if tied, in the order in which their ops were added.
  [[nodiscard]] std::span<const Parameter> parameters() const { return parameters_; }
  /// Number of prunable parameters: Σ size over parameters().
  [[nodiscard]] std::int64_t prunable() const;
  /// Every tensor of the state_dict: weights, biases, batch-norm's. The order of a PyTorch state_dict.
  [[nodiscard]] std::vector<StateTensor> state() const;

 private:
  std::string name_;
  Graph graph_;
  std::vector<Parameter> parameters_;
};

/// Multiply–accumulates of node v for one example at full density; 0 for ops without weights. FLOPs are twice that.
[[nodiscard]] std::int64_t multiply_accumulates(const Network& network, Network::Vertex v);

}  // namespace phew
