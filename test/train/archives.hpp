// Archives and images that tests of the readers write: gzip, tar, JPEG.
#pragma once

#include "graph/tensor.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace phew::test {

void write_gzipped(const std::filesystem::path& path, const std::string& content);

/// One entry of a tar archive as the ustar format has it.
struct TarEntry {
  std::string name, content;
  char type = '0';
  std::string prefix = "";
};
/// The whole archive, with the two empty blocks at its end.
std::string tar(const std::vector<TarEntry>& entries);

/// A JPEG file of size × size pixels of one colour, best quality; grey: a single component.
std::string jpeg(int size, std::uint8_t red, std::uint8_t green, std::uint8_t blue, bool grey = false);

/// Values of a class tensor [N].
std::vector<std::int64_t> labels(const Tensor& classes);

}  // namespace phew::test
