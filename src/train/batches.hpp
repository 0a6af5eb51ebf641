// DeviceSplit: a data set's split on the device, and batches of it.
#pragma once

#include "train/dataset.hpp"
#include "train/torch_compat.hpp"

#include <cstdint>
#include <utility>

namespace phew {

struct Batch {
  torch::Tensor x;  ///< [n, C, H, W] float, normalised
  torch::Tensor y;  ///< [n] classes
};

/// The whole split lies on the device as it was read (one byte a value for images); a batch is one gather of examples,
/// normalised on the way.
class DeviceSplit {
 public:
  /// `channels`: as many as the network reads; a single channel of the data is repeated to them (not copied).
  DeviceSplit(const Split& split, const Normalisation& normalisation, std::int64_t channels, torch::Device device);

  [[nodiscard]] std::int64_t size() const { return x_.size(0); }
  /// The examples at these indices, [n] i64 on the device.
  [[nodiscard]] Batch gather(const torch::Tensor& indices) const;
  /// Examples first … last − 1.
  [[nodiscard]] Batch slice(std::int64_t first, std::int64_t last) const;

 private:
  [[nodiscard]] torch::Tensor normalised(const torch::Tensor& x) const;

  torch::Tensor x_, y_, mean_, factor_;
  std::int64_t channels_;
};

}  // namespace phew
