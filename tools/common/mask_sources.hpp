// Where commands that take masks find them.
#pragma once

#include "graph/io/mask_file.hpp"
#include "graph/weights.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace phew::tools {

/// The mask files that FILE|FOLDER names: the file, or the folder's files ending in .safetensors, .npz, .pt or .pth,
/// by name; numbers in names count as numbers (ticket-2 before ticket-10). Throws Error(no_input) if nothing is there.
[[nodiscard]] std::vector<std::filesystem::path> mask_files(const std::filesystem::path& path);

/// The parameters that a mask file is for, as its own names and shapes tell: its tensors of rank 2 and more, in file
/// order, `NAME_mask` as NAME. Throws Error(data) if there are none.
[[nodiscard]] std::vector<Parameter> masked_parameters(const TensorFile& file);

/// The mask in a file, for a network whose weights have this hash (hash_of; empty: not known). Metadata may tell that
/// it was made for others, which is no ticket any more: then a notice says so.
[[nodiscard]] Mask read_mask_for(const std::filesystem::path& path, const Network& network,
                                 const std::string& weights_hash, const MaskFileOptions& options, const Notice& notice);

/// Whether `name` comes before `other`, numbers in them compared as numbers.
[[nodiscard]] bool natural_less(const std::string& name, const std::string& other);

}  // namespace phew::tools
