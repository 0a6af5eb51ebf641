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
/// may lie in a mapped file. Values are not looked at before they are used: whatever sums them finds a NaN or an
/// infinity by its sum, and then calls require_finite to name it.
class Weights {
 public:
  Weights() = default;
  /// Throws Error(internal) unless the tensors fit the parameters one by one in shape and are float32.
  /// `source` names the file in errors.
  Weights(std::span<const Parameter> parameters, std::vector<Tensor> tensors, std::string source = {});

  [[nodiscard]] bool empty() const { return tensors_.empty(); }
  [[nodiscard]] std::size_t tensor_count() const { return tensors_.size(); }
  /// Values of a parameter in C order.
  [[nodiscard]] std::span<const float> operator[](std::size_t parameter) const { return values_[parameter]; }
  [[nodiscard]] const Tensor& tensor(std::size_t parameter) const { return tensors_[parameter]; }

  /// The file they are from, as errors name it; empty if from none.
  [[nodiscard]] const std::string& source() const { return source_; }
  /// "FILE: NAME", or NAME if the weights are from no file: how errors name a tensor.
  [[nodiscard]] std::string place(std::size_t parameter) const;
  /// Throws Error(data) naming the tensor and its first value that is NaN or infinite, if there is one. One pass.
  void require_finite(std::size_t parameter) const;

 private:
  std::vector<Tensor> tensors_;
  std::vector<std::span<const float>> values_;
  std::string source_;
};

/// Throws Error(data) naming `place` and the first value that is NaN or infinite, if there is one.
void require_finite(std::span<const float> values, const std::string& place);

/// Receives a one-line notice for the user (stderr in the programs).
using Notice = std::function<void(const std::string&)>;

/// Picks the network's prunable parameters from a file's tensors: by name; if names do not fit but the file's tensors
/// of rank ≥ 2 agree with the network's one by one in order and shape, in that order, with a notice.
/// Converts to float32 where needed. `source` names the file in errors.
/// Throws Error(data) that names the tensor, what was found and what was expected: a missing name (with the nearest
/// one), another shape, another kind of numbers. float32 values stay where they are, in a mapped file unread.
[[nodiscard]] Weights match_weights(const Network& network, std::span<const Tensor> tensors, const std::string& source,
                                    const Notice& notice);

/// 128-bit XXH3 of all values in order, as 32 hexadecimal digits: the identity of weights in a mask's metadata.
[[nodiscard]] std::string hash_of(const Weights& weights);

}  // namespace phew
