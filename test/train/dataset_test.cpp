#include "train/dataset.hpp"

#include "graph/zoo.hpp"
#include "train/support.hpp"

#include <boost/test/unit_test.hpp>

using phew::test::banded_data;
using phew::test::thrown_by;

BOOST_AUTO_TEST_SUITE(dataset)

/// ```
///   a b        . . . .
///   c d   →    . a b .     with a border of two for 28×28
///              . c d .
///              . . . .
/// ```
BOOST_AUTO_TEST_CASE(images_of_28_are_zero_padded_to_32) {
  phew::Dataset data = banded_data(3, 2, 28, 10);
  const phew::Dataset before = data;
  phew::fit_to(data, phew::make_network("resnet20"));
  BOOST_TEST(data.train.x.shape == (phew::Shape{3, 1, 32, 32}));
  BOOST_TEST(data.test.x.shape == (phew::Shape{2, 1, 32, 32}));
  for (std::size_t image = 0; image < 3; ++image)
    for (std::size_t r = 0; r < 32; ++r)
      for (std::size_t c = 0; c < 32; ++c) {
        const bool inside = r >= 2 && r < 30 && c >= 2 && c < 30;
        const std::byte expected = inside ? before.train.x.bytes[(image * 28 + r - 2) * 28 + c - 2] : std::byte{0};
        BOOST_REQUIRE(data.train.x.bytes[(image * 32 + r) * 32 + c] == expected);
      }
}

BOOST_AUTO_TEST_CASE(images_that_fit_are_left_as_they_are) {
  phew::Dataset data = banded_data(3, 2, 28, 10);
  const auto* bytes = data.train.x.bytes.data();
  phew::fit_to(data, phew::make_network("lenet-300-100"));
  BOOST_TEST(data.train.x.bytes.data() == bytes);
  phew::fit_to(data, phew::make_network("resnet20,input=1x28x28"));
  BOOST_TEST(data.train.x.bytes.data() == bytes);
}

BOOST_AUTO_TEST_CASE(what_does_not_fit_is_refused) {
  const auto fitting = [](const char* network, std::int64_t size) {
    phew::Dataset data = banded_data(2, 2, size, 10);
    return thrown_by([&] { phew::fit_to(data, phew::make_network(network)); });
  };
  BOOST_TEST(fitting("resnet20", 28).code == 0);
  for (const auto& [network, size] : {std::pair{"resnet20", 27}, {"resnet20,input=3x64x64", 28}, {"mlp:783-10", 28}}) {
    const auto thrown = fitting(network, size);
    BOOST_TEST(thrown.code == 65);
    BOOST_TEST(thrown.mentions("images of 1x" + std::to_string(size)));
  }
  const auto classes = fitting("resnet20,classes=100", 28);
  BOOST_TEST(classes.code == 65);
  BOOST_TEST(classes.mentions("found 100 outputs, expected 10"));
}

BOOST_AUTO_TEST_CASE(the_first_examples_share_bytes_and_normalisation) {
  const phew::Dataset whole = banded_data(9, 4, 6, 3);
  phew::Dataset part = whole;
  phew::keep_first(part, 5);
  BOOST_TEST(part.train.size() == 5);
  BOOST_TEST(part.test.size() == 4);
  BOOST_TEST(part.train.x.bytes.size() == 5U * 36);
  BOOST_TEST(part.train.y.bytes.size() == 5U * 8);
  BOOST_TEST(part.train.x.bytes.data() == whole.train.x.bytes.data());
  BOOST_TEST(part.normalisation.mean == whole.normalisation.mean);
}

BOOST_AUTO_TEST_CASE(the_hash_tells_any_change_of_the_data) {
  const phew::Dataset data = banded_data(4, 2, 6, 3);
  BOOST_TEST(hash_of(data) == hash_of(banded_data(4, 2, 6, 3)));
  phew::Dataset part = data;
  phew::keep_first(part, 3);
  BOOST_TEST(hash_of(part) != hash_of(data));
  std::vector<std::byte> labels(data.test.y.bytes.begin(), data.test.y.bytes.end());
  labels[0] ^= std::byte{1};
  part = data;
  part.test.y = phew::make_tensor("y", phew::DType::i64, data.test.y.shape, std::move(labels));
  BOOST_TEST(hash_of(part) != hash_of(data));
}

BOOST_AUTO_TEST_CASE(normalisation_is_per_channel_and_never_divides_by_zero) {
  // Two images of two channels of one position: channel 0 is 10 and 20, channel 1 is 7 and 7.
  const auto x =
      phew::make_tensor("x", phew::DType::u8, {2, 2, 1, 1}, {std::byte{10}, std::byte{7}, std::byte{20}, std::byte{7}});
  const phew::Normalisation n = phew::channel_normalisation(x);
  BOOST_TEST(n.mean == (std::vector<double>{15, 7}));
  BOOST_TEST(n.deviation == (std::vector<double>{5, 1}));
}

BOOST_AUTO_TEST_SUITE_END()
