// Weight files of every kind, told by content, not by name.
#pragma once

#include "graph/tensor.hpp"

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace phew {

/// What a file holds: its tensors in file order, and its string metadata (safetensors' __metadata__).
struct TensorFile {
  std::filesystem::path path;
  std::string format;  ///< "safetensors", "npz", "pt", "onnx"
  std::vector<Tensor> tensors;
  std::map<std::string, std::string> metadata;

  /// The tensor of that name, or nullptr.
  [[nodiscard]] const Tensor* find(const std::string& name) const;
};

/// Reads a safetensors file (also by its sharded `*.index.json`), an npz archive, or a PyTorch state_dict
/// (zip-format `.pt`), or the prunable parameters of an ONNX model. PyTorch names lose `module.` and `_orig_mod.`
/// prefixes, nested checkpoints are searched for their state_dict, and `NAME_orig` with `NAME_mask` becomes `NAME`
/// (their product) beside `NAME_mask`. Float tensors of safetensors files are views into the mapped file. Throws
/// Error(no_input) if it is missing or unreadable, Error(data) if it is none of these (saying what it looks like: HTML,
/// a Git-LFS pointer, a legacy `.pt`, TorchScript, a pickled module), is truncated or inconsistent.
[[nodiscard]] TensorFile read_tensor_file(const std::filesystem::path& path);

/// Writes tensors in the given order; the format follows the extension, `.safetensors`, `.npz` or `.pt` (Error(usage)
/// for another). Written beside the target, synced, renamed: the target is whole or as it was.
/// Throws Error(cant_create) if the folder is missing or not writable, Error(io) if writing fails.
void write_tensor_file(const std::filesystem::path& path, const std::vector<Tensor>& tensors,
                       const std::map<std::string, std::string>& metadata);

/// Throws what write_tensor_file would throw for this path before any work is done: another extension, a folder that is
/// missing or not writable.
void check_writable_tensor_file(const std::filesystem::path& path);

}  // namespace phew
