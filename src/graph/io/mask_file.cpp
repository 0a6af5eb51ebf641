#include "graph/io/mask_file.hpp"

#include "graph/error.hpp"
#include "graph/io/mask_tensor.hpp"

#include <algorithm>
#include <cstddef>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace phew {
namespace {

constexpr std::string_view buffer_suffix = "_mask";

using Index = std::unordered_map<std::string, const Tensor*>;

std::vector<std::string> names_of(const TensorFile& file) {
  std::vector<std::string> names;
  for (const Tensor& tensor : file.tensors) names.push_back(tensor.name);
  return names;
}

/// The parameter's `NAME_mask`, or else NAME itself: where both stand, NAME is the pruned weight.
const Tensor& find_mask(const Index& index, const Parameter& parameter, const TensorFile& file) {
  for (const std::string& name : {parameter.name + std::string(buffer_suffix), parameter.name})
    if (const auto found = index.find(name); found != index.end()) return *found->second;
  fail(ExitCode::data, "{}: {}: found no such mask, expected shape {}; the nearest name is {}", file.path.string(),
       parameter.name, to_string(parameter.shape), nearest_name(parameter.name, names_of(file)));
}

bool has_buffer(const Index& index, const Parameter& parameter) {
  return index.contains(parameter.name + std::string(buffer_suffix));
}

bool is_float(DType dtype) {
  return dtype == DType::f64 || dtype == DType::f32 || dtype == DType::f16 || dtype == DType::bf16;
}

/// Names of the tensors that a file's masks are for.
std::vector<std::string> masked_names(const TensorFile& masks, const MaskFileOptions& options) {
  const auto is_buffer = [](const Tensor& tensor) { return tensor.name.ends_with(buffer_suffix); };
  const bool has_buffers = std::ranges::any_of(masks.tensors, is_buffer);
  std::vector<std::string> names;
  for (const Tensor& tensor : masks.tensors) {
    if (has_buffers && is_buffer(tensor))
      names.push_back(tensor.name.substr(0, tensor.name.size() - buffer_suffix.size()));
    else if (!has_buffers && (!options.zeros_are_pruned || tensor.shape.size() >= 2))
      names.push_back(tensor.name);
  }
  return names;
}

}  // namespace

Mask mask_from_tensors(const TensorFile& file, std::span<const Parameter> parameters, const MaskFileOptions& options) {
  const std::string where = file.path.string();
  if (file.tensors.empty()) fail(ExitCode::data, "{}: found no tensors, expected a mask", where);
  Index index;
  for (const Tensor& tensor : file.tensors) index.emplace(tensor.name, &tensor);
  const bool has_buffers =
      std::ranges::any_of(parameters, [&](const Parameter& parameter) { return has_buffer(index, parameter); });
  Mask mask(parameters);
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const Tensor& tensor = find_mask(index, parameters[i], file);
    const std::string name = where + ": " + tensor.name;
    if (tensor.shape != parameters[i].shape)
      fail(ExitCode::data, "{}: found shape {}, expected {}", name, to_string(tensor.shape),
           to_string(parameters[i].shape));
    // Where others have a buffer and this one has none, its floats are the weights of a layer that is not pruned.
    if (has_buffers && !has_buffer(index, parameters[i]) && is_float(tensor.dtype) && !options.zeros_are_pruned)
      mask[i] = BitMatrix(mask[i].rows(), mask[i].columns(), true);
    else
      mask[i] = mask_bits(tensor, options.zeros_are_pruned ? MaskValues::any_value : MaskValues::zero_one, name);
  }
  return mask;
}

Mask read_mask_file(const std::filesystem::path& path, std::span<const Parameter> parameters,
                    const MaskFileOptions& options) {
  return mask_from_tensors(read_tensor_file(path), parameters, options);
}

std::vector<Tensor> masked_tensors(const TensorFile& weights, const TensorFile& masks, const MaskFileOptions& options) {
  std::unordered_map<std::string, std::size_t> index;
  for (std::size_t i = 0; i < weights.tensors.size(); ++i) index.emplace(weights.tensors[i].name, i);
  std::vector<Parameter> parameters;
  for (const std::string& name : masked_names(masks, options)) {
    const auto found = index.find(name);
    if (found == index.end())
      fail(ExitCode::data, "{}: {}: found no such tensor in {}; the nearest name is {}", masks.path.string(), name,
           weights.path.string(), nearest_name(name, names_of(weights)));
    const Tensor& tensor = weights.tensors[found->second];
    if (tensor.shape.empty())
      fail(ExitCode::data, "{}: {}: found a mask of a scalar, expected masks of parameters", masks.path.string(), name);
    parameters.push_back({name, tensor.shape});
  }
  const Mask mask = mask_from_tensors(masks, parameters, options);
  std::vector<Tensor> tensors = weights.tensors;
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    Tensor& tensor = tensors[index.at(parameters[i].name)];
    tensor = masked(tensor, mask[i]);
  }
  return tensors;
}

std::vector<Tensor> mask_tensors(const Mask& mask, std::span<const Parameter> parameters) {
  std::vector<Tensor> tensors;
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const BitMatrix& bits = mask[i];
    std::vector<std::byte> bytes(static_cast<std::size_t>(bits.rows() * bits.columns()));
    for (std::int64_t row = 0; row < bits.rows(); ++row)
      for_each_set(bits.row(row), [&](std::int64_t column) {
        bytes[static_cast<std::size_t>(row * bits.columns() + column)] = std::byte{1};
      });
    tensors.push_back(make_tensor(parameters[i].name, DType::u8, parameters[i].shape, std::move(bytes)));
  }
  return tensors;
}

void write_mask_file(const std::filesystem::path& path, const Mask& mask, std::span<const Parameter> parameters,
                     const std::map<std::string, std::string>& metadata) {
  write_tensor_file(path, mask_tensors(mask, parameters), metadata);
}

}  // namespace phew
