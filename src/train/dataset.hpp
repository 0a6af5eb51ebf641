// Dataset: examples in memory, as they came from their files.
#pragma once

#include "graph/network.hpp"
#include "graph/tensor.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace phew {

/// Examples and what is to be learned of them.
struct Split {
  Tensor x;  ///< [N, C, H, W], u8 (0 … 255) or f32
  Tensor y;  ///< [N], i64: classes

  [[nodiscard]] std::int64_t size() const { return x.shape.empty() ? 0 : x.shape.front(); }
};

/// What normalisation subtracts and divides by, one number per channel, in the units of x.
struct Normalisation {
  std::vector<double> mean, deviation;
};

struct Dataset {
  std::string name;
  std::int64_t classes = 0;
  Split train, test;
  Normalisation normalisation;

  /// Channels, height and width of an example.
  [[nodiscard]] Extent extent() const;
};

/// Mean and standard deviation of each channel over all examples and positions; a constant channel has deviation 1.
/// u8: exact sums, so the same numbers everywhere. O(values). Throws Error(internal) for other types.
[[nodiscard]] Normalisation channel_normalisation(const Tensor& x);

/// The first `count` examples of both splits (all if there are fewer). Shares the bytes. The normalisation stays that
/// of the whole.
void keep_first(Dataset& data, std::int64_t count);

/// Makes the images fit the network: 28×28 images are zero-padded to 32×32 where it reads 32×32. One channel may feed
/// a network of several (it is repeated when batches are made), and an MLP takes the image flattened.
/// Throws Error(data) saying what was found and expected if they do not fit, or if the network's outputs are not as
/// many as the classes.
void fit_to(Dataset& data, const Network& network);

/// 128-bit XXH3 of the examples and targets of both splits, as 32 hexadecimal digits.
[[nodiscard]] std::string hash_of(const Dataset& data);

}  // namespace phew
