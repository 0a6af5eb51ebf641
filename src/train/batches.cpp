#include "train/batches.hpp"

#include "train/torch_tensor.hpp"

#include <variant>
#include <vector>

namespace phew {

std::int64_t input_channels(const Network& network) {
  for (Network::Vertex v = 0; v < network.node_count(); ++v)
    if (const auto* input = std::get_if<op::Input>(&network.node(v).op))
      return network.node(v).flat ? 1 : input->extent.channels;
  return 1;
}

DeviceSplit::DeviceSplit(const Split& split, const Normalisation& normalisation, std::int64_t channels,
                         torch::Device device, std::optional<std::uint64_t> crop_flip_seed)
    : x_(to_torch(split.x).to(device)),
      y_(to_torch(split.y).to(device)),
      channels_(channels),
      crop_flip_seed_(crop_flip_seed) {
  const auto per_channel = [&](const std::vector<double>& values) {
    return torch::tensor(values, torch::kDouble).to(torch::kFloat).view({1, -1, 1, 1}).to(device);
  };
  std::vector<double> factors;
  for (const double deviation : normalisation.deviation) factors.push_back(1 / deviation);
  mean_ = per_channel(normalisation.mean);
  factor_ = per_channel(factors);
}

torch::Tensor DeviceSplit::normalised(const torch::Tensor& x) const {
  torch::Tensor out = x.to(torch::kFloat, /*non_blocking=*/false, /*copy=*/true).sub_(mean_).mul_(factor_);
  if (out.size(1) == 1 && channels_ > 1) return out.expand({-1, channels_, -1, -1});
  return out;
}

Batch DeviceSplit::gather(const torch::Tensor& indices, BatchPlace place) const {
  torch::Tensor x = x_.index_select(0, indices);
  if (crop_flip_seed_) x = crop_and_flip(x, *crop_flip_seed_, place);
  return {normalised(x), y_.index_select(0, indices)};
}

Batch DeviceSplit::slice(std::int64_t first, std::int64_t last) const {
  return {normalised(x_.slice(0, first, last)), y_.slice(0, first, last)};
}

}  // namespace phew
