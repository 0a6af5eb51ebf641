#include "train/trainer.hpp"

#include "graph/error.hpp"
#include "graph/random_stream.hpp"
#include "train/data_order.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <span>
#include <utility>

namespace phew {
namespace {

using Clock = std::chrono::steady_clock;

/// Examples of a test batch: large enough to fill the cores, small enough for the activations of VGG19.
constexpr std::int64_t test_batch = 500;
/// Reading the loss makes the host wait for the device, so it is not done after every step.
constexpr std::int64_t steps_between_reports = 20;
/// Batches whose gradient stands for that of all data.
constexpr std::size_t gradient_batches = 10;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

bool on_cuda(const NetworkModule& module) { return module.device().is_cuda(); }

}  // namespace

torch::Tensor loss_of(const std::string& loss, const torch::Tensor& outputs, const torch::Tensor& y) {
  if (loss == "mse")
    return torch::mse_loss(outputs, y.is_floating_point() ? y : torch::one_hot(y, outputs.size(1)).to(outputs.dtype()));
  return torch::cross_entropy_loss(outputs, y);
}

Evaluation evaluate(NetworkModule& module, const DeviceSplit& split, const std::string& loss, Precision precision) {
  const torch::NoGradGuard no_grad;
  const bool was_training = module.is_training();
  module.train(false);
  torch::Tensor total = torch::zeros({}, torch::TensorOptions(torch::kDouble).device(module.device()));
  torch::Tensor right = torch::zeros({}, torch::TensorOptions(torch::kLong).device(module.device()));
  const Autocast autocast(precision, on_cuda(module));
  for (const auto& [first, last] : batch_ranges(split.size(), test_batch)) {
    const Batch batch = split.slice(first, last);
    const torch::Tensor outputs = module.forward(batch.x).to(torch::kFloat);
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
      precision_(parse_precision(config.precision, module.device().str())),
      schedule_(config.schedule),
      optimizer_(config, module, masked),
      ranges_(batch_ranges(train.size(), config.batch_size)) {
  const std::int64_t steps_an_epoch = std::ssize(ranges_);
  position_.epoch = 1 + config.first_step / steps_an_epoch;
  position_.batch = config.first_step % steps_an_epoch;
  clear_sums();
  if (masked_) masked_->apply();
}

std::int64_t Trainer::steps() const { return (position_.epoch - 1) * std::ssize(ranges_) + position_.batch; }

void Trainer::clear_sums() {
  loss_sum_ = torch::zeros({}, torch::TensorOptions(torch::kDouble).device(module_.device()));
  right_ = torch::zeros({}, torch::TensorOptions(torch::kLong).device(module_.device()));
}

void Trainer::read_sums() {
  position_.loss_sum = loss_sum_.item<double>();
  position_.right = right_.item<std::int64_t>();
}

double Trainer::gradient_norm() {
  module_.train(true);
  prepare_step();
  optimizer_.clear_gradients();
  const auto order = torch::tensor(data_order(train_.size(), config_.seed, 0), torch::kLong).to(module_.device());
  const std::size_t count = std::min(gradient_batches, ranges_.size());
  const auto examples = static_cast<double>(ranges_[count - 1].second);
  for (const auto& [first, last] : std::span(ranges_).first(count)) {
    const Batch batch = train_.gather(order.slice(0, first, last), {0, first});
    (loss_of(config_.loss, module_.forward(batch.x), batch.y) * (static_cast<double>(last - first) / examples))
        .backward();
  }
  double squares = 0;
  for (std::size_t p = 0; p < module_.parameter_count(); ++p) {
    torch::Tensor gradient = module_.weight(p).grad();
    if (!gradient.defined()) continue;
    const torch::Tensor pruned = masked_ ? masked_->positions(module_.weight(p)) : torch::Tensor();
    if (pruned.defined()) gradient = gradient.masked_fill(pruned, 0.0);
    squares += gradient.to(torch::kDouble).square().sum().item<double>();
  }
  optimizer_.clear_gradients();
  return std::sqrt(squares);
}

/// Sets what the step at hand draws and how fast it learns.
void Trainer::prepare_step() {
  const std::int64_t epoch = position_.epoch - 1;  // streams and schedules count from 0
  if (module_.draws()) {
    const auto bits = RandomStream(config_.seed, Purpose::dropout, static_cast<std::uint64_t>(epoch))
                          .block(static_cast<std::uint32_t>(position_.batch));
    torch::manual_seed(static_cast<std::uint64_t>(bits[0]) << 32 | bits[1]);
  }
  optimizer_.set_learning_rate(config_.lr * schedule_.factor(epoch, config_.epochs) *
                               Schedule::warmup_factor(steps(), config_.warmup * std::ssize(ranges_)));
}

void Trainer::step(const Batch& batch) {
  optimizer_.clear_gradients();
  const auto [outputs, loss] = [&] {
    const Autocast autocast(precision_, on_cuda(module_));
    torch::Tensor out = module_.forward(batch.x).to(torch::kFloat);
    return std::pair(out.detach(), loss_of(config_.loss, out, batch.y));
  }();
  loss.backward();
  optimizer_.step();
  loss_sum_ += loss.detach() * static_cast<double>(batch.y.size(0));
  if (!train_.is_regression()) right_ += outputs.argmax(1).eq(batch.y).sum();
}

bool Trainer::train_on(const RunObserver& observer, const std::function<void()>& after_step) {
  module_.train(true);
  const auto epoch = static_cast<std::uint64_t>(position_.epoch - 1);  // streams count epochs from 0
  const auto order = data_order(train_.size(), config_.seed, epoch);
  const torch::Tensor indices = torch::tensor(order, torch::kLong).to(module_.device());
  const std::int64_t steps = std::ssize(ranges_);
  while (position_.batch < steps) {
    const auto [first, last] = ranges_[static_cast<std::size_t>(position_.batch)];
    prepare_step();
    step(train_.gather(indices.slice(0, first, last), {epoch, first}));
    ++position_.batch;
    if (position_.batch % steps_between_reports == 0 || position_.batch == steps) {
      read_sums();
      const double mean = position_.loss_sum / static_cast<double>(last);
      if (!std::isfinite(mean))
        fail(ExitCode::data, "epoch {}: the training loss became {} within the first {} steps; try a smaller --lr",
             position_.epoch, mean, position_.batch);
      if (observer.progress) observer.progress({position_.epoch, config_.epochs, last, train_.size(), mean});
    }
    if (after_step) after_step();
    if (observer.stop && observer.stop()) return false;
  }
  return true;
}

std::optional<EpochMetrics> Trainer::run_epoch(const RunObserver& observer, const std::function<void()>& after_step) {
  EpochMetrics metrics;
  metrics.epoch = position_.epoch;
  metrics.learning_rate = config_.lr * schedule_.factor(position_.epoch - 1, config_.epochs);
  const std::int64_t done = position_.batch == 0 ? 0 : ranges_[static_cast<std::size_t>(position_.batch - 1)].second;
  const auto start = Clock::now();
  if (!train_on(observer, after_step)) return std::nullopt;
  const auto examples = static_cast<double>(train_.size());
  metrics.train_loss = position_.loss_sum / examples;
  if (!train_.is_regression()) metrics.train_accuracy = static_cast<double>(position_.right) / examples;
  metrics.images_per_second = static_cast<double>(train_.size() - done) / seconds_since(start);
  if (masked_) masked_->check();
  const Evaluation test = evaluate(module_, test_, config_.loss, precision_);
  if (!std::isfinite(test.loss))
    fail(ExitCode::data, "epoch {}: the test loss became {}; try a smaller --lr", metrics.epoch, test.loss);
  metrics.test_loss = test.loss;
  metrics.test_accuracy = test.accuracy;
  metrics.seconds = seconds_since(start);
  position_ = {.epoch = position_.epoch + 1};
  clear_sums();
  return metrics;
}

Checkpoint Trainer::checkpoint() const {
  Checkpoint checkpoint;
  checkpoint.position = position_;
  checkpoint.optimizer_steps = optimizer_.steps();
  checkpoint.state = module_.state();
  checkpoint.moments = optimizer_.state();
  checkpoint.position.loss_sum = loss_sum_.item<double>();
  checkpoint.position.right = right_.item<std::int64_t>();
  return checkpoint;
}

void Trainer::resume(const Checkpoint& checkpoint) {
  module_.load_state(checkpoint.state);
  optimizer_.load(checkpoint.moments, checkpoint.optimizer_steps);
  position_ = checkpoint.position;
  loss_sum_.fill_(position_.loss_sum);
  right_.fill_(position_.right);
}

}  // namespace phew
