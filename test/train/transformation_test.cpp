#include "train/transformation.hpp"

#include "archives.hpp"
#include "train/support.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <cmath>
#include <numbers>

namespace {

using phew::AffineWarp;
using phew::ImageWarp;

/// A warped image, row by row, of values 0 … 255.
std::vector<float> warp(const AffineWarp& w, phew::Size2 size, const std::vector<int>& image) {
  std::vector<std::byte> bytes;
  for (const int value : image) bytes.push_back(static_cast<std::byte>(value));
  std::vector<float> out(bytes.size());
  ImageWarp(w, size).apply(bytes, out);
  for (float& value : out) value = std::round(value * 255 * 1000) / 1000;
  return out;
}

/// The definition, in floating point with libm: where each output pixel came from, read between the pixels.
double reference(const AffineWarp& w, std::int64_t side, const std::vector<int>& image, std::int64_t row,
                 std::int64_t column) {
  const double angle = w.degrees() * std::numbers::pi / 180, centre = static_cast<double>(side - 1) / 2;
  const double y = static_cast<double>(row) - centre, x = static_cast<double>(column) - centre - w.shear * y;
  const double from_x = std::cos(angle) * x - std::sin(angle) * y + centre;
  const double from_y = std::sin(angle) * x + std::cos(angle) * y + centre;
  double sum = 0;
  for (std::int64_t r = 0; r < side; ++r)
    for (std::int64_t c = 0; c < side; ++c) {
      const double across = 1 - std::abs(from_x - static_cast<double>(c));
      const double down = 1 - std::abs(from_y - static_cast<double>(r));
      if (across > 0 && down > 0) sum += across * down * image[static_cast<std::size_t>(r * side + c)];
    }
  return sum / 255;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(transformation)

/// ```
///   1 2 3   turned by 90°, counterclockwise:   3 6 9
///   4 5 6                                      2 5 8
///   7 8 9                                      1 4 7
/// ```
BOOST_AUTO_TEST_CASE(quarter_turns_move_pixels) {
  const std::vector<int> image{1, 2, 3, 4, 5, 6, 7, 8, 9};
  BOOST_TEST(warp({0, 0}, {3, 3}, image) == (std::vector<float>{1, 2, 3, 4, 5, 6, 7, 8, 9}));
  BOOST_TEST(warp({3, 0}, {3, 3}, image) == (std::vector<float>{3, 6, 9, 2, 5, 8, 1, 4, 7}));
  BOOST_TEST(warp({6, 0}, {3, 3}, image) == (std::vector<float>{9, 8, 7, 6, 5, 4, 3, 2, 1}));
  BOOST_TEST(warp({9, 0}, {3, 3}, image) == (std::vector<float>{7, 4, 1, 8, 5, 2, 9, 6, 3}));
}

/// Rows above the centre go to the left, rows below to the right; what leaves the image is lost, zero comes in.
BOOST_AUTO_TEST_CASE(a_shear_shifts_rows) {
  BOOST_TEST(warp({0, 1}, {3, 3}, {1, 2, 3, 4, 5, 6, 7, 8, 9}) == (std::vector<float>{2, 3, 0, 4, 5, 6, 0, 7, 8}));
  BOOST_TEST(warp({0, 0.5}, {3, 3}, {10, 20, 30, 0, 0, 0, 0, 0, 0}) ==
             (std::vector<float>{15, 25, 15, 0, 0, 0, 0, 0, 0}));
}

BOOST_DATA_TEST_CASE(any_warp_equals_its_definition, boost::unit_test::data::xrange(12), rotation) {
  phew::test::Dice dice(static_cast<std::uint64_t>(rotation));
  const AffineWarp w{rotation, 1.2 * dice.uniform() - 0.6};
  std::vector<int> image;
  std::vector<std::byte> bytes;
  for (int i = 0; i < 121; ++i) {
    image.push_back(static_cast<int>(dice.below(256)));
    bytes.push_back(static_cast<std::byte>(image.back()));
  }
  std::vector<float> out(121);
  ImageWarp(w, {11, 11}).apply(bytes, out);
  for (std::int64_t i = 0; i < 121; ++i)
    BOOST_TEST(std::abs(out[static_cast<std::size_t>(i)] - reference(w, 11, image, i / 11, i % 11)) < 1e-4);
}

BOOST_AUTO_TEST_CASE(classes_turn_by_30_degrees_each_and_shear_within_the_papers_range) {
  double sum = 0;
  for (std::int64_t c = 0; c < 1000; ++c) {
    const AffineWarp w = phew::class_warp(c, 5);
    BOOST_TEST(w.degrees() == 30 * (c % 12));
    BOOST_REQUIRE(std::abs(w.shear) <= 0.6);
    sum += w.shear;
  }
  BOOST_TEST(std::abs(sum / 1000) < 0.05);  // 5 standard errors
  BOOST_TEST(phew::class_warp(3, 0).shear == phew::class_warp(3, 0).shear);
  BOOST_TEST(phew::class_warp(3, 0).shear != phew::class_warp(3, 1).shear);
  BOOST_TEST(phew::class_warp(3, 0).shear != phew::class_warp(4, 0).shear);
}

BOOST_AUTO_TEST_CASE(the_task_takes_the_first_of_each_class_and_all_test_images) {
  const phew::Dataset images = phew::test::banded_data(60, 20, 6, 3);
  const phew::Dataset task = phew::transformation_task(images, 1, 4);
  BOOST_TEST(task.is_regression());
  BOOST_TEST(task.train.size() == 12);
  BOOST_TEST(task.test.size() == 20);
  BOOST_TEST(task.train.y.shape == (phew::Shape{12, 36}));
  BOOST_TEST(task.outputs() == 36);
  BOOST_TEST(task.normalisation.deviation == std::vector<double>{255});

  const auto source = phew::test::labels(images.train.y), labels = phew::test::labels(task.train.classes);
  std::vector<int> taken(3);
  std::size_t next = 0;
  for (std::size_t i = 0; i < source.size(); ++i) {
    if (taken[static_cast<std::size_t>(source[i])]++ >= 4) continue;
    BOOST_REQUIRE(labels.at(next) == source[i]);
    std::vector<float> target(36);
    const auto image = images.train.x.bytes.subspan(i * 36, 36);
    ImageWarp(phew::class_warp(source[i], 1), {6, 6}).apply(image, target);
    BOOST_TEST(std::ranges::equal(target, float_values(task.train.y).subspan(next * 36, 36)));
    BOOST_TEST(std::ranges::equal(image, task.train.x.bytes.subspan(next * 36, 36)));
    ++next;
  }
  BOOST_TEST(next == 12U);
  BOOST_TEST(hash_of(task) == hash_of(phew::transformation_task(images, 1, 4)));
  BOOST_TEST(hash_of(task) != hash_of(phew::transformation_task(images, 2, 4)));

  phew::Dataset part = task;
  phew::keep_first(part, 5);
  BOOST_TEST(part.train.classes.shape == phew::Shape{5});
}

BOOST_AUTO_TEST_SUITE_END()
