#include "train/optimizer.hpp"

#include "graph/error.hpp"
#include "train/fused_update.hpp"
#include "train/torch_tensor.hpp"

#include <ATen/Parallel.h>
#include <algorithm>
#include <cmath>

namespace phew {
namespace {

constexpr double beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8;  // the paper's (Kingma and Ba 2015), and PyTorch's
constexpr std::int64_t values_per_task = 1 << 15;

/// The gradient with its values in the weight's order.
torch::Tensor laid_out_as(const torch::Tensor& weight, const torch::Tensor& gradient) {
  if (gradient.strides() == weight.strides()) return gradient;
  return torch::empty_like(weight).copy_(gradient);
}

}  // namespace

Optimizer::Optimizer(const RunConfig& config, const NetworkModule& module, const MaskedParameters* masked)
    : adam_(config.optimizer == "adam"),
      nesterov_(config.nesterov),
      rate_(config.lr),
      momentum_(config.momentum),
      decay_(config.weight_decay) {
  if (adam_)
    moment_names_ = {"mean/", "square/"};
  else if (momentum_ > 0)
    moment_names_ = {"velocity/"};
  const torch::NoGradGuard no_grad;
  for (std::size_t i = 0; i < module.trainable().size(); ++i) {
    const torch::Tensor& weight = module.trainable()[i];
    Trained& t = trained_.emplace_back(Trained{module.trainable_names()[i], weight, {}, {}});
    if (masked) t.pruned = masked->positions(weight);
    for (std::size_t m = 0; m < moment_names_.size(); ++m) t.moments.push_back(torch::zeros_like(weight));
  }
}

void Optimizer::clear_gradients() {
  for (Trained& t : trained_) t.weight.mutable_grad() = torch::Tensor();
}

void Optimizer::step() {
  const torch::NoGradGuard no_grad;
  ++steps_;
  for (Trained& t : trained_) {
    if (!t.weight.grad().defined()) continue;
    if (t.weight.is_cpu())
      step_fused(t, laid_out_as(t.weight, t.weight.grad()));
    else
      step_by_operations(t, t.weight.grad());
  }
}

void Optimizer::step_fused(Trained& t, const torch::Tensor& gradient) {
  const auto narrow = [](double x) { return static_cast<float>(x); };
  const auto steps = static_cast<double>(steps_);
  const float* g = gradient.data_ptr<float>();
  const auto* pruned = t.pruned.defined() ? reinterpret_cast<const std::uint8_t*>(t.pruned.data_ptr<bool>()) : nullptr;
  float* w = t.weight.data_ptr<float>();
  std::vector<float*> moments;
  for (torch::Tensor& m : t.moments) moments.push_back(m.data_ptr<float>());
  const AdamUpdate adam{narrow(rate_ / (1 - std::pow(beta1, steps))),
                        narrow(1 / std::sqrt(1 - std::pow(beta2, steps))),
                        narrow(beta1),
                        narrow(beta2),
                        narrow(epsilon),
                        narrow(decay_)};
  const SgdUpdate sgd{narrow(rate_), narrow(momentum_), narrow(decay_), nesterov_};
  at::parallel_for(0, t.weight.numel(), values_per_task, [&](std::int64_t first, std::int64_t last) {
    const std::uint8_t* p = pruned ? pruned + first : nullptr;
    if (adam_)
      update(adam, last - first, g + first, p, w + first, moments[0] + first, moments[1] + first);
    else
      update(sgd, last - first, g + first, p, w + first, moments.empty() ? nullptr : moments[0] + first);
  });
}

void Optimizer::step_by_operations(Trained& t, torch::Tensor gradient) {
  if (t.pruned.defined()) gradient.masked_fill_(t.pruned, 0.0);
  if (decay_ != 0) gradient = gradient.add(t.weight, decay_);
  if (adam_) {
    const auto steps = static_cast<double>(steps_);
    t.moments[0].mul_(beta1).add_(gradient, 1 - beta1);
    t.moments[1].mul_(beta2).addcmul_(gradient, gradient, 1 - beta2);
    const torch::Tensor root = t.moments[1].sqrt().div_(std::sqrt(1 - std::pow(beta2, steps))).add_(epsilon);
    t.weight.addcdiv_(t.moments[0], root, -rate_ / (1 - std::pow(beta1, steps)));
    return;
  }
  if (!t.moments.empty()) {
    t.moments[0].mul_(momentum_).add_(gradient);
    gradient = nesterov_ ? gradient.add(t.moments[0], momentum_) : t.moments[0];
  }
  t.weight.add_(gradient, -rate_);
}

std::vector<Tensor> Optimizer::state() const {
  std::vector<Tensor> state;
  for (std::size_t m = 0; m < moment_names_.size(); ++m)
    for (const Trained& t : trained_) state.push_back(from_torch(moment_names_[m] + t.name, t.moments[m]));
  return state;
}

void Optimizer::load(std::span<const Tensor> state, std::int64_t steps) {
  const torch::NoGradGuard no_grad;
  for (std::size_t m = 0; m < moment_names_.size(); ++m)
    for (Trained& t : trained_) {
      const std::string name = moment_names_[m] + t.name;
      const auto found = std::ranges::find(state, name, &Tensor::name);
      const Shape shape = t.weight.sizes().vec();
      if (found == state.end() || found->shape != shape)
        fail(ExitCode::data, "{}: found {}, expected an optimizer's moments {}", name,
             found == state.end() ? "no such tensor" : to_string(found->shape), to_string(shape));
      t.moments[m].copy_(to_torch(*found));
    }
  steps_ = steps;
}

}  // namespace phew
