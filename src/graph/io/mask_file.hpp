// Mask files: tensors of 0 and 1 under the parameters' names.
#pragma once

#include "graph/io/weights_file.hpp"
#include "graph/mask.hpp"
#include "graph/network.hpp"

#include <filesystem>
#include <map>
#include <string>

namespace phew {

struct MaskFileOptions {
  bool zeros_are_pruned = false;  ///< read the zeros of a weight file as pruned
};

/// Reads a mask for these parameters from a safetensors, npz or `.pt` file: tensors named as the parameters, or
/// `NAME_mask` buffers, of any dtype whose values are 0 and 1; with zeros_are_pruned any values, 0 = pruned. Where
/// some have buffers, as torch.nn.utils.prune leaves them, a parameter that has only its floats is kept whole.
/// Throws Error(data) naming file, tensor, found and expected: a missing name (with the nearest in the file), another
/// shape, a value other than 0 and 1, a file without tensors. An all-zero mask is valid.
[[nodiscard]] Mask read_mask_file(const std::filesystem::path& path, std::span<const Parameter> parameters,
                                  const MaskFileOptions& options = {});
/// The same from tensors already read; `source` names the file in errors.
[[nodiscard]] Mask mask_from_tensors(const TensorFile& file, std::span<const Parameter> parameters,
                                     const MaskFileOptions& options = {});

/// A weight file's tensors with zeros where a mask file prunes, without a network: a mask `NAME_mask`, or NAME where
/// the file has no such, is for the tensor NAME. With zeros_are_pruned the masks are tensors of rank ≥ 2, since a bias
/// of 0 is not pruned. What has no mask stays as it is. Types stay, too. Throws Error(data) as mask_from_tensors does,
/// and for a mask without its tensor (with the nearest name).
[[nodiscard]] std::vector<Tensor> masked_tensors(const TensorFile& weights, const TensorFile& masks,
                                                 const MaskFileOptions& options = {});

/// The mask as tensors of dtype U8, named and shaped as the parameters, so that PyTorch's
/// `prune.custom_from_mask` takes them.
[[nodiscard]] std::vector<Tensor> mask_tensors(const Mask& mask, std::span<const Parameter> parameters);

/// Writes a mask (`.safetensors`, `.npz` or `.pt`), whole or not at all; see write_tensor_file for errors.
void write_mask_file(const std::filesystem::path& path, const Mask& mask, std::span<const Parameter> parameters,
                     const std::map<std::string, std::string>& metadata);

}  // namespace phew
