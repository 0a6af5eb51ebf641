#include "train/augmentation.hpp"

#include "graph/random_stream.hpp"

namespace phew {

CropFlip draw_crop_flip(std::uint64_t seed, std::uint64_t epoch, std::int64_t position) {
  const auto bits = RandomStream(seed, Purpose::augmentation, epoch).block(static_cast<std::uint32_t>(position));
  constexpr auto places = static_cast<std::uint32_t>(2 * crop_border + 1);
  return {below(places, bits[0]), below(places, bits[1]), below(2U, bits[2]) == 1};
}

torch::Tensor crop_and_flip(const torch::Tensor& images, std::uint64_t seed, BatchPlace place) {
  const std::int64_t count = images.size(0), channels = images.size(1), height = images.size(2), width = images.size(3);
  // The draws are made here, a few bytes an image, and sent over once; the images never leave the device.
  torch::Tensor draws = torch::empty({3, count, 1}, torch::kLong);
  auto* const values = draws.data_ptr<std::int64_t>();
  for (std::int64_t i = 0; i < count; ++i) {
    const CropFlip draw = draw_crop_flip(seed, place.epoch, place.first + i);
    values[i] = draw.top;
    values[count + i] = draw.left;
    values[2 * count + i] = draw.flip ? 1 : 0;
  }
  draws = draws.to(images.device());
  const torch::Tensor across = torch::arange(width, draws.options()), down = torch::arange(height, draws.options());
  // Column w of a flipped crop is its column W − 1 − w: w + flip · (W − 1 − 2w).
  const torch::Tensor columns = draws[1] + across + draws[2] * (width - 1 - 2 * across);  // [n, W]
  const torch::Tensor rows = draws[0] + down;                                             // [n, H]
  const torch::Tensor positions = rows.unsqueeze(2) * (width + 2 * crop_border) + columns.unsqueeze(1);
  return torch::constant_pad_nd(images, {crop_border, crop_border, crop_border, crop_border})
      .flatten(2)
      .gather(2, positions.view({count, 1, height * width}).expand({count, channels, height * width}))
      .view({count, channels, height, width});
}

}  // namespace phew
