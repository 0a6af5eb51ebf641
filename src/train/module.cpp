#include "train/module.hpp"

#include "graph/error.hpp"
#include "train/torch_tensor.hpp"

#include <algorithm>
#include <utility>
#include <variant>

namespace phew {
namespace {

bool is_trainable(StateRole role) {
  return role == StateRole::weight || role == StateRole::bias || role == StateRole::norm_weight ||
         role == StateRole::norm_bias;
}

/// Whether a ReLU may overwrite this op's output: nothing that these ops keep for their gradient is in it.
bool output_may_be_overwritten(const Op& op) {
  return std::holds_alternative<op::Conv2d>(op) || std::holds_alternative<op::Linear>(op) ||
         std::holds_alternative<op::BatchNorm>(op) || std::holds_alternative<op::Add>(op);
}

/// What this module cannot compute yet is refused by name, not skipped.
void require_trainable(const Network& network) {
  for (Network::Vertex v = 0; v < network.node_count(); ++v) {
    const Network::Node& node = network.node(v);
    std::string what(op_name(node.op));
    if (const auto* function = std::get_if<op::Activation>(&node.op)) what = function->function;
    if (const auto* other = std::get_if<op::PassThrough>(&node.op)) what = other->what;
    if (const auto* other = std::get_if<op::Rearrange>(&node.op)) what = other->what;
    if (const auto* other = std::get_if<op::Join>(&node.op)) what = other->what;
    const auto* linear = std::get_if<op::Linear>(&node.op);
    const bool known = what == op_name(node.op) && !std::holds_alternative<op::AvgPool>(node.op) &&
                       !std::holds_alternative<op::Pad>(node.op) && !std::holds_alternative<op::Select>(node.op) &&
                       (linear == nullptr || !linear->per_position);
    if (!known)
      fail(ExitCode::unsupported, "{}: {}: found {}, which cannot be trained here yet", network.name(), node.name,
           what);
  }
}

std::array<std::int64_t, 2> pair(const Size2& size) { return {size.height, size.width}; }

}  // namespace

NetworkModule::NetworkModule(const Network& network, torch::Device device, bool channels_last, torch::ScalarType type)
    : device_(device), channels_last_(channels_last), type_(type), state_(network.state()) {
  require_trainable(network);
  create_tensors();
  for (const Parameter& parameter : network.parameters()) weights_.push_back(index_.at(parameter.name));
  plan(network);
}

void NetworkModule::create_tensors() {
  for (const StateTensor& entry : state_) {
    const bool counter = entry.role == StateRole::batches_tracked;
    const auto options = torch::TensorOptions(counter ? torch::kLong : type_).device(device_);
    index_.emplace(entry.name, tensors_.size());
    torch::Tensor zeros = torch::zeros(entry.shape, options);
    if (channels_last_ && zeros.dim() == 4) zeros = zeros.contiguous(torch::MemoryFormat::ChannelsLast);
    tensors_.push_back(zeros.requires_grad_(is_trainable(entry.role)));
    if (!is_trainable(entry.role)) continue;
    trainable_.push_back(tensors_.back());
    trainable_names_.push_back(entry.name);
  }
}

void NetworkModule::plan(const Network& network) {
  std::vector<std::size_t> last_reader(network.node_count()), readers(network.node_count());
  std::size_t inputs = 0, outputs = 0;
  for (Network::Vertex v = 0; v < network.node_count(); ++v) {
    const Network::Node& node = network.node(v);
    Step step;
    step.op = node.op;
    step.inputs = network.inputs(v);
    step.flat = node.flat;
    plan_tensors(network, v, step);
    for (const std::size_t input : step.inputs) {
      last_reader[input] = v;
      ++readers[input];
    }
    if (const auto* dropout = std::get_if<op::Dropout>(&node.op)) draws_ = draws_ || dropout->p > 0;
    inputs += std::holds_alternative<op::Input>(node.op);
    outputs += std::holds_alternative<op::Output>(node.op);
    steps_.push_back(std::move(step));
  }
  if (inputs != 1 || outputs != 1)
    fail(ExitCode::unsupported, "{}: found {} inputs and {} outputs, expected one of each to train it", network.name(),
         inputs, outputs);
  for (std::size_t v = 0; v < steps_.size(); ++v) {
    if (readers[v] > 0) steps_[last_reader[v]].last_uses.push_back(v);
    if (!std::holds_alternative<op::ReLU>(steps_[v].op)) continue;
    const std::size_t input = steps_[v].inputs.front();
    steps_[v].in_place = readers[input] == 1 && output_may_be_overwritten(steps_[input].op);
  }
}

void NetworkModule::plan_tensors(const Network& network, Network::Vertex v, Step& step) const {
  const Network::Node& node = network.node(v);
  const auto find = [&](const char* suffix) {
    const auto found = index_.find(node.name + suffix);
    return found == index_.end() ? none : found->second;
  };
  // A tied weight bears the name of the op that came first.
  if (node.parameter != Network::no_parameter) {
    step.weight = weights_[node.parameter];
    step.bias = find(".bias");
  } else if (std::holds_alternative<op::BatchNorm>(node.op)) {
    step.weight = find(".weight");
    step.bias = find(".bias");
    step.mean = find(".running_mean");
    step.variance = find(".running_var");
    step.batches = find(".num_batches_tracked");
  }
}

const torch::Tensor& NetworkModule::tensor(std::size_t index) const {
  static const torch::Tensor undefined;
  return index == none ? undefined : tensors_[index];
}

void NetworkModule::load_state(std::span<const Tensor> state) {
  if (state.size() != state_.size())
    fail(ExitCode::internal, "state: found {} tensors, expected {}", state.size(), state_.size());
  const torch::NoGradGuard no_grad;
  for (std::size_t i = 0; i < state.size(); ++i) {
    if (state[i].name != state_[i].name || state[i].shape != state_[i].shape)
      fail(ExitCode::internal, "state: found {} {}, expected {} {}", state[i].name, to_string(state[i].shape),
           state_[i].name, to_string(state_[i].shape));
    tensors_[i].copy_(to_torch(state[i]));
  }
}

std::vector<Tensor> NetworkModule::state() const {
  std::vector<Tensor> out;
  for (std::size_t i = 0; i < state_.size(); ++i) out.push_back(from_torch(state_[i].name, tensors_[i]));
  return out;
}

/// What each op does to its inputs; one function per op.
struct NetworkModule::Compute {
  NetworkModule& module;
  const Step& step;
  const std::vector<torch::Tensor>& in;

  torch::Tensor weight() const { return module.tensor(step.weight); }
  torch::Tensor bias() const { return module.tensor(step.bias); }

  torch::Tensor operator()(const op::Input& input) const {
    const Extent& e = input.extent;
    if (step.flat) return in[0].reshape({in[0].size(0), e.channels});
    torch::Tensor maps = in[0].reshape({in[0].size(0), e.channels, e.height, e.width});
    return module.channels_last_ ? maps.contiguous(torch::MemoryFormat::ChannelsLast) : maps;
  }
  torch::Tensor operator()(const op::Conv2d& conv) const {
    return torch::conv2d(in[0], weight(), bias(), pair(conv.stride), pair(conv.padding), pair(conv.dilation),
                         conv.groups);
  }
  torch::Tensor operator()(const op::Linear&) const {
    return torch::linear(in[0].dim() > 2 ? in[0].flatten(1) : in[0], weight(), bias());
  }
  torch::Tensor operator()(const op::BatchNorm& norm) const {
    if (!module.training_ && module.batch_statistics_)
      return torch::batch_norm(in[0], weight(), bias(), {}, {}, /*training=*/true, norm.momentum, norm.eps,
                               /*cudnn_enabled=*/true);
    const bool training = module.training_;
    if (training && step.batches != none) module.tensors_[step.batches].add_(1);
    return torch::batch_norm(in[0], weight(), bias(), module.tensor(step.mean), module.tensor(step.variance), training,
                             norm.momentum, norm.eps, /*cudnn_enabled=*/true);
  }
  torch::Tensor operator()(const op::ReLU&) const {
    if (!step.in_place) return torch::relu(in[0]);
    torch::Tensor out = in[0];
    return out.relu_();
  }
  torch::Tensor operator()(const op::MaxPool& pool) const {
    return torch::max_pool2d(in[0], pair(pool.kernel), pair(pool.stride), pair(pool.padding), pair(pool.dilation),
                             pool.ceil);
  }
  torch::Tensor operator()(const op::GlobalAvgPool&) const {
    torch::Tensor out = torch::adaptive_avg_pool2d(in[0], {1, 1});
    return step.flat ? out.flatten(1) : out;
  }
  torch::Tensor operator()(const op::Dropout& dropout) const {
    return torch::dropout(in[0], dropout.p, module.training_);
  }
  torch::Tensor operator()(const op::Add&) const {
    torch::Tensor sum = in[0] + in[1];
    for (std::size_t i = 2; i < in.size(); ++i) sum = sum + in[i];
    return sum;
  }
  torch::Tensor operator()(const op::Mul&) const {
    torch::Tensor product = in[0] * in[1];
    for (std::size_t i = 2; i < in.size(); ++i) product = product * in[i];
    return product;
  }
  torch::Tensor operator()(const op::Concat&) const { return torch::cat(in, 1); }
  torch::Tensor operator()(const op::Split& split) const { return in[0].narrow(1, split.first, split.count); }
  torch::Tensor operator()(const op::ChannelShuffle& shuffle) const {
    const auto sizes = in[0].sizes().vec();
    auto grouped = sizes;
    grouped[1] = sizes[1] / shuffle.groups;
    grouped.insert(grouped.begin() + 1, shuffle.groups);
    return in[0].reshape(grouped).transpose(1, 2).reshape(sizes);
  }
  torch::Tensor operator()(const op::Flatten&) const { return in[0].flatten(1); }
  torch::Tensor operator()(const op::Output&) const { return in[0]; }
  template <typename Refused>
  torch::Tensor operator()(const Refused&) const {
    fail(ExitCode::internal, "an op that require_trainable lets pass is not computed");
  }
};

torch::Tensor NetworkModule::forward(const torch::Tensor& x) {
  std::vector<torch::Tensor> values(steps_.size());
  torch::Tensor output;
  for (std::size_t v = 0; v < steps_.size(); ++v) {
    const Step& step = steps_[v];
    std::vector<torch::Tensor> inputs;
    for (const std::size_t input : step.inputs) inputs.push_back(values[input]);
    if (step.inputs.empty()) inputs.push_back(x);
    values[v] = std::visit(Compute{*this, step, inputs}, step.op);
    if (std::holds_alternative<op::Output>(step.op)) output = values[v];
    for (const std::size_t done : step.last_uses) values[done].reset();
  }
  return output;
}

}  // namespace phew
