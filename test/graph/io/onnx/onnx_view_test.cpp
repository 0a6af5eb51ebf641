#include "graph/io/onnx/view.hpp"

#include <boost/test/unit_test.hpp>

#include <numeric>
#include <random>

namespace phew::onnx {
namespace {

using Ids = std::vector<std::int64_t>;

/// A tensor by its elements: what a view must agree with after the same reshapes and transposes.
struct Explicit {
  Shape shape;
  Ids channels;  ///< of each element, in C order

  explicit Explicit(const View& view) : shape(view.shape()) {
    Ids strides(shape.size(), 1);
    for (std::size_t d = shape.size(); d-- > 1;) strides[d - 1] = strides[d] * shape[d];
    const std::int64_t size = std::accumulate(shape.begin(), shape.end(), std::int64_t{1}, std::multiplies<>{});
    for (std::int64_t e = 0; e < size; ++e) {
      std::int64_t channel = 0;
      for (std::size_t d = 0; d < shape.size(); ++d) {
        std::int64_t index = e / strides[d] % shape[d];
        for (std::size_t a = view[d].size(); a-- > 0; index /= view[d][a].extent)
          if (view[d][a].axis == Axis::channel) channel += index % view[d][a].extent * view[d][a].stride;
      }
      channels.push_back(channel);
    }
  }

  void transpose(const Ids& permutation) {
    Ids strides(shape.size(), 1), moved;
    for (std::size_t d = shape.size(); d-- > 1;) strides[d - 1] = strides[d] * shape[d];
    Shape to;
    for (const std::int64_t axis : permutation) to.push_back(shape[static_cast<std::size_t>(axis)]);
    for (std::size_t e = 0; e < channels.size(); ++e) {
      std::int64_t rest = static_cast<std::int64_t>(e), from = 0;
      for (std::size_t d = to.size(); d-- > 0; rest /= to[d])
        from += rest % to[d] * strides[static_cast<std::size_t>(permutation[d])];
      moved.push_back(channels[static_cast<std::size_t>(from)]);
    }
    shape = to;
    channels = moved;
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(onnx_view)

BOOST_AUTO_TEST_CASE(an_identity_merges_and_splits) {
  const View map(2, {6, 4, 5}, false);
  BOOST_TEST((map.shape() == Shape{2, 6, 4, 5}));
  const View flat = *map.reshaped({2, 120});
  BOOST_TEST((flat.has_positions(1) && flat.has(1, Axis::channel)));
  BOOST_TEST((*flat.reshaped({2, 6, 4, 5}) == map));
  BOOST_TEST((*map.reshaped({2, 2, 3, 20})->reshaped({2, 6, 4, 5}) == map));
  BOOST_TEST(!map.reshaped({2, 5, 24}).has_value());  // would cut the channels unevenly
  BOOST_TEST(!map.reshaped({2, 6, 4}).has_value());
}

/// Reshapes into random factors and transposes, many times over: the view says what the elements say.
BOOST_AUTO_TEST_CASE(it_agrees_with_the_elements) {
  std::mt19937 random(7);
  for (int round = 0; round < 200; ++round) {
    View view(2, {12, 2, 3}, false);
    Explicit elements(view);
    for (int step = 0; step < 6; ++step) {
      Ids permutation(view.rank());
      std::iota(permutation.begin(), permutation.end(), 0);
      std::ranges::shuffle(permutation, random);
      view = view.transposed(permutation);
      elements.transpose(permutation);
      Shape shape{1};
      for (std::int64_t factor : {2, 2, 3, 2, 2, 3}) {
        if (random() % 2 == 0) shape.push_back(1);
        shape.back() *= factor;
      }
      if (auto reshaped = view.reshaped(shape)) {
        view = *reshaped;
        elements.shape = shape;
      }
      BOOST_REQUIRE((view.shape() == elements.shape));
      BOOST_REQUIRE((Explicit(view).channels == elements.channels));
    }
  }
}

BOOST_AUTO_TEST_CASE(renumbered_channels_are_those_of_the_selection) {
  const View shuffled = View(1, {6, 1, 1}, true).reshaped({1, 2, 3})->transposed(Ids{0, 2, 1});
  BOOST_TEST((shuffled.channels() == Ids{0, 3, 1, 4, 2, 5}));
  BOOST_TEST((shuffled.renumbered().channels() == Ids{0, 1, 2, 3, 4, 5}));
  const Ids taken{2, 0};
  BOOST_TEST((shuffled.channels(1, taken) == Ids{2, 5, 0, 3}));
  BOOST_TEST((shuffled.renumbered(1, 2).shape() == Shape{1, 2, 2}));
  BOOST_TEST((shuffled.renumbered(1, 2).channels() == Ids{0, 1, 2, 3}));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace phew::onnx
