#include "train/masked_parameters.hpp"

#include "graph/error.hpp"

namespace phew {

torch::Tensor pruned_positions(const BitMatrix& kept, const Shape& shape) {
  torch::Tensor positions = torch::ones(shape, torch::kBool);
  bool* row = positions.data_ptr<bool>();
  for (std::int64_t r = 0; r < kept.rows(); ++r, row += kept.columns())
    for_each_set(kept.row(r), [&](std::int64_t column) { row[column] = false; });
  return positions;
}

MaskedParameters::MaskedParameters(const NetworkModule& module, const Mask& mask,
                                   std::span<const Parameter> parameters) {
  if (mask.tensor_count() != parameters.size())
    fail(ExitCode::internal, "mask: found {} tensors, expected {}", mask.tensor_count(), parameters.size());
  for (std::size_t p = 0; p < parameters.size(); ++p)
    if (mask[p].count() < parameters[p].size()) {
      const torch::Tensor& weight = module.weight(p);
      torch::Tensor positions = torch::empty_like(weight, torch::kBool);
      positions.copy_(pruned_positions(mask[p], parameters[p].shape));
      pruned_.push_back({parameters[p].name, weight, positions});
    }
}

void MaskedParameters::apply() {
  const torch::NoGradGuard no_grad;
  for (Pruned& p : pruned_) p.parameter.masked_fill_(p.positions, 0.0);
}

torch::Tensor MaskedParameters::positions(const torch::Tensor& weight) const {
  for (const Pruned& p : pruned_)
    if (p.parameter.is_same(weight)) return p.positions;
  return {};
}

void MaskedParameters::check() const {
  const torch::NoGradGuard no_grad;
  for (const Pruned& p : pruned_)
    if (p.parameter.ne(0).logical_and_(p.positions).any().item<bool>())
      fail(ExitCode::internal, "{}: found a pruned weight that is not zero; this is a bug of phew-train", p.name);
}

}  // namespace phew
