// The data sets known by name, and where their files are found.
#pragma once

#include "graph/weights.hpp"
#include "train/dataset.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace phew {

/// What a user asked for.
struct DataSource {
  std::string name;                ///< one of dataset_names(), in any spelling of case and hyphens, or a file
  std::filesystem::path data_dir;  ///< of a named set's files; empty: where Debian's package installs them
  std::filesystem::path test;      ///< the test examples' file, where `name` is a file; empty: the training data
  std::filesystem::path cache;     ///< folder for decoded images; empty: beside the data
  std::uint64_t seed = 0;          ///< of what the set itself draws: the transformation task's shears
  int threads = 1;                 ///< for decoding
};

/// Names that load_dataset takes: mnist, fashion-mnist, cifar-10, cifar-100, tiny-imagenet, and transformation and
/// fashion-transformation, the task of transformation.hpp on the first two.
[[nodiscard]] const std::vector<std::string>& dataset_names();

/// Whether the set is the transformation task.
[[nodiscard]] bool is_transformation(const std::string& name);

/// Loads a set known by name (see idx.hpp, cifar.hpp and tiny_imagenet.hpp for its files) or a user's file
/// (user_data.hpp). IDX files are looked for in `data_dir`, plain or gzipped, and in its subfolders named as the set or
/// as torchvision names them.
/// Throws Error(usage) for an unknown name or an option that the set would ignore, Error(no_input) saying where to get
/// the files, and their checksum, if they are not found, Error(data) if they are damaged or do not agree.
[[nodiscard]] Dataset load_dataset(const DataSource& source, const Notice& notice);
/// The same for a set in its own files, without notices.
[[nodiscard]] Dataset load_dataset(const std::string& name, const std::filesystem::path& data_dir = {});

}  // namespace phew
