// CIFAR-10 and CIFAR-100 in their binary version (Krizhevsky 2009, https://www.cs.toronto.edu/~kriz/cifar.html):
// records of one or two label bytes and 3·32·32 pixels.
#pragma once

#include "graph/weights.hpp"
#include "train/dataset.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace phew {

/// What tells one CIFAR from the other.
struct CifarFormat {
  std::string name;            ///< as --data has it
  std::string folder;          ///< that the archive holds
  std::string archive;         ///< its name, as published
  std::string python_archive;  ///< another version of it, which is not read
  std::string md5;             ///< of the archive, as its page states it
  std::vector<std::string> train;
  std::string test;
  std::int64_t coarse_classes;  ///< of the label byte before the class; 0: there is none
  std::int64_t classes;
};

/// cifar-10 and cifar-100.
[[nodiscard]] const std::vector<CifarFormat>& cifar_formats();

/// Reads both splits from the unpacked folder or, where there is none, straight from the published .tar.gz. Looked for
/// in `data_dir`, which may be the archive itself, and in its subfolders named as the set or as the archive has it.
/// Files may hold any number of records; a notice says so where it is not the published one.
/// Throws Error(no_input) saying where to get the archive if it is not found, Error(data) for a file that is no whole
/// number of records or has a label out of range, and for an archive that is damaged, lacks a file, has one twice or as
/// a link.
[[nodiscard]] Dataset read_cifar(const CifarFormat& format, const std::filesystem::path& data_dir,
                                 const Notice& notice);

}  // namespace phew
