#include "graph/io/onnx/builder.hpp"

#include "graph/error.hpp"
#include "graph/io/onnx/names.hpp"

#include <algorithm>
#include <cctype>
#include <functional>
#include <queue>

namespace phew::onnx {
namespace {

/// Taken for a height or width that the file leaves open.
constexpr std::int64_t nominal_size = 224;

// Above any network that there is; together they keep every count below 2^62.
constexpr std::int64_t max_channels = std::int64_t{1} << 28, max_positions = std::int64_t{1} << 28;

}  // namespace

Builder::Builder(const Model& model, std::set<std::string> flat_inputs, std::string network_name)
    : model_(model),
      flat_inputs_(std::move(flat_inputs)),
      network_(std::move(network_name)),
      sources_(model.nodes.size()),
      visited_(model.nodes.size(), false) {}

OnnxModel Builder::build() {
  index_nodes();
  for (const Tensor& tensor : model_.initializers) values_.insert_or_assign(tensor.name, Constant(tensor));
  add_inputs();
  for (const std::size_t n : live_order()) process(model_.nodes[n]);
  add_outputs();
  report_refusals();
  const auto nameless =
      std::ranges::count_if(weights_, [](const StoredWeight& weight) { return is_made_up(weight.tensor.name); });
  if (nameless > 0)
    notices_.push_back(fmt::format("{}: {} of {} parameters have names that the exporter made up, not PyTorch's",
                                   model_.file, nameless, weights_.size()));
  OnnxModel out{network_, std::move(weights_), {}, std::move(notices_)};
  describe_nodes(out);
  return out;
}

void Builder::index_nodes() {
  for (std::size_t n = 0; n < model_.nodes.size(); ++n) {
    const Node& node = model_.nodes[n];
    for (const std::string& output : node.outputs)
      if (!output.empty() && !producers_.emplace(output, n).second)
        fail(ExitCode::data, "{}: found tensor {} written twice, expected once", where(node), output);
    for (const std::string& input : node.inputs) consumers_[input].push_back(n);
    if (node.op == "Conv" || node.op == "Gemm" || node.op == "MatMul" || node.op == "BatchNormalization")
      reserved_.insert(node.module);
  }
  for (const Tensor& tensor : model_.initializers)
    if (tensor.name.ends_with(".weight")) reserved_.insert(without_suffix(tensor.name, ".weight"));
}

/// The nodes that an output depends on, each after those that it reads; in the file's order, where that is one.
std::vector<std::size_t> Builder::live_order() const {
  std::vector<bool> live(model_.nodes.size(), false);
  std::vector<std::string> wanted = model_.outputs;
  while (!wanted.empty()) {
    const std::string tensor = std::move(wanted.back());
    wanted.pop_back();
    const auto producer = producers_.find(tensor);
    if (producer == producers_.end() || live[producer->second]) continue;
    live[producer->second] = true;
    const auto& inputs = model_.nodes[producer->second].inputs;
    wanted.insert(wanted.end(), inputs.begin(), inputs.end());
  }
  std::vector<std::size_t> waiting(model_.nodes.size(), 0);
  std::priority_queue<std::size_t, std::vector<std::size_t>, std::greater<>> ready;
  for (std::size_t n = 0; n < waiting.size(); ++n) {
    if (!live[n]) continue;
    for (const std::string& input : model_.nodes[n].inputs) {
      if (producers_.contains(input))
        ++waiting[n];
      else if (!input.empty() && !values_.contains(input))
        fail(ExitCode::data, "{}: found no tensor {}, expected an initialiser, an input or another node's output",
             where(model_.nodes[n]), input);
    }
    if (waiting[n] == 0) ready.push(n);
  }
  std::vector<std::size_t> order;
  while (!ready.empty()) {
    order.push_back(ready.top());
    ready.pop();
    for (const std::string& output : model_.nodes[order.back()].outputs) {
      const auto readers = consumers_.find(output);
      if (output.empty() || readers == consumers_.end()) continue;
      for (const std::size_t reader : readers->second)
        if (live[reader] && --waiting[reader] == 0) ready.push(reader);
    }
  }
  for (std::size_t n = 0; n < waiting.size(); ++n)
    if (live[n] && waiting[n] > 0)
      fail(ExitCode::data, "{}: found a cycle through this node, expected a graph without", where(model_.nodes[n]));
  return order;
}

void Builder::add_inputs() {
  for (const Port& port : model_.inputs) add_input(port);
}

void Builder::add_input(const Port& port) {
  const std::size_t rank = port.dimensions.size();
  if (!consumers_.contains(port.name)) return;
  if (rank == 0 || rank > 4) {
    values_.insert_or_assign(port.name, Value());
    static const Node input{"Input", "", "", {}, {}, {}};
    refusals_.emplace_back(&input, fmt::format("{}, of rank {}: expected [N, C, H, W] or [N, F]", port.name, rank));
    return;
  }
  const auto& dimension = port.dimensions;
  const std::size_t channel = rank == 1 ? 0 : 1;
  const std::string name = model_.file + ": " + port.name;
  if (!dimension[channel])
    fail(ExitCode::data, "{}: found an open dimension {}, expected a number of {}; export with it fixed", name, channel,
         rank > 2 ? "channels" : "features");
  if (rank > 1) batch_ = dimension[0].value_or(1);
  bool open = false;
  Shape shape{*dimension[channel]};
  for (std::size_t axis = channel + 1; axis < rank; ++axis) {
    open = open || !dimension[axis];
    shape.push_back(dimension[axis].value_or(nominal_size));
  }
  for (const std::int64_t size : shape)
    if (size > max_channels) fail(ExitCode::data, "{}: found shape {}, expected at most 2^28", name, to_string(shape));
  if (open) notices_.push_back(fmt::format("{}: height and width are open, taken as {} for FLOPs", name, nominal_size));
  const bool flat = flat_inputs_.contains(port.name) || rank <= 2;
  Extent extent{shape[0], shape.size() > 1 ? shape[1] : 1, shape.size() > 2 ? shape[2] : 1};
  std::int64_t elements = 1;
  for (const std::int64_t size : shape) elements = elements > max_channels ? elements : elements * size;
  if (flat) extent = {elements, 1, 1};
  static const Node input{"Input", "input", "", {}, {}, {}};
  const Vertex vertex = add(input, unique_name(is_made_up(port.name) ? "input" : port.name), op::Input{extent}, {});
  inputs_.emplace(port.name, vertex);

  std::vector<View::Dimension> dimensions;
  if (rank > 1) dimensions.push_back({{Axis::batch, batch_, 1}});
  std::int64_t stride = elements;
  constexpr Axis axes[]{Axis::channel, Axis::height, Axis::width};
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (flat) stride /= shape[i];
    dimensions.push_back({flat ? Atom{Axis::channel, shape[i], stride} : Atom{axes[i], shape[i], 1}});
  }
  values_.insert_or_assign(port.name, made(vertex, View(std::move(dimensions)), open));
}

void Builder::process(const Node& node) {
  const auto index = static_cast<std::size_t>(&node - model_.nodes.data());
  visited_[index] = true;
  Inputs inputs;
  std::vector<const Constant*> constants;
  bool known = true, constant = !node.inputs.empty();
  for (const std::string& name : node.inputs) {
    const Value* value = name.empty() ? nullptr : &values_.at(name);
    inputs.push_back(value);
    constants.push_back(value == nullptr ? nullptr : std::get_if<Constant>(value));
    known = known && (value == nullptr || !std::holds_alternative<std::monostate>(*value));
    constant = constant && (value == nullptr || constants.back() != nullptr);
  }
  Outputs outputs;
  try {
    if (known && constant) {
      auto folded = fold(node, constants, where(node));
      if (!folded) throw Refusal{"of constants alone"};
      outputs.emplace_back(std::move(*folded));
    } else if (known) {
      const OpRow* row = find_op(Dialect::onnx, node.op);
      if (row == nullptr) throw Refusal{""};
      outputs = handle(node, *row, inputs);
    }
  } catch (const Refusal& refusal) {
    refusals_.emplace_back(&node, refusal.what);
  }
  outputs.resize(std::max(outputs.size(), node.outputs.size()));
  for (std::size_t i = 0; i < node.outputs.size(); ++i) {
    if (auto* folded = std::get_if<Constant>(&outputs[i]); folded != nullptr && node.op == "Identity")
      if (!is_made_up(node.outputs[i])) folded->tensor.name = node.outputs[i];  // of a de-duplicated initialiser
    if (const auto* result = std::get_if<Activation>(&outputs[i]); result != nullptr && !sources_[index])
      sources_[index] = result->source;
    if (!node.outputs[i].empty()) values_.insert_or_assign(node.outputs[i], std::move(outputs[i]));
  }
}

Builder::Outputs Builder::handle(const Node& node, const OpRow& row, const Inputs& inputs) {
  switch (row.op_class) {
    case OpClass::conv:
      return conv(node, inputs);
    case OpClass::gemm:
      return gemm(node, inputs);
    case OpClass::matmul:
      return matmul(node, inputs);
    case OpClass::batch_norm:
      return batch_norm(node, inputs);
    case OpClass::max_pool:
      return pool(node, inputs, true);
    case OpClass::average_pool:
      return pool(node, inputs, false);
    case OpClass::global_pool:
      return global_pool(node, inputs);
    case OpClass::reduce:
      return reduce(node, inputs);
    case OpClass::elementwise:
      return elementwise(node, row, inputs);
    case OpClass::binary:
      return binary(node, inputs);
    case OpClass::normalize:
      return normalize(node, inputs);
    case OpClass::dropout:
      return dropout(node, inputs);
    case OpClass::identity:
      return {activation(node, inputs, 0)};
    case OpClass::pad:
      return pad(node, inputs);
    case OpClass::resize:
      return resize(node, inputs);
    case OpClass::concat:
      return concat(node, inputs);
    case OpClass::split:
      return split(node, inputs);
    case OpClass::slice:
      return slice(node, inputs);
    case OpClass::gather:
      return gather(node, inputs);
    case OpClass::reshape:
      return reshape(node, inputs);
    case OpClass::flatten:
      return flatten(node, inputs);
    case OpClass::squeeze:
    case OpClass::unsqueeze:
      return squeeze(node, inputs);
    case OpClass::transpose:
      return transpose(node, inputs);
    case OpClass::expand:
      return expand(node, inputs);
    case OpClass::shape:
      return shape(node, inputs);
    case OpClass::constant:
      return constant_node(node);
  }
  fail(ExitCode::internal, "{}: no handler for {}", where(node), node.op);
}

void Builder::add_outputs() {
  if (model_.outputs.empty()) fail(ExitCode::data, "{}: found no output", model_.file);
  bool any = false;
  for (const std::string& name : model_.outputs) {
    const auto value = values_.find(name);
    if (value == values_.end()) fail(ExitCode::data, "{}: found no tensor {}, which is an output", model_.file, name);
    any = any || !std::holds_alternative<Constant>(value->second);
    const auto* result = std::get_if<Activation>(&value->second);
    if (result == nullptr) continue;
    static const Node output{"Output", "output", "", {}, {}, {}};
    (void)add(output, unique_name("output"), op::Output{}, {vertex_of(result->source)});
  }
  if (!any) fail(ExitCode::data, "{}: found no output that depends on an input", model_.file);
}

/// One line: the first node, and all ops of the kind.
void Builder::report_refusals() const {
  if (refusals_.empty()) return;
  std::map<std::string, int> ops;
  for (const auto& [node, what] : refusals_) ++ops[node->op];
  std::vector<std::string> list;
  for (const auto& [op, count] : ops) list.push_back(fmt::format("{} ({})", op, count));
  const auto& [node, what] = refusals_.front();
  fail(ExitCode::unsupported,
       "{}: {}: found {}{}{}, which a layered graph cannot express; all such ops of the file: {}", model_.file,
       node->name, node->op, what.empty() ? "" : " ", what, fmt::join(list, ", "));
}

void Builder::describe_nodes(OnnxModel& out) {
  for (std::size_t n = 0; n < model_.nodes.size(); ++n) {
    const Node& node = model_.nodes[n];
    OnnxNode entry{node.name, node.op, {}, visited_[n] ? "constant" : "not used"};
    if (const Source* source = sources_[n].get(); source != nullptr) {
      while (!source->vertex) source = source->of.get();
      entry.vertex = source->vertex;
      entry.note.clear();
    }
    out.nodes.push_back(std::move(entry));
  }
}

std::set<std::string> Builder::inputs_only_flattened() const {
  std::set<std::string> found;
  const auto& graph = network_.graph();
  const std::function<bool(Vertex)> flattened = [&](Vertex v) {
    if (boost::out_degree(v, graph) == 0) return false;
    for (const auto& edge : boost::make_iterator_range(boost::out_edges(v, graph))) {
      const Vertex reader = boost::target(edge, graph);
      const Op& op = network_.node(reader).op;
      const bool function = std::holds_alternative<op::PassThrough>(op) || std::holds_alternative<op::Activation>(op);
      if (!std::holds_alternative<op::Flatten>(op) && !(function && flattened(reader))) return false;
    }
    return true;
  };
  for (const auto& [name, vertex] : inputs_)
    if (network_.node(vertex).output.positions() > 1 && flattened(vertex)) found.insert(name);
  return found;
}

/// Names that tensors of the state_dict are formed of go to the ops that have them.
std::string Builder::unique_name(const std::string& wanted, bool weighted) {
  std::string name = wanted;
  for (int i = 1; (!weighted && reserved_.contains(name)) || !names_.insert(name).second; ++i)
    name = fmt::format("{}_{}", wanted, i);
  return name;
}

/// "layer1.0.add": the module and the op; the module alone where the op is one (`module_is_op`).
std::string Builder::name_for(const Node& node, bool module_is_op) {
  if (module_is_op && !node.module.empty() && !names_.contains(node.module) && !reserved_.contains(node.module))
    return unique_name(node.module);
  std::string op = node.op;
  std::ranges::transform(op, op.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return name_beside(node, op);
}

/// "fc.flatten": what is done in a node's module.
std::string Builder::name_beside(const Node& node, const std::string& what) {
  return unique_name(node.module.empty() ? what : node.module + "." + what);
}

Builder::Vertex Builder::add(const Node& node, std::string name, Op op, const std::vector<Vertex>& inputs) {
  Vertex vertex = 0;
  try {
    vertex = network_.add(std::move(name), std::move(op), inputs);
  } catch (const Error& error) {
    fail(error.code(), "{}: {}: {}", model_.file, node.name, error.what());
  }
  const Extent& extent = network_.node(vertex).output;
  if (extent.channels > max_channels || extent.height > max_positions / extent.width)
    fail(ExitCode::data, "{}: found an output of {} units of {} x {} positions, expected at most 2^28 of each",
         where(node), extent.channels, extent.height, extent.width);
  return vertex;
}

Builder::Vertex Builder::vertex_of(const std::shared_ptr<Source>& source) {
  std::vector<Source*> chain;
  for (Source* s = source.get(); !s->vertex; s = s->of.get()) chain.push_back(s);
  for (; !chain.empty(); chain.pop_back()) {
    Source& next = *chain.back();
    next.vertex = network_.add(unique_name(next.name), next.op, {*next.of->vertex});
  }
  return *source->vertex;
}

Activation Builder::made(Vertex vertex, View view, bool open) const {
  return {std::make_shared<Source>(Source{vertex}), std::move(view), open};
}

Activation Builder::made(Vertex vertex, bool open) const {
  const Extent& extent = network_.node(vertex).output;
  return made(vertex, View(batch_, extent, false), open && extent.positions() > 1);
}

const Activation& Builder::activation(const Node& node, const Inputs& inputs, std::size_t index) const {
  if (index >= inputs.size() || inputs[index] == nullptr)
    fail(ExitCode::data, "{}: found {} inputs, expected {} or more", where(node), inputs.size(), index + 1);
  const auto* value = std::get_if<Activation>(inputs[index]);
  if (value == nullptr) throw Refusal{"of a constant by something that is computed"};
  return *value;
}

const Constant* Builder::constant(const Inputs& inputs, std::size_t index) {
  return index < inputs.size() && inputs[index] != nullptr ? std::get_if<Constant>(inputs[index]) : nullptr;
}

std::optional<std::vector<std::int64_t>> Builder::integers_of(const Node& node, const char* attribute,
                                                              const Inputs& inputs, std::size_t index) const {
  if (const auto* values = node.find<std::vector<std::int64_t>>(attribute)) return *values;
  if (const Constant* values = constant(inputs, index)) return integers(*values);
  if (index < inputs.size() && inputs[index] != nullptr)
    throw Refusal{"whose " + std::string(attribute) + " depend on the input"};
  return {};
}

}  // namespace phew::onnx
