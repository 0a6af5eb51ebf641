// NetworkModule: a Network that LibTorch computes.
#pragma once

#include "graph/network.hpp"
#include "train/torch_compat.hpp"

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace phew {

/// Runs a network's ops in order and owns its state_dict: the tensors of Network::state(), under the same names and in
/// the same order as PyTorch has them. A plain class, since torch::nn::Module takes no names with dots, and the
/// modules' names are the tensors' names here, whatever the depth.
class NetworkModule {
 public:
  /// All tensors zero until load_state. With `channels_last`, maps and kernels lie channel by channel last in memory,
  /// which many convolutions are faster with; values and shapes are the same.
  /// Tensors are of this floating type, as inputs must be.
  /// Throws Error(unsupported) for a network without exactly one input and output.
  NetworkModule(const Network& network, torch::Device device, bool channels_last = false,
                torch::ScalarType type = torch::kFloat);

  /// Copies values into the module's tensors. `state` has the tensors of Network::state(), in that order.
  /// Throws Error(internal) if it has not.
  void load_state(std::span<const Tensor> state);
  /// The current values, in order. On the CPU they share the module's memory: copy what must outlast a step.
  [[nodiscard]] std::vector<Tensor> state() const;

  /// Outputs [N, features] (or [N, C, H, W]) for x [N, C, H, W]; networks of features take x of any shape with as many
  /// values. Batch-norm uses and updates its statistics as PyTorch does.
  [[nodiscard]] torch::Tensor forward(const torch::Tensor& x);

  /// Training mode (batch statistics, dropout) or evaluation mode.
  void train(bool on) { training_ = on; }
  [[nodiscard]] bool is_training() const { return training_; }
  /// In evaluation mode: batch-norm uses the batch's own statistics, and leaves the running ones as they are.
  void use_batch_statistics(bool on) { batch_statistics_ = on; }
  [[nodiscard]] torch::Device device() const { return device_; }
  /// Whether training draws random numbers (dropout).
  [[nodiscard]] bool draws() const { return draws_; }

  /// What an optimizer changes: weights, biases, batch-norm's weights and biases.
  [[nodiscard]] const std::vector<torch::Tensor>& trainable() const { return trainable_; }
  [[nodiscard]] const std::vector<std::string>& trainable_names() const { return trainable_names_; }
  [[nodiscard]] std::size_t parameter_count() const { return weights_.size(); }
  /// A prunable parameter, by its index in Network::parameters().
  [[nodiscard]] const torch::Tensor& weight(std::size_t parameter) const { return tensors_[weights_[parameter]]; }

 private:
  static constexpr std::size_t none = static_cast<std::size_t>(-1);

  /// One op with what it reads: outputs of earlier steps and state tensors.
  struct Step {
    Op op;
    std::vector<std::size_t> inputs;
    std::vector<std::size_t> last_uses;  ///< outputs that no later step reads
    std::size_t weight = none, bias = none, mean = none, variance = none, batches = none;
    bool flat = false;
    bool in_place = false;  ///< a ReLU that may overwrite its input
  };
  struct Compute;

  void create_tensors();
  void plan(const Network& network);
  void plan_tensors(const Network& network, Network::Vertex v, Step& step) const;
  [[nodiscard]] const torch::Tensor& tensor(std::size_t index) const;

  torch::Device device_;
  bool channels_last_;
  torch::ScalarType type_;
  bool training_ = false, batch_statistics_ = false;
  bool draws_ = false;
  std::vector<StateTensor> state_;
  std::map<std::string, std::size_t> index_;  ///< of state_ and tensors_, by name
  std::vector<torch::Tensor> tensors_, trainable_;
  std::vector<std::string> trainable_names_;
  std::vector<std::size_t> weights_;  ///< parameter → index of its tensor
  std::vector<Step> steps_;           ///< step i computes vertex i
};

}  // namespace phew
