// Optimizer: what changes the weights, as the run's settings say, and keeps pruned ones at exactly zero.
#pragma once

#include "graph/tensor.hpp"
#include "train/masked_parameters.hpp"
#include "train/module.hpp"
#include "train/run_config.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace phew {

/// SGD (momentum, Nesterov, weight decay) or Adam (weight decay as an L2 term), as PyTorch defines them. A pruned
/// weight's gradient counts as zero, so it and its moments stay exactly zero and kept weights see nothing of it.
/// On the CPU one pass over a tensor does all of it; elsewhere LibTorch's operations do.
class Optimizer {
 public:
  /// Refers to the module's tensors. `masked` may be nullptr.
  Optimizer(const RunConfig& config, const NetworkModule& module, const MaskedParameters* masked);

  void set_learning_rate(double rate) { rate_ = rate; }
  /// Forgets the gradients. They are dropped rather than zeroed, which saves a pass over them.
  void clear_gradients();
  /// Parameters without a gradient stay as they are.
  void step();

  /// Steps taken.
  [[nodiscard]] std::int64_t steps() const { return steps_; }
  /// The moments, under "velocity/NAME", or "mean/NAME" and "square/NAME". They share their memory where they can.
  [[nodiscard]] std::vector<Tensor> state() const;
  /// Takes over what state() gave after so many steps. Throws Error(data) if a tensor is missing or of another shape.
  void load(std::span<const Tensor> state, std::int64_t steps);

 private:
  struct Trained {
    std::string name;
    torch::Tensor weight;
    torch::Tensor pruned;                ///< bool, the weight's shape; undefined if nothing is pruned
    std::vector<torch::Tensor> moments;  ///< as many as moment_names_
  };

  void step_fused(Trained& t, const torch::Tensor& gradient);
  void step_by_operations(Trained& t, torch::Tensor gradient);

  bool adam_;
  bool nesterov_;
  double rate_, momentum_, decay_;
  std::int64_t steps_ = 0;
  std::vector<std::string> moment_names_;
  std::vector<Trained> trained_;
};

}  // namespace phew
