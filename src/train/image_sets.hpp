// The data sets known by name, and where their files are found.
#pragma once

#include "train/dataset.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace phew {

/// Names that load_dataset takes.
[[nodiscard]] const std::vector<std::string>& dataset_names();

/// Loads `mnist` or `fashion-mnist` from its four IDX files, plain or gzipped. Looked for in `data_dir`, in its
/// subfolders named as the set or as torchvision names them, and, if `data_dir` is empty, where Debian's package
/// installs them.
/// Throws Error(usage) for an unknown name, Error(no_input) saying where to get the files if they are not found,
/// Error(data) if they do not agree with each other.
[[nodiscard]] Dataset load_dataset(const std::string& name, const std::filesystem::path& data_dir = {});

}  // namespace phew
