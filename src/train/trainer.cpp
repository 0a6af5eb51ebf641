#include "train/trainer.hpp"

#include "graph/error.hpp"
#include "train/data_order.hpp"

#include <chrono>
#include <cmath>
#include <utility>

namespace phew {
namespace {

using Clock = std::chrono::steady_clock;

/// Examples of a test batch: large enough to fill the cores, small enough for the activations of VGG19.
constexpr std::int64_t test_batch = 500;
/// Reading the loss makes the host wait for the device, so it is not done after every step.
constexpr std::int64_t steps_between_reports = 20;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

}  // namespace

torch::Tensor loss_of(const std::string& loss, const torch::Tensor& outputs, const torch::Tensor& y) {
  if (loss == "mse")
    return torch::mse_loss(outputs, y.is_floating_point() ? y : torch::one_hot(y, outputs.size(1)).to(outputs.dtype()));
  return torch::cross_entropy_loss(outputs, y);
}

Evaluation evaluate(NetworkModule& module, const DeviceSplit& split, const std::string& loss) {
  const torch::NoGradGuard no_grad;
  const bool was_training = module.is_training();
  module.train(false);
  torch::Tensor total = torch::zeros({}, torch::TensorOptions(torch::kDouble).device(module.device()));
  torch::Tensor right = torch::zeros({}, torch::TensorOptions(torch::kLong).device(module.device()));
  for (const auto& [first, last] : batch_ranges(split.size(), test_batch)) {
    const Batch batch = split.slice(first, last);
    const torch::Tensor outputs = module.forward(batch.x);
    total += loss_of(loss, outputs, batch.y).to(torch::kDouble) * (last - first);
    if (!split.is_regression()) right += outputs.argmax(1).eq(batch.y).sum();
  }
  module.train(was_training);
  const auto count = static_cast<double>(split.size());
  Evaluation evaluation{total.item<double>() / count, {}};
  if (!split.is_regression()) evaluation.accuracy = static_cast<double>(right.item<std::int64_t>()) / count;
  return evaluation;
}

Trainer::Trainer(NetworkModule& module, MaskedParameters* masked, const DeviceSplit& train, const DeviceSplit& test,
                 const RunConfig& config)
    : module_(module),
      masked_(masked),
      train_(train),
      test_(test),
      config_(config),
      schedule_(config.schedule),
      optimizer_(config, module.trainable()) {
  if (masked_) masked_->apply();
}

torch::Tensor Trainer::step(const Batch& batch) {
  optimizer_.clear_gradients();
  torch::Tensor loss = loss_of(config_.loss, module_.forward(batch.x), batch.y);
  loss.backward();
  optimizer_.step();
  if (masked_) masked_->apply();
  return loss.detach();
}

std::optional<double> Trainer::train_once(std::int64_t epoch, const RunObserver& observer) {
  module_.train(true);
  const auto index = static_cast<std::uint64_t>(epoch - 1);  // streams count epochs from 0
  const auto order = data_order(train_.size(), config_.seed, index);
  const torch::Tensor indices = torch::tensor(order, torch::kLong).to(module_.device());
  torch::Tensor total = torch::zeros({}, torch::TensorOptions(torch::kDouble).device(module_.device()));
  std::int64_t steps = 0;
  for (const auto& [first, last] : batch_ranges(train_.size(), config_.batch_size)) {
    total += step(train_.gather(indices.slice(0, first, last), {index, first})) * static_cast<double>(last - first);
    const bool at_end = last == train_.size();
    if (++steps % steps_between_reports == 0 || at_end) {
      const double mean = total.item<double>() / static_cast<double>(last);
      if (!std::isfinite(mean))
        fail(ExitCode::data, "epoch {}: the training loss became {} within the first {} steps; try a smaller --lr",
             epoch, mean, steps);
      if (observer.progress) observer.progress({epoch, config_.epochs, last, train_.size(), mean});
    }
    if (observer.stop && observer.stop()) return std::nullopt;
  }
  return total.item<double>() / static_cast<double>(train_.size());
}

std::optional<EpochMetrics> Trainer::run_epoch(std::int64_t epoch, const RunObserver& observer) {
  EpochMetrics metrics;
  metrics.epoch = epoch;
  metrics.learning_rate = config_.lr * schedule_.factor(epoch - 1, config_.epochs);
  optimizer_.set_learning_rate(metrics.learning_rate);
  const auto start = Clock::now();
  const auto train_loss = train_once(epoch, observer);
  if (!train_loss) return std::nullopt;
  metrics.train_loss = *train_loss;
  metrics.images_per_second = static_cast<double>(train_.size()) / seconds_since(start);
  if (masked_) masked_->check();
  const Evaluation test = evaluate(module_, test_, config_.loss);
  if (!std::isfinite(test.loss))
    fail(ExitCode::data, "epoch {}: the test loss became {}; try a smaller --lr", epoch, test.loss);
  metrics.test_loss = test.loss;
  metrics.test_accuracy = test.accuracy;
  metrics.seconds = seconds_since(start);
  return metrics;
}

}  // namespace phew
