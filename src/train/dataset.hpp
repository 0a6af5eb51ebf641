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
  Tensor x;             ///< [N, C, H, W], u8 (0 … 255) or f32
  Tensor y;             ///< [N], i64: classes; or [N, K], f32: targets of a regression
  Tensor classes = {};  ///< [N], i64: classes of examples whose y are targets, where they have any; else empty

  [[nodiscard]] std::int64_t size() const { return x.shape.empty() ? 0 : x.shape.front(); }
};

/// What normalisation subtracts and divides by, in the units of x: one number per channel, or one for all.
struct Normalisation {
  std::vector<double> mean, deviation;
};

struct Dataset {
  std::string name;
  std::int64_t classes = 0;  ///< 0: a regression
  Split train, test;
  Normalisation normalisation;
  bool classes_are_at_least = false;  ///< `classes` is only the highest one seen; a network may have more outputs

  /// Channels, height and width of an example.
  [[nodiscard]] Extent extent() const;
  [[nodiscard]] bool is_regression() const { return classes == 0; }
  /// Outputs of a network that learns it: classes, or targets of an example.
  [[nodiscard]] std::int64_t outputs() const { return is_regression() ? train.y.shape[1] : classes; }
};

/// No data set has as many classes: a guard against labels that are something else.
inline constexpr std::int64_t most_classes = std::int64_t{1} << 24;

/// Mean and standard deviation of each channel over all examples and positions; a constant channel has deviation 1.
/// u8: exact sums, so the same numbers everywhere. O(values). Throws Error(internal) for other types.
[[nodiscard]] Normalisation channel_normalisation(const Tensor& x);

/// The first `count` examples of both splits (all if there are fewer). Shares the bytes. The normalisation stays that
/// of the whole.
void keep_first(Dataset& data, std::int64_t count);

/// Makes the images fit the network: 28×28 images are zero-padded to 32×32 where it reads 32×32. One channel may feed
/// a network of several (it is repeated when batches are made), and an MLP takes the image flattened.
/// Throws Error(data) saying what was found and expected if they do not fit, or if the network's outputs are not as
/// many as the classes or targets.
void fit_to(Dataset& data, const Network& network);

/// The loss for these data where the user named none: "mse" for a regression, else "cross-entropy".
[[nodiscard]] std::string default_loss(const Dataset& data);

/// Throws Error(usage), naming the flag, for a loss or an augmentation that these data do not allow: a regression takes
/// mse alone, and crops and flips are for images with classes.
void check_settings(const Dataset& data, const std::string& loss, const std::string& augment);

/// 128-bit XXH3 of the examples and targets of both splits, as 32 hexadecimal digits.
[[nodiscard]] std::string hash_of(const Dataset& data);

}  // namespace phew
