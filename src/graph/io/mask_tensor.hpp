// Tensors of 0 and 1, and what they do to tensors of weights.
#pragma once

#include "graph/mask.hpp"
#include "graph/tensor.hpp"

#include <string_view>

namespace phew {

/// Which values a mask tensor may have.
enum class MaskValues {
  zero_one,   ///< 0 and 1 only; throws Error(data) with the first other value and its position
  any_value,  ///< any; 0 is pruned
};

/// The tensor's bits, for its shape: row = first index, column = position within the row. A tensor of rank 0 is one row
/// of one. `where` names file and tensor in errors. O(elements).
[[nodiscard]] BitMatrix mask_bits(const Tensor& tensor, MaskValues values, std::string_view where);

/// A copy of the tensor, of any type, with zeros where the mask has them; what was NaN there is 0, too. The mask is of
/// the tensor's shape (Error(internal)).
[[nodiscard]] Tensor masked(const Tensor& tensor, const BitMatrix& mask);

}  // namespace phew
