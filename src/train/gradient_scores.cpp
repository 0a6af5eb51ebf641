#include "train/gradient_scores.hpp"

#include "graph/error.hpp"
#include "train/trainer.hpp"

#include <torch/csrc/autograd/autograd.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace phew {
namespace {

using Tensors = std::vector<torch::Tensor>;

/// ∂output/∂weight of each weight; zeros where the output does not depend on it.
Tensors derivatives(const torch::Tensor& output, const Tensors& weights, bool of_gradient = false) {
  Tensors out(weights.size());
  if (output.requires_grad())
    out = torch::autograd::grad({output}, weights, {}, /*retain_graph=*/of_gradient, /*create_graph=*/of_gradient,
                                /*allow_unused=*/true);
  for (std::size_t p = 0; p < out.size(); ++p)
    if (!out[p].defined()) out[p] = torch::zeros_like(weights[p]);
  return out;
}

/// Derivatives of the loss with respect to a module's prunable weights, as means over all examples.
class LossDerivatives {
 public:
  LossDerivatives(NetworkModule& module, const Examples& examples, const ScoreConfig& config,
                  const ScoreObserver& observer)
      : module_(module), examples_(examples), config_(config), observer_(observer) {
    for (std::size_t p = 0; p < module.parameter_count(); ++p) weights_.push_back(module.weight(p));
  }

  [[nodiscard]] const Tensors& weights() const { return weights_; }

  /// The gradient; nothing if stopped.
  std::optional<Tensors> gradient() {
    return mean([&](const Batch& batch) { return derivatives(loss(batch), weights_); });
  }

  /// The Hessian times a direction: the gradient of the gradient's product with it.
  std::optional<Tensors> hessian_times(const Tensors& direction) {
    return mean([&](const Batch& batch) {
      const Tensors gradient = derivatives(loss(batch), weights_, /*of_gradient=*/true);
      torch::Tensor product = torch::zeros({}, weights_.front().options().requires_grad(false));
      for (std::size_t p = 0; p < weights_.size(); ++p) product = product + (gradient[p] * direction[p]).sum();
      return derivatives(product, weights_);
    });
  }

 private:
  torch::Tensor loss(const Batch& batch) {
    torch::Tensor outputs = module_.forward(batch.x);
    if (config_.method == ScoreMethod::grasp) outputs = outputs / config_.temperature;
    return loss_of(config_.loss, outputs, batch.y);
  }

  /// Mean over examples of what `part` makes of a batch.
  template <typename F>
  std::optional<Tensors> mean(F&& part) {
    Tensors sum;
    for (const torch::Tensor& weight : weights_) sum.push_back(torch::zeros_like(weight).requires_grad_(false));
    const std::int64_t size = config_.batch_size > 0 ? config_.batch_size : examples_.count;
    for (std::int64_t first = 0; first < examples_.count; first += size) {
      if (observer_.stop && observer_.stop()) return std::nullopt;
      const std::int64_t last = std::min(first + size, examples_.count);
      const double share = static_cast<double>(last - first) / static_cast<double>(examples_.count);
      const Tensors parts = part(examples_.batch(first, last));
      for (std::size_t p = 0; p < sum.size(); ++p) sum[p].add_(parts[p].detach(), share);
      done_ += last - first;
      const std::int64_t passes = config_.method == ScoreMethod::grasp ? 2 : 1;
      if (observer_.progress) observer_.progress(done_, passes * examples_.count);
    }
    return sum;
  }

  NetworkModule& module_;
  const Examples& examples_;
  const ScoreConfig& config_;
  const ScoreObserver& observer_;
  Tensors weights_;
  std::int64_t done_ = 0;
};

void fill_pruned(Tensors& values, const Tensors& pruned, double value) {
  for (std::size_t p = 0; p < pruned.size(); ++p)
    if (pruned[p].defined()) values[p].masked_fill_(pruned[p], value);
}

double sum_of(const Tensors& values) {
  torch::Tensor sum = torch::zeros({}, values.front().options().dtype(torch::kDouble));
  for (const torch::Tensor& value : values) sum += value.sum(torch::kDouble);
  return sum.item<double>();
}

void refuse_all_zero(const Tensors& scores) {
  for (const torch::Tensor& score : scores)
    if (score.ne(0).any().item<bool>()) return;
  fail(ExitCode::data, "scores: found 0 for every weight, expected a gradient; is the network connected?");
}

}  // namespace

std::optional<Tensors> gradient_scores(NetworkModule& module, const Tensors& pruned, const Examples& examples,
                                       const ScoreConfig& config, const ScoreObserver& observer) {
  LossDerivatives loss(module, examples, config, observer);
  std::optional<Tensors> scores = loss.gradient();
  if (!scores) return scores;
  fill_pruned(*scores, pruned, 0);
  if (config.method == ScoreMethod::grasp) {
    scores = loss.hessian_times(*scores);
    if (!scores) return scores;
  }
  const torch::NoGradGuard no_grad;
  if (config.method != ScoreMethod::gradient)
    for (std::size_t p = 0; p < scores->size(); ++p) (*scores)[p].mul_(loss.weights()[p]);
  if (config.method != ScoreMethod::grasp)
    for (torch::Tensor& score : *scores) score.abs_();
  refuse_all_zero(*scores);
  if (config.method == ScoreMethod::gradient) return scores;

  const double sum = sum_of(*scores);
  // Products may add up to 0, magnitudes cannot: the constant is that of GraSP's authors.
  const double norm = config.method == ScoreMethod::grasp ? std::abs(sum) + 1e-10 : sum;
  for (torch::Tensor& score : *scores) score.div_(norm);
  if (config.method == ScoreMethod::grasp)
    fill_pruned(*scores, pruned, static_cast<double>(std::numeric_limits<float>::lowest()));
  return scores;
}

}  // namespace phew
