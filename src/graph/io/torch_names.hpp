// How PyTorch's wrappers and its pruning rename tensors, undone.
#pragma once

#include "graph/tensor.hpp"

#include <string>
#include <vector>

namespace phew {

/// Removes the prefixes `module.` (DataParallel) and `_orig_mod.` (torch.compile), in any order and number, as long as
/// every name has the same one; then puts NAME, the product, in the place of NAME_orig (torch.nn.utils.prune) where
/// there is a NAME_mask, which stays. Bytes are copied only for products. Throws Error(data), its text after `where`,
/// if NAME exists as well, or NAME_mask has another shape or other values than 0 and 1.
void undo_torch_names(std::vector<Tensor>& tensors, const std::string& where);

}  // namespace phew
