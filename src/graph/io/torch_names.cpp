#include "graph/io/torch_names.hpp"

#include "graph/error.hpp"
#include "graph/io/mask_tensor.hpp"

#include <algorithm>
#include <string_view>
#include <unordered_map>

namespace phew {
namespace {

constexpr std::string_view orig_suffix = "_orig", mask_suffix = "_mask";

/// Removes a prefix from all names if all have it and none is the prefix alone.
bool strip(std::vector<Tensor>& tensors, std::string_view prefix) {
  const bool all = !tensors.empty() && std::ranges::all_of(tensors, [&](const Tensor& tensor) {
    return tensor.name.starts_with(prefix) && tensor.name.size() > prefix.size();
  });
  if (all)
    for (Tensor& tensor : tensors) tensor.name.erase(0, prefix.size());
  return all;
}

void multiply_pruned(std::vector<Tensor>& tensors, const std::string& where) {
  std::unordered_map<std::string, std::size_t> index;
  for (std::size_t i = 0; i < tensors.size(); ++i) index.emplace(tensors[i].name, i);
  for (Tensor& tensor : tensors) {
    if (!tensor.name.ends_with(orig_suffix)) continue;
    const std::string name = tensor.name.substr(0, tensor.name.size() - orig_suffix.size());
    const auto found = index.find(name + std::string(mask_suffix));
    if (found == index.end()) continue;
    const Tensor& mask = tensors[found->second];
    if (index.contains(name))
      fail(ExitCode::data, "{}: {}: found beside {}, expected one of them", where, name, tensor.name);
    if (mask.shape != tensor.shape)
      fail(ExitCode::data, "{}: {}: found shape {}, expected {} as {}", where, mask.name, to_string(mask.shape),
           to_string(tensor.shape), tensor.name);
    tensor = masked(tensor, mask_bits(mask, MaskValues::zero_one, where + ": " + mask.name));
    tensor.name = name;
  }
}

}  // namespace

void undo_torch_names(std::vector<Tensor>& tensors, const std::string& where) {
  while (strip(tensors, "module.") || strip(tensors, "_orig_mod.")) {
  }
  multiply_pruned(tensors, where);
}

}  // namespace phew
