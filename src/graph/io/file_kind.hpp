// What a file is, by its first bytes.
#pragma once

#include "graph/io/mapped_file.hpp"

#include <string_view>

namespace phew {

enum class FileKind { safetensors, safetensors_index, zip, onnx };

/// The kind of a file of weights; what a zip archive holds is for its reader to say.
/// Throws Error(data) for anything else, saying what it looks like and what to do: an empty file, HTML, a Git-LFS
/// pointer, a legacy `.pt`, another pickle, a single .npy array, HDF5, gzip.
[[nodiscard]] FileKind file_kind(const MappedFile& file);

/// Whether a file that begins so looks like an ONNX model.
[[nodiscard]] bool looks_like_onnx(std::string_view text);

}  // namespace phew
