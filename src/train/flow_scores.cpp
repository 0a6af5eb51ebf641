#include "train/flow_scores.hpp"

#include "graph/error.hpp"
#include "graph/pruning_schedule.hpp"
#include "train/lowest_scores.hpp"
#include "train/masked_parameters.hpp"
#include "train/torch_tensor.hpp"

#include <torch/csrc/autograd/autograd.h>

#include <cmath>

namespace phew {
namespace {

using Tensors = std::vector<torch::Tensor>;

/// Every tensor of floats replaced by its absolute values or squares.
std::vector<Tensor> positive(std::span<const Tensor> state, ScoreMethod method) {
  std::vector<Tensor> out;
  for (const Tensor& tensor : state) {
    const torch::Tensor values = to_torch(tensor);
    if (!values.is_floating_point()) {
      out.push_back(tensor);
      continue;
    }
    const torch::Tensor exact = values.to(torch::kDouble);
    out.push_back(from_torch(tensor.name, method == ScoreMethod::synflow_l2 ? exact * exact : exact.abs()));
  }
  return out;
}

/// One example of ones.
torch::Tensor ones_for(const Network& network, torch::TensorOptions options) {
  for (Network::Vertex v = 0; v < network.node_count(); ++v)
    if (const auto* input = std::get_if<op::Input>(&network.node(v).op))
      return torch::ones({1, input->extent.channels, input->extent.height, input->extent.width}, options);
  fail(ExitCode::internal, "{}: found no input", network.name());
}

template <typename T>
void prune(Tensors& magnitudes, const Tensors& factors, std::int64_t count) {
  std::vector<Factored<T>> tensors;
  for (std::size_t p = 0; p < magnitudes.size(); ++p) {
    const auto size = static_cast<std::size_t>(magnitudes[p].numel());
    tensors.push_back({{magnitudes[p].data_ptr<T>(), size}, {factors[p].data_ptr<T>(), size}});
  }
  prune_lowest<T>(tensors, count);
}

std::int64_t survivors_of(const torch::Tensor& magnitudes) {
  const auto size = static_cast<std::size_t>(magnitudes.numel());
  if (magnitudes.scalar_type() == torch::kDouble)
    return count_survivors(std::span<const double>(magnitudes.data_ptr<double>(), size));
  return count_survivors(std::span<const float>(magnitudes.data_ptr<float>(), size));
}

}  // namespace

FlowScores::FlowScores(const Network& network, std::span<const Tensor> state, const Mask* mask, ScoreMethod method,
                       torch::ScalarType type, torch::Device device)
    : module_(network, device, false, type), ones_(ones_for(network, torch::TensorOptions(type).device(device))) {
  module_.load_state(positive(state, method));
  const auto parameters = network.parameters();
  for (std::size_t p = 0; p < parameters.size(); ++p) {
    magnitudes_.push_back(module_.weight(p).detach().cpu());
    if (mask) magnitudes_[p].masked_fill_(pruned_positions((*mask)[p], parameters[p].shape), -0.0);
    survivors_ += survivors_of(magnitudes_[p]);
  }
  prune_to(survivors_);
}

Tensors FlowScores::derivatives() {
  Tensors weights;
  for (std::size_t p = 0; p < magnitudes_.size(); ++p) weights.push_back(module_.weight(p));
  const torch::Tensor flow = module_.forward(ones_).sum();
  if (!std::isfinite(flow.item<double>()))
    fail(ExitCode::data, "synaptic flow: found {}, expected a number in {}'s range{}", flow.item<double>(),
         c10::toString(flow.scalar_type()), flow.scalar_type() == torch::kFloat ? "; use --precision fp64" : "");
  Tensors out = torch::autograd::grad({flow}, weights, {}, /*retain_graph=*/false, /*create_graph=*/false,
                                      /*allow_unused=*/true);
  for (std::size_t p = 0; p < out.size(); ++p)
    out[p] = out[p].defined() ? out[p].cpu().contiguous() : torch::zeros_like(magnitudes_[p]);
  return out;
}

Tensors FlowScores::scores() {
  Tensors out = derivatives();
  for (std::size_t p = 0; p < out.size(); ++p) out[p] = (out[p] * magnitudes_[p]).abs_();
  return out;
}

void FlowScores::prune_to(std::int64_t target) {
  if (target < survivors_) {
    const Tensors factors = derivatives();
    if (ones_.scalar_type() == torch::kDouble)
      prune<double>(magnitudes_, factors, survivors_ - target);
    else
      prune<float>(magnitudes_, factors, survivors_ - target);
    survivors_ = target;
  }
  if (module_.device().is_cpu()) return;
  const torch::NoGradGuard no_grad;
  for (std::size_t p = 0; p < magnitudes_.size(); ++p) torch::Tensor(module_.weight(p)).copy_(magnitudes_[p]);
}

std::optional<Tensors> flow_scores(const Network& network, std::span<const Tensor> state, const Mask* mask,
                                   const ScoreConfig& config, torch::Device device, const ScoreObserver& observer) {
  FlowScores flow(network, state, mask, config.method, config.double_precision ? torch::kDouble : torch::kFloat,
                  device);
  const std::int64_t start = flow.survivors();
  const auto target = static_cast<std::int64_t>(std::llround(config.density * static_cast<double>(network.prunable())));
  if (target > start)
    fail(ExitCode::data, "--density: found {}, {} parameters, expected at most the {} that the mask keeps",
         config.density, target, start);
  for (std::int64_t round = 1; round < config.rounds; ++round) {
    if (observer.stop && observer.stop()) return std::nullopt;
    flow.prune_to(left_after(round, config.rounds, start, target, PruningSchedule::exponential));
    if (observer.progress) observer.progress(round, config.rounds);
  }
  return flow.scores();
}

}  // namespace phew
