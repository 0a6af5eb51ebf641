#include "train/transformation.hpp"

#include "graph/error.hpp"
#include "graph/random_stream.hpp"

#include <array>
#include <cmath>
#include <cstring>
#include <utility>

namespace phew {
namespace {

constexpr double greatest_shear = 0.6;
constexpr int steps_a_turn = 12;

/// cos(30°·step), without libm, whose cosines differ between machines.
double cosine(int step) {
  const double half_root_3 = std::sqrt(3.0) / 2;
  const std::array<double, steps_a_turn> values{1,  half_root_3,  0.5,  0, -0.5, -half_root_3,
                                                -1, -half_root_3, -0.5, 0, 0.5,  half_root_3};
  return values[static_cast<std::size_t>(step % steps_a_turn)];
}
double sine(int step) { return cosine(step + steps_a_turn - 3); }

/// To a multiple of 2^-16. Shares of pixels are products of two such numbers, so the sums below are exact, and a
/// compiler that contracts a·b + c to one rounding changes no target.
double rounded(double share) { return std::round(share * 65536) / 65536; }

std::int64_t label_of(const Tensor& classes, std::int64_t i) {
  std::int64_t label = 0;
  std::memcpy(&label, classes.bytes.data() + static_cast<std::size_t>(i) * sizeof label, sizeof label);
  return label;
}

/// The first `per_class` examples of each class, in order.
std::vector<std::int64_t> pick(const Tensor& labels, std::int64_t classes, std::int64_t per_class) {
  std::vector<std::int64_t> picked, taken(static_cast<std::size_t>(classes));
  for (std::int64_t i = 0; i < labels.shape[0]; ++i)
    if (taken[static_cast<std::size_t>(label_of(labels, i))]++ < per_class) picked.push_back(i);
  return picked;
}

/// The task on the picked examples.
Split warped(const Split& from, const std::vector<std::int64_t>& picked, const std::vector<ImageWarp>& warps) {
  const std::int64_t height = from.x.shape[2], width = from.x.shape[3];
  const auto positions = static_cast<std::size_t>(height * width);
  const auto count = static_cast<std::int64_t>(picked.size());
  std::vector<std::byte> x(picked.size() * positions), labels(picked.size() * sizeof(std::int64_t));
  std::vector<float> y(picked.size() * positions);
  for (std::size_t i = 0; i < picked.size(); ++i) {
    const auto image = from.x.bytes.subspan(static_cast<std::size_t>(picked[i]) * positions, positions);
    const std::int64_t label = label_of(from.y, picked[i]);
    std::memcpy(x.data() + i * positions, image.data(), positions);
    std::memcpy(labels.data() + i * sizeof label, &label, sizeof label);
    warps[static_cast<std::size_t>(label)].apply(image, std::span(y).subspan(i * positions, positions));
  }
  return {make_tensor("images", DType::u8, {count, 1, height, width}, std::move(x)),
          make_tensor("targets", {count, height * width}, std::move(y)),
          make_tensor("classes", DType::i64, {count}, std::move(labels))};
}

}  // namespace

AffineWarp class_warp(std::int64_t c, std::uint64_t seed) {
  const auto bits = RandomStream(seed, Purpose::transformation, static_cast<std::uint64_t>(c)).block(0);
  const double u = unit_interval(bits[0], bits[1]);
  return {static_cast<int>(c % steps_a_turn), greatest_shear * (2 * u - 1)};
}

ImageWarp::ImageWarp(const AffineWarp& warp, Size2 size) {
  const double cos = cosine(warp.rotation), sin = sine(warp.rotation);
  const double centre_x = static_cast<double>(size.width - 1) / 2, centre_y = static_cast<double>(size.height - 1) / 2;
  for (std::int64_t row = 0; row < size.height; ++row)
    for (std::int64_t column = 0; column < size.width; ++column) {
      // Backwards from the output: undo the shear, then the rotation.
      const double y = static_cast<double>(row) - centre_y;
      const double x = static_cast<double>(column) - centre_x - warp.shear * y;
      const double from_x = cos * x - sin * y + centre_x, from_y = sin * x + cos * y + centre_y;
      const double left = std::floor(from_x), top = std::floor(from_y);
      const double across = rounded(from_x - left), down = rounded(from_y - top);
      for (const int dy : {0, 1})
        for (const int dx : {0, 1}) {
          const auto pixel_x = static_cast<std::int64_t>(left) + dx, pixel_y = static_cast<std::int64_t>(top) + dy;
          const double share = (dx == 1 ? across : 1 - across) * (dy == 1 ? down : 1 - down);
          const bool inside = pixel_x >= 0 && pixel_x < size.width && pixel_y >= 0 && pixel_y < size.height;
          taps_.push_back(inside ? Tap{static_cast<std::size_t>(pixel_y * size.width + pixel_x), share} : Tap{});
        }
    }
}

void ImageWarp::apply(std::span<const std::byte> image, std::span<float> out) const {
  for (std::size_t i = 0; i < out.size(); ++i) {
    double sum = 0;
    for (std::size_t t = i * taps_per_pixel; t < (i + 1) * taps_per_pixel; ++t)
      sum += taps_[t].share * std::to_integer<int>(image[taps_[t].pixel]);
    out[i] = static_cast<float>(sum / 255);
  }
}

Dataset transformation_task(const Dataset& images, std::uint64_t seed, std::int64_t per_class) {
  const Extent extent = images.extent();
  if (extent.channels != 1 || images.classes == 0 || images.train.x.dtype != DType::u8)
    fail(ExitCode::internal, "{}: expected images of one channel, with classes", images.name);
  std::vector<ImageWarp> warps;
  for (std::int64_t c = 0; c < images.classes; ++c)
    warps.emplace_back(class_warp(c, seed), Size2{extent.height, extent.width});
  Dataset task;
  task.train = warped(images.train, pick(images.train.y, images.classes, per_class), warps);
  task.test = warped(images.test, pick(images.test.y, images.classes, images.test.size()), warps);
  task.normalisation = {{0}, {255}};
  return task;
}

}  // namespace phew
