// The paper's image-transformation task (Appendix B): the network has to rotate and shear an image by amounts that
// depend on its class.
#pragma once

#include "train/dataset.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace phew {

/// A rotation, then a shear: in coordinates from the image's centre, x to the right and y down, the point (x, y) goes
/// to (x' + shear·y', y') where (x', y') is (x, y) turned counterclockwise.
struct AffineWarp {
  int rotation = 0;  ///< in steps of 30°
  double shear = 0;

  [[nodiscard]] int degrees() const { return 30 * rotation; }
};

/// Class c is turned by 30°·c and sheared by a coefficient from U(−0.6, 0.6), drawn from the stream
/// (seed, Purpose::transformation, c). The same on every machine.
[[nodiscard]] AffineWarp class_warp(std::int64_t c, std::uint64_t seed);

/// A warp of images of one size: bilinear interpolation, zero outside of the image, cropped to the size that it had.
class ImageWarp {
 public:
  ImageWarp(const AffineWarp& warp, Size2 size);
  /// Writes the warped image, 0 … 1, of height·width bytes. O(pixels).
  void apply(std::span<const std::byte> image, std::span<float> out) const;

 private:
  /// What an output pixel is made of: an input pixel and its share.
  struct Tap {
    std::size_t pixel = 0;
    double share = 0;
  };
  static constexpr std::size_t taps_per_pixel = 4;
  std::vector<Tap> taps_;  ///< four per output pixel
};

/// The task on a set of 1×H×W images with classes: inputs are their pixels as 0 … 1, targets [N, H·W] the warped
/// images, as 0 … 1. Training takes the first `per_class` examples of each class, in the set's order (the paper:
/// 1,000); the test takes all. Throws Error(internal) for other images.
[[nodiscard]] Dataset transformation_task(const Dataset& images, std::uint64_t seed, std::int64_t per_class = 1000);

}  // namespace phew
