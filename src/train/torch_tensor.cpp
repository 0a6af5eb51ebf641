#include "train/torch_tensor.hpp"

#include "graph/error.hpp"

#include <cstdint>
#include <cstring>
#include <memory>
#include <utility>

namespace phew {
namespace {

constexpr std::pair<DType, c10::ScalarType> types[] = {
    {DType::f64, c10::kDouble}, {DType::f32, c10::kFloat},   {DType::f16, c10::kHalf},  {DType::bf16, c10::kBFloat16},
    {DType::i64, c10::kLong},   {DType::i32, c10::kInt},     {DType::i16, c10::kShort}, {DType::i8, c10::kChar},
    {DType::u8, c10::kByte},    {DType::boolean, c10::kBool}};

c10::ScalarType to_scalar_type(DType type) {
  for (const auto& [ours, theirs] : types)
    if (ours == type) return theirs;
  fail(ExitCode::internal, "{}: no type of LibTorch", name_of(type));
}

DType to_dtype(c10::ScalarType type) {
  for (const auto& [ours, theirs] : types)
    if (theirs == type) return ours;
  fail(ExitCode::internal, "{}: a type that files do not have", c10::toString(type));
}

}  // namespace

torch::Tensor to_torch(const Tensor& tensor) {
  const auto options = torch::TensorOptions(to_scalar_type(tensor.dtype));
  const bool aligned = reinterpret_cast<std::uintptr_t>(tensor.bytes.data()) % byte_size(tensor.dtype) == 0;
  if (aligned && !tensor.bytes.empty()) {
    // from_blob takes no pointer to const; see the header for what that asks of callers.
    auto* data = const_cast<std::byte*>(tensor.bytes.data());
    return torch::from_blob(
        data, tensor.shape, [owner = tensor.owner](void*) {}, options);
  }
  torch::Tensor copy = torch::empty(tensor.shape, options);
  if (!tensor.bytes.empty()) std::memcpy(copy.data_ptr(), tensor.bytes.data(), tensor.bytes.size());
  return copy;
}

Tensor from_torch(std::string name, const torch::Tensor& tensor) {
  auto owner = std::make_shared<const torch::Tensor>(tensor.detach().cpu().contiguous());
  const std::span bytes(static_cast<const std::byte*>(owner->data_ptr()), owner->nbytes());
  return {std::move(name), to_dtype(owner->scalar_type()), owner->sizes().vec(), bytes, owner};
}

}  // namespace phew
