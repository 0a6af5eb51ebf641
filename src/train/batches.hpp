// DeviceSplit: a data set's split on the device, and batches of it.
#pragma once

#include "train/augmentation.hpp"
#include "train/dataset.hpp"
#include "train/torch_compat.hpp"

#include <cstdint>
#include <optional>
#include <utility>

namespace phew {

struct Batch {
  torch::Tensor x;  ///< [n, C, H, W] float, normalised
  torch::Tensor y;  ///< [n] classes, or [n, K] float targets
};

/// Channels of the images that a network reads; 1 if it reads features, whatever they are made of.
[[nodiscard]] std::int64_t input_channels(const Network& network);

/// The whole split lies on the device as it was read (one byte a value for images); a batch is one gather of examples,
/// normalised on the way, and before that cropped and flipped at random if so wished.
class DeviceSplit {
 public:
  /// `channels`: as many as the network reads; a single channel of the data is repeated to them (not copied).
  /// With `crop_flip_seed`, gather() crops and flips images.
  DeviceSplit(const Split& split, const Normalisation& normalisation, std::int64_t channels, torch::Device device,
              std::optional<std::uint64_t> crop_flip_seed = {});

  [[nodiscard]] std::int64_t size() const { return x_.size(0); }
  [[nodiscard]] bool is_regression() const { return y_.is_floating_point(); }
  /// The examples at these indices, [n] i64 on the device; `place` says which batch it is, for the crops.
  [[nodiscard]] Batch gather(const torch::Tensor& indices, BatchPlace place = {}) const;
  /// Examples first … last − 1, as they are.
  [[nodiscard]] Batch slice(std::int64_t first, std::int64_t last) const;

 private:
  [[nodiscard]] torch::Tensor normalised(const torch::Tensor& x) const;

  torch::Tensor x_, y_, mean_, factor_;
  std::int64_t channels_;
  std::optional<std::uint64_t> crop_flip_seed_;
};

}  // namespace phew
