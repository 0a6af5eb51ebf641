// IDX files, the format of MNIST and its relatives (Yann LeCun, http://yann.lecun.com/exdb/mnist).
#pragma once

#include "graph/tensor.hpp"

#include <cstdint>
#include <filesystem>

namespace phew {

/// Reads an IDX file of unsigned bytes and the given rank, plain or gzipped (told by content).
/// Returns a u8 tensor named after the file. O(file).
/// Throws Error(no_input) if it is missing or unreadable, Error(data) if its magic number, its sizes or its length
/// are wrong. Nothing is allocated before the declared size is known to fit the file.
[[nodiscard]] Tensor read_idx(const std::filesystem::path& path, std::size_t rank);

}  // namespace phew
