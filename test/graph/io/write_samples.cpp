// write-io-samples FOLDER: files for read_ours.py, which knows what is in them.
#include "graph/io/mask_file.hpp"

#include <cstring>
#include <filesystem>

namespace {

template <typename T>
phew::Tensor tensor_of(const std::string& name, phew::DType dtype, phew::Shape shape, const std::vector<T>& values) {
  const auto bytes = std::as_bytes(std::span(values));
  return phew::make_tensor(name, dtype, std::move(shape), {bytes.begin(), bytes.end()});
}

}  // namespace

int main(int, char** argv) {
  using phew::DType;
  const std::filesystem::path folder = argv[1];
  // Element i of the mask, in C order, is kept if i is a multiple of 3.
  const std::vector<phew::Parameter> parameters{{"conv.weight", {4, 3, 3, 3}}, {"fc.weight", {5, 70}}};
  phew::Mask mask(parameters);
  for (std::size_t p = 0; p < parameters.size(); ++p)
    for (std::int64_t i = 0; i < parameters[p].size(); i += 3)
      mask[p].set(i / parameters[p].row_length(), i % parameters[p].row_length());
  // An odd number of bytes first, so that all that follows would be unaligned if written in this order.
  const std::vector<phew::Tensor> tensors{
      tensor_of<std::uint8_t>("bool", DType::boolean, {3}, {1, 0, 1}),
      tensor_of<std::uint8_t>("uint8", DType::u8, {1}, {200}),
      phew::make_tensor("float32", {2, 3}, {0, 1, 2, 3, 4, 5}),
      tensor_of<std::int64_t>("int64", DType::i64, {}, {-7}),
      tensor_of<std::uint16_t>("bfloat16", DType::bf16, {2}, {0x3F80, 0xC040}),
      tensor_of<std::uint16_t>("float16", DType::f16, {2}, {0x3C00, 0xC000}),
      tensor_of<double>("float64", DType::f64, {1, 1}, {0.1}),
      tensor_of<std::int32_t>("empty", DType::i32, {0, 4}, {}),
  };
  for (const std::string extension : {".safetensors", ".npz", ".pt"}) {
    phew::write_mask_file(folder / ("mask" + extension), mask, parameters, {{"method", "thirds"}});
    phew::write_tensor_file(folder / ("mixed" + extension), tensors, {{"note", "mixed"}});
  }
}
