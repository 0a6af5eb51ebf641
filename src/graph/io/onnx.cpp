#include "graph/io/onnx.hpp"

#include "graph/error.hpp"
#include "graph/io/file_kind.hpp"
#include "graph/io/onnx/builder.hpp"

#include <array>
#include <fstream>
#include <memory>

namespace phew {

OnnxModel read_onnx(const std::filesystem::path& path) {
  const auto file = std::make_shared<const MappedFile>(path);
  const onnx::Model model = onnx::read_model(file);
  const std::string name = path.filename().string();
  onnx::Builder builder(model, {}, name);
  OnnxModel result = builder.build();
  // An input that only Flatten reads is a vector to the user, and each of its elements a unit.
  if (auto flat = builder.inputs_only_flattened(); !flat.empty()) return onnx::Builder(model, flat, name).build();
  return result;
}

bool is_onnx_file(const std::filesystem::path& path) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) return false;
  std::array<char, 16> start{};
  std::ifstream file(path, std::ios::binary);
  file.read(start.data(), start.size());
  return looks_like_onnx({start.data(), static_cast<std::size_t>(file.gcount())});
}

std::vector<Tensor> read_stored(std::span<const StoredWeight> weights) {
  std::vector<Tensor> tensors;
  for (const StoredWeight& weight : weights)
    tensors.push_back(to_float32(onnx::Constant(weight.tensor, weight.strides).in_c_order()));
  return tensors;
}

}  // namespace phew
