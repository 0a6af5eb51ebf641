// Weights: the values of a network's prunable parameters, wherever they lie in memory.
#pragma once

#include "graph/network.hpp"
#include "graph/tensor.hpp"

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace phew {

/// One float32 tensor per prunable parameter, in the network's order. A value type: copies share the values, which
/// may lie in a mapped file.
class Weights {
 public:
  Weights() = default;
  /// Throws Error(internal) unless the tensors fit the parameters one by one in shape and are float32.
  Weights(std::span<const Parameter> parameters, std::vector<Tensor> tensors);

  [[nodiscard]] bool empty() const { return tensors_.empty(); }
  [[nodiscard]] std::size_t tensor_count() const { return tensors_.size(); }
  /// Values of a parameter in C order.
  [[nodiscard]] std::span<const float> operator[](std::size_t parameter) const { return values_[parameter]; }
  [[nodiscard]] const Tensor& tensor(std::size_t parameter) const { return tensors_[parameter]; }

 private:
  std::vector<Tensor> tensors_;
  std::vector<std::span<const float>> values_;
};

/// Receives a one-line notice for the user (stderr in the programs).
using Notice = std::function<void(const std::string&)>;

/// Picks the network's prunable parameters from a file's tensors: by name; if names do not fit but the file's tensors
/// of rank ≥ 2 agree with the network's one by one in order and shape, in that order, with a notice.
/// Converts to float32 where needed. `source` names the file in errors.
/// Throws Error(data) that names the tensor, what was found and what was expected: a missing name (with the nearest
/// one), another shape, a NaN or an infinity (which takes one pass over the values, shared by `threads`; of a mapped
/// file it is the pass that brings the pages in).
[[nodiscard]] Weights match_weights(const Network& network, std::span<const Tensor> tensors, const std::string& source,
                                    const Notice& notice, int threads = 1);

/// 128-bit XXH3 of all values in order, as 32 hexadecimal digits: the identity of weights in a mask's metadata.
[[nodiscard]] std::string hash_of(const Weights& weights);

}  // namespace phew
