#include "train/optimizer.hpp"

#include <torch/optim/adam.h>
#include <torch/optim/sgd.h>

namespace phew {

Optimizer::Optimizer(const RunConfig& config, const std::vector<torch::Tensor>& trainable) : trainable_(trainable) {
  if (config.optimizer == "adam") {
    optimizer_ = std::make_unique<torch::optim::Adam>(
        trainable, torch::optim::AdamOptions(config.lr).weight_decay(config.weight_decay));
  } else {
    optimizer_ = std::make_unique<torch::optim::SGD>(trainable, torch::optim::SGDOptions(config.lr)
                                                                    .momentum(config.momentum)
                                                                    .nesterov(config.nesterov)
                                                                    .weight_decay(config.weight_decay));
  }
}

Optimizer::~Optimizer() = default;

void Optimizer::set_learning_rate(double rate) {
  for (auto& group : optimizer_->param_groups()) group.options().set_lr(rate);
}

void Optimizer::clear_gradients() {
  for (torch::Tensor& parameter : trainable_) parameter.mutable_grad() = torch::Tensor();
}

void Optimizer::step() { optimizer_->step(); }

}  // namespace phew
