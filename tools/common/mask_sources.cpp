#include "common/mask_sources.hpp"

#include "graph/error.hpp"
#include "graph/io/weights_file.hpp"
#include "graph/network.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

namespace phew::tools {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 4> mask_extensions{".safetensors", ".npz", ".pt", ".pth"};

bool is_digit(char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; }

/// Takes the digits at `at` without leading zeros; moves `at` behind them.
std::string_view take_number(const std::string& text, std::size_t& at) {
  while (at < text.size() && text[at] == '0') ++at;
  const std::size_t first = at;
  while (at < text.size() && is_digit(text[at])) ++at;
  return std::string_view(text).substr(first, at - first);
}

}  // namespace

Mask read_mask_for(const fs::path& path, const Network& network, const std::string& weights_hash,
                   const MaskFileOptions& options, const Notice& notice) {
  const TensorFile file = read_tensor_file(path);
  Mask mask = mask_from_tensors(file, network.parameters(), options);
  const auto made_for = file.metadata.find("weights_xxh3");
  if (weights_hash.empty() || made_for == file.metadata.end() || made_for->second == weights_hash) return mask;
  const auto init = file.metadata.find("init"), seed = file.metadata.find("init_seed");
  const bool initial = init != file.metadata.end() && seed != file.metadata.end();
  notice(fmt::format("{}: made for other weights than these{}", path.string(),
                     initial ? fmt::format(": for --init {} --init-seed {}", init->second, seed->second) : ""));
  return mask;
}

bool natural_less(const std::string& name, const std::string& other) {
  std::size_t i = 0, j = 0;
  while (i < name.size() && j < other.size()) {
    if (is_digit(name[i]) && is_digit(other[j])) {
      const std::string_view a = take_number(name, i), b = take_number(other, j);
      if (a.size() != b.size()) return a.size() < b.size();
      if (a != b) return a < b;
    } else if (name[i] != other[j]) {
      return name[i] < other[j];
    } else {
      ++i, ++j;
    }
  }
  if (i < name.size() || j < other.size()) return j < other.size();
  return name < other;  // equal but for leading zeros
}

std::vector<fs::path> mask_files(const fs::path& path) {
  std::error_code error;
  if (!fs::is_directory(path, error)) {
    if (!fs::exists(path, error))
      fail(ExitCode::no_input, "{}: found nothing, expected a mask file or a folder", path.string());
    return {path};
  }
  std::vector<fs::path> files;
  for (fs::directory_iterator entry(path, error), end; !error && entry != end; entry.increment(error))
    if (entry->is_regular_file() && std::ranges::count(mask_extensions, entry->path().extension().string()) > 0)
      files.push_back(entry->path());
  if (error) fail(ExitCode::no_input, "{}: cannot list the folder: {}", path.string(), error.message());
  if (files.empty())
    fail(ExitCode::no_input, "{}: found no mask files, expected .safetensors, .npz, .pt or .pth", path.string());
  std::ranges::sort(files, natural_less, [](const fs::path& file) { return file.filename().string(); });
  return files;
}

std::vector<Parameter> masked_parameters(const TensorFile& file) {
  constexpr std::string_view buffer = "_mask";
  std::vector<Parameter> parameters;
  for (const Tensor& tensor : file.tensors) {
    if (tensor.shape.size() < 2) continue;
    std::string name = tensor.name;
    if (name.ends_with(buffer)) name.resize(name.size() - buffer.size());
    if (std::ranges::find(parameters, name, &Parameter::name) == parameters.end())
      parameters.push_back({std::move(name), tensor.shape});
  }
  if (parameters.empty())
    fail(ExitCode::data, "{}: found no tensors of rank 2 or more, expected a mask", file.path.string());
  return parameters;
}

}  // namespace phew::tools
