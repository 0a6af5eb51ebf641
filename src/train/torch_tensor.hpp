// Our tensors as LibTorch's and back, sharing the bytes where that is possible.
#pragma once

#include "graph/tensor.hpp"
#include "train/torch_compat.hpp"

#include <string>

namespace phew {

/// A CPU tensor of the same type and shape. It shares the bytes, which may be a read-only file mapping: never write
/// into it. Unaligned bytes are copied.
[[nodiscard]] torch::Tensor to_torch(const Tensor& tensor);

/// The same values under a name, sharing the bytes of a contiguous CPU tensor, copied from anything else.
/// Throws Error(internal) for a type that files do not have.
[[nodiscard]] Tensor from_torch(std::string name, const torch::Tensor& tensor);

}  // namespace phew
