// Precision: in which number format LibTorch multiplies. Weights, moments and losses are float32 in all of them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace phew {

/// fp32: float32 throughout. tf32: matrix products and convolutions on a CUDA device round their factors to 10 bits of
/// mantissa. bf16: autocast, that is products in bfloat16 and the rest as PyTorch's autocast has it.
enum class Precision { fp32, tf32, bf16 };

[[nodiscard]] const std::vector<std::string>& precision_names();
/// Throws Error(usage) for another name, and Error(unsupported) for tf32 without a CUDA device.
[[nodiscard]] Precision parse_precision(std::string_view name, std::string_view device);

/// Lets LibTorch use TF32 on CUDA devices, or not (its own default differs between operations).
void allow_tf32(bool allowed);

/// While it lives, what this thread computes is autocast to bfloat16; with any other precision it does nothing.
class Autocast {
 public:
  Autocast(Precision precision, bool cuda);
  ~Autocast();
  Autocast(const Autocast&) = delete;
  Autocast& operator=(const Autocast&) = delete;

 private:
  bool active_, cuda_;
};

}  // namespace phew
