// Optimizer: what changes the weights, as the run's settings say.
#pragma once

#include "train/run_config.hpp"
#include "train/torch_compat.hpp"

#include <memory>
#include <vector>

namespace torch::optim {
class Optimizer;
}

namespace phew {

/// SGD (momentum, Nesterov, weight decay) or Adam (weight decay as an L2 term), LibTorch's own.
class Optimizer {
 public:
  Optimizer(const RunConfig& config, const std::vector<torch::Tensor>& trainable);
  ~Optimizer();
  Optimizer(const Optimizer&) = delete;
  Optimizer& operator=(const Optimizer&) = delete;

  void set_learning_rate(double rate);
  /// Forgets the gradients. They are dropped rather than zeroed, which saves a pass over them.
  void clear_gradients();
  void step();

 private:
  std::vector<torch::Tensor> trainable_;
  std::unique_ptr<torch::optim::Optimizer> optimizer_;
};

}  // namespace phew
