// Random crops and flips of training images, on the device.
#pragma once

#include "train/torch_compat.hpp"

#include <cstdint>

namespace phew {

/// Zeros around an image from which a crop of its own size is taken (He et al. 2016, Sec. 4.2).
inline constexpr std::int64_t crop_border = 4;

/// Where a batch stands in training: what its random crops follow from.
struct BatchPlace {
  std::uint64_t epoch = 0;  ///< from 0
  std::int64_t first = 0;   ///< of the batch's examples in the epoch's order
};

/// What happens to one image: row and column of the crop within the bordered image, 0 … 2·crop_border, then a flip.
struct CropFlip {
  std::int64_t top = 0, left = 0;
  bool flip = false;
};

/// Of the example at a position of the epoch's order: step `position` of the stream (seed, Purpose::augmentation,
/// epoch). So it depends neither on the batch size nor on where a run was resumed.
[[nodiscard]] CropFlip draw_crop_flip(std::uint64_t seed, std::uint64_t epoch, std::int64_t position);

/// Images [n, C, H, W] of any type, each cropped and flipped by its own draw; a few batched operations on their device.
[[nodiscard]] torch::Tensor crop_and_flip(const torch::Tensor& images, std::uint64_t seed, BatchPlace place);

}  // namespace phew
