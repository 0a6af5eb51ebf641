// The safetensors format: 8 bytes of header length, a JSON header, the tensors' bytes.
// Source: https://github.com/huggingface/safetensors#format
#pragma once

#include "graph/io/atomic_file.hpp"
#include "graph/io/mapped_file.hpp"
#include "graph/io/weights_file.hpp"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace phew {

/// No header of a safetensors file and no index is longer than this; the reference reader's limit, too.
inline constexpr std::uint64_t max_safetensors_header = 100'000'000;

/// Reads a file's tensors, in the header's order, as views into the mapping.
/// Throws Error(data) for a header that is not strictly as specified: names or fields twice, unknown fields, offsets
/// that leave a hole, overlap, or do not fit shape and type, bytes missing or left over. Throws Error(unsupported) for
/// a type that DType lacks. O(header).
[[nodiscard]] TensorFile read_safetensors(const std::shared_ptr<const MappedFile>& file);

/// Reads the shards that a `*.safetensors.index.json` names, all in its own folder, in the order of their names.
/// Throws, beyond what read_safetensors does, Error(data) where index and shards differ.
[[nodiscard]] TensorFile read_safetensors_index(const MappedFile& file);

/// Writes tensors to be read in the given order, metadata sorted. Bytes lie in the file by falling element size, so
/// that each tensor is aligned, which PyTorch's reader needs; the header is padded to a multiple of 8 bytes.
/// Throws Error(data) for a name twice or not in UTF-8.
void write_safetensors(AtomicFile& file, const std::vector<Tensor>& tensors,
                       const std::map<std::string, std::string>& metadata);

}  // namespace phew
