// Builder: the network that an ONNX model describes, node by node.
#pragma once

#include "graph/io/onnx.hpp"
#include "graph/io/onnx/constant.hpp"
#include "graph/io/onnx/model.hpp"
#include "graph/io/onnx/op_table.hpp"
#include "graph/io/onnx/view.hpp"

#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <variant>
#include <vector>

namespace phew::onnx {

/// An op of the network that is there, or that is added when something other than a function of the same units reads
/// it: so x · sigmoid(x) becomes one op, not a join of two.
struct Source {
  std::optional<Network::Vertex> vertex;
  std::shared_ptr<Source> of{};  ///< what it is an elementwise function of, until it is added
  Op op{};
  std::string name{};

  /// The op whose units these are, elementwise functions left off.
  [[nodiscard]] const Source* root() const {
    const Source* source = this;
    while (source->of) source = source->of.get();
    return source;
  }
};

/// A tensor that depends on the input.
struct Activation {
  std::shared_ptr<Source> source;
  View view;
  bool open = false;  ///< its height and width depend on an input whose own are open
};

/// Nothing: an op that was refused gives it, and what reads it is passed over.
using Value = std::variant<std::monostate, Activation, Constant>;

/// Thrown where the graph cannot express a node; the builder lists them all.
struct Refusal {
  std::string what;
};

class Builder {
 public:
  /// `flat_inputs` are inputs whose every element is a unit.
  Builder(const Model& model, std::set<std::string> flat_inputs, std::string network_name);

  /// Throws as read_onnx does.
  OnnxModel build();
  /// Inputs of more than one position that only Flatten reads. After build().
  [[nodiscard]] std::set<std::string> inputs_only_flattened() const;

 private:
  using Vertex = Network::Vertex;
  using Inputs = std::vector<const Value*>;  ///< null for one that is left out
  using Outputs = std::vector<Value>;

  // builder.cpp: order, dispatch, refusals, names.
  void index_nodes();
  [[nodiscard]] std::vector<std::size_t> live_order() const;
  void add_inputs();
  void add_input(const Port& port);
  void process(const Node& node);
  Outputs handle(const Node& node, const OpRow& row, const Inputs& inputs);
  void add_outputs();
  void report_refusals() const;
  void describe_nodes(OnnxModel& out);
  [[nodiscard]] std::string where(const Node& node) const { return model_.file + ": " + node.name; }
  std::string unique_name(const std::string& wanted, bool weighted = false);
  std::string name_for(const Node& node, bool module_is_op);
  std::string name_beside(const Node& node, const std::string& what);
  Vertex add(const Node& node, std::string name, Op op, const std::vector<Vertex>& inputs);
  Vertex vertex_of(const std::shared_ptr<Source>& source);
  Activation made(Vertex vertex, View view, bool open) const;
  Activation made(Vertex vertex, bool open) const;  ///< as [N, C, H, W]

  // Arguments. An argument that is an attribute in old opsets and an input in new ones is asked for by both.
  const Activation& activation(const Node& node, const Inputs& inputs, std::size_t index) const;
  static const Constant* constant(const Inputs& inputs, std::size_t index);
  [[nodiscard]] std::optional<std::vector<std::int64_t>> integers_of(const Node& node, const char* attribute,
                                                                     const Inputs& inputs, std::size_t index) const;

  // weighted.cpp
  Outputs conv(const Node& node, const Inputs& inputs);
  Outputs gemm(const Node& node, const Inputs& inputs);
  Outputs matmul(const Node& node, const Inputs& inputs);
  Outputs batch_norm(const Node& node, const Inputs& inputs);
  Value linear(const Node& node, const Activation& x, const Constant& weight, bool bias);
  bool bias_follows(const Node& node, std::int64_t out);
  std::string add_parameter(const Node& node, const Constant& weight, std::string& name);
  Activation padded(const Node& node, const Activation& x, std::vector<std::int64_t>& pads, Size2 kernel, Size2 stride,
                    Size2 dilation);

  // pools.cpp
  Outputs pool(const Node& node, const Inputs& inputs, bool maximum);
  Outputs global_pool(const Node& node, const Inputs& inputs);
  Outputs reduce(const Node& node, const Inputs& inputs);
  Outputs pad(const Node& node, const Inputs& inputs);
  Outputs resize(const Node& node, const Inputs& inputs);

  // joins.cpp
  Outputs elementwise(const Node& node, const OpRow& row, const Inputs& inputs);
  Outputs binary(const Node& node, const Inputs& inputs);
  Outputs normalize(const Node& node, const Inputs& inputs);
  Outputs dropout(const Node& node, const Inputs& inputs);
  Value function_of(const Node& node, const Activation& x, Op op);
  Value join(const Node& node, std::vector<Activation> parts);
  Outputs concat(const Node& node, const Inputs& inputs);

  // shapes.cpp
  Outputs split(const Node& node, const Inputs& inputs);
  Outputs slice(const Node& node, const Inputs& inputs);
  Outputs gather(const Node& node, const Inputs& inputs);
  Outputs reshape(const Node& node, const Inputs& inputs);
  Outputs flatten(const Node& node, const Inputs& inputs);
  Outputs squeeze(const Node& node, const Inputs& inputs);
  Outputs transpose(const Node& node, const Inputs& inputs);
  Outputs expand(const Node& node, const Inputs& inputs);
  Outputs shape(const Node& node, const Inputs& inputs);
  Outputs constant_node(const Node& node) const;
  static Activation with_shape(const Activation& x, const Shape& shape);
  Activation take(const Node& node, const Activation& x, std::size_t axis, std::span<const std::int64_t> indices);
  Activation take_positions(const Node& node, const Activation& x, std::size_t axis,
                            std::span<const std::int64_t> indices);
  Vertex select(std::string name, const Node& node, Vertex from, const std::vector<std::int64_t>& channels);
  /// The same tensor on an op whose channels are in the view's order.
  Activation in_order(const Node& node, const Activation& x);
  Vertex as_map(const Node& node, const Activation& x);   ///< an op that gives it as [N, C, H, W]
  Vertex as_flat(const Node& node, const Activation& x);  ///< an op that gives it as [N, F]

  const Model& model_;
  std::set<std::string> flat_inputs_;
  Network network_;
  std::vector<StoredWeight> weights_;
  std::vector<std::string> notices_;
  std::unordered_map<std::string, Value> values_;
  std::unordered_map<std::string, std::size_t> producers_;               ///< tensor → node
  std::unordered_map<std::string, std::vector<std::size_t>> consumers_;  ///< tensor → nodes
  std::unordered_set<std::string> names_;                                ///< of the network's ops
  std::unordered_set<std::string> reserved_;                             ///< names for ops with weights or batch-norm
  std::vector<std::pair<const Node*, std::string>> refusals_;
  std::vector<std::shared_ptr<Source>> sources_;  ///< by node; null for constants and what is not used
  std::vector<bool> visited_;                     ///< by node
  std::map<std::string, Vertex> inputs_;
  std::int64_t batch_ = 1;
};

}  // namespace phew::onnx
