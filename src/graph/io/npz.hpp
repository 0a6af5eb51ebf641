// The npz format: a zip archive of .npy arrays.
#pragma once

#include "graph/io/atomic_file.hpp"
#include "graph/io/weights_file.hpp"
#include "graph/io/zip_archive.hpp"

#include <map>
#include <string>
#include <vector>

namespace phew {

/// Reads every array, in the archive's order; metadata is the archive's comment where write_npz wrote it.
/// Throws Error(data) where a name, header or length is wrong, and what parse_npy_header throws.
[[nodiscard]] TensorFile read_npz(const ZipArchive& archive);

/// Writes tensors as numpy.savez does. Metadata, for which npz has no place, becomes the archive's comment as a JSON
/// object; numpy does not look there. bfloat16, which numpy lacks, becomes float32, exactly.
/// Throws Error(data) for a name twice, or for more than 64 KB of metadata.
void write_npz(AtomicFile& file, const std::vector<Tensor>& tensors,
               const std::map<std::string, std::string>& metadata);

}  // namespace phew
