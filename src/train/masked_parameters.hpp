// MaskedParameters: keeps a module's pruned weights at exactly zero.
#pragma once

#include "graph/mask.hpp"
#include "train/module.hpp"

#include <span>
#include <string>
#include <vector>

namespace phew {

/// A bool tensor of the parameter's shape on the CPU, true where the mask's bit is 0.
[[nodiscard]] torch::Tensor pruned_positions(const BitMatrix& kept, const Shape& shape);

/// The pruned positions of a module's prunable parameters, on the module's device, one byte each. The optimizer takes
/// a pruned weight's gradient as zero, so that once zeroed it stays so.
class MaskedParameters {
 public:
  /// `mask` is one for `parameters`, which are the module's network's. A parameter without pruned weights costs
  /// nothing.
  MaskedParameters(const NetworkModule& module, const Mask& mask, std::span<const Parameter> parameters);

  /// Sets every pruned weight to +0.
  void apply();
  /// The pruned positions of one of the module's tensors: bool, of its shape and memory layout, true = pruned.
  /// Undefined if nothing of it is pruned.
  [[nodiscard]] torch::Tensor positions(const torch::Tensor& weight) const;
  /// Throws Error(internal) naming a parameter in which a pruned weight is not exactly zero. One synchronisation with
  /// the device per parameter.
  void check() const;

 private:
  struct Pruned {
    std::string name;
    torch::Tensor parameter;
    torch::Tensor positions;  ///< bool, the parameter's shape, true = pruned
  };
  std::vector<Pruned> pruned_;
};

}  // namespace phew
