#include "train/augmentation.hpp"

#include "train/batches.hpp"
#include "train/data_order.hpp"
#include "train/support.hpp"
#include "train/torch_tensor.hpp"

#include <boost/test/unit_test.hpp>

namespace {

const torch::Device cpu(torch::kCPU);

/// One image at a time, one pixel at a time.
torch::Tensor reference(const torch::Tensor& images, std::uint64_t seed, phew::BatchPlace place) {
  const torch::Tensor out = torch::zeros_like(images);
  for (std::int64_t i = 0; i < images.size(0); ++i) {
    const phew::CropFlip draw = phew::draw_crop_flip(seed, place.epoch, place.first + i);
    for (std::int64_t c = 0; c < images.size(1); ++c)
      for (std::int64_t h = 0; h < images.size(2); ++h)
        for (std::int64_t w = 0; w < images.size(3); ++w) {
          const std::int64_t column = draw.flip ? images.size(3) - 1 - w : w;
          const std::int64_t from_h = h + draw.top - phew::crop_border, from_w = column + draw.left - phew::crop_border;
          const bool inside = from_h >= 0 && from_h < images.size(2) && from_w >= 0 && from_w < images.size(3);
          if (inside) out[i][c][h][w] = images[i][c][from_h][from_w];
        }
  }
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(augmentation)

BOOST_AUTO_TEST_CASE(a_batch_equals_its_images_one_by_one) {
  for (const auto type : {torch::kByte, torch::kFloat}) {
    const torch::Tensor images = torch::arange(1, 12 * 3 * 6 * 5 + 1).view({12, 3, 6, 5}).to(type);
    for (const phew::BatchPlace place : {phew::BatchPlace{0, 0}, phew::BatchPlace{3, 40}}) {
      const torch::Tensor out = phew::crop_and_flip(images, 7, place);
      BOOST_TEST((out.scalar_type() == type));
      BOOST_TEST(torch::equal(out, reference(images, 7, place)));
    }
  }
}

BOOST_AUTO_TEST_CASE(draws_are_even_and_differ_by_seed_epoch_and_position) {
  constexpr int count = 9000;
  std::array<int, 9> top{}, left{};
  int flips = 0, same_epoch = 0, same_seed = 0;
  for (int i = 0; i < count; ++i) {
    const phew::CropFlip draw = phew::draw_crop_flip(1, 2, i);
    ++top.at(static_cast<std::size_t>(draw.top));
    ++left.at(static_cast<std::size_t>(draw.left));
    flips += draw.flip;
    const auto same = [&](const phew::CropFlip& b) {
      return draw.top == b.top && draw.left == b.left && draw.flip == b.flip;
    };
    same_epoch += same(phew::draw_crop_flip(1, 3, i));
    same_seed += same(phew::draw_crop_flip(2, 2, i));
  }
  // 1000 ± 5 standard deviations of 30; flips 4500 ± 5 · 47; equal draws by chance 9000 / 162 = 56 ± 5 · 7.4.
  for (std::size_t i = 0; i < 9; ++i) {
    BOOST_TEST(std::abs(top[i] - 1000) < 150);
    BOOST_TEST(std::abs(left[i] - 1000) < 150);
  }
  BOOST_TEST(std::abs(flips - 4500) < 235);
  BOOST_TEST(same_epoch < 93);
  BOOST_TEST(same_seed < 93);
}

/// Batches of any size see the same crops, since they follow from an example's place in the epoch's order.
BOOST_AUTO_TEST_CASE(gathering_crops_before_it_normalises_and_does_not_depend_on_batches) {
  const phew::Dataset data = phew::test::banded_data(20, 4, 8, 3);
  const phew::DeviceSplit plain(data.train, data.normalisation, 3, cpu);
  const phew::DeviceSplit cropped(data.train, data.normalisation, 3, cpu, 11);
  const torch::Tensor order = torch::tensor(phew::data_order(20, 0, 0), torch::kLong);
  const phew::Batch whole = cropped.gather(order, {4, 0});
  BOOST_TEST(whole.x.sizes() == (std::vector<std::int64_t>{20, 3, 8, 8}));
  const torch::Tensor images = reference(to_torch(data.train.x).index_select(0, order), 11, {4, 0});
  const torch::Tensor expected =
      (images.to(torch::kFloat) - data.normalisation.mean[0]) / data.normalisation.deviation[0];
  BOOST_TEST(torch::allclose(whole.x, expected.expand({20, 3, 8, 8}), 1e-6, 1e-6));
  BOOST_TEST(torch::equal(whole.y, plain.gather(order).y));
  BOOST_TEST(!torch::equal(whole.x, plain.gather(order, {4, 0}).x));
  BOOST_TEST(torch::equal(cropped.slice(0, 20).x, plain.slice(0, 20).x));
  for (std::int64_t first = 0; first < 20; first += 5)
    BOOST_TEST(torch::equal(cropped.gather(order.slice(0, first, first + 5), {4, first}).x,
                            whole.x.slice(0, first, first + 5)));
}

BOOST_AUTO_TEST_SUITE_END()
