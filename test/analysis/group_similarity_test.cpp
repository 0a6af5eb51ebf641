#include "analysis/group_similarity.hpp"

#include "graph/error.hpp"
#include "graph/zoo.hpp"
#include "support/random_network.hpp"

#include <boost/test/unit_test.hpp>

namespace {

std::vector<phew::Mask> random_masks(const phew::Network& network, std::size_t count) {
  phew::test::Dice dice(count);
  std::vector<phew::Mask> masks;
  for (std::size_t i = 0; i < count; ++i) masks.push_back(phew::test::random_mask(network, dice));
  return masks;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(group_similarity, *boost::unit_test::tolerance(1e-13))

BOOST_AUTO_TEST_CASE(two_masks_are_their_pair) {
  const auto masks = random_masks(phew::make_network("mlp:5-4-3"), 2);
  const phew::GroupSimilarity g = phew::compare_groups(masks, 2);
  const phew::Similarity s = phew::similarity(masks[0], masks[1]);
  BOOST_TEST(g.pairs.size() == 1U);
  BOOST_TEST(!g.across.has_value());
  BOOST_TEST(!g.test.has_value());
  BOOST_TEST(g.asked().whole.value.mean.value() == s.whole.value.value());
  BOOST_TEST(g.asked().whole.corrected.mean.value() == s.whole.corrected().value());
  BOOST_TEST(g.asked().chance_global.mean.value() == s.chance_global.value());
  BOOST_TEST(g.asked().links[1].chance.mean.has_value() == s.links[1].chance.has_value());
}

// A: masks 0 and 1; B: 2, 3 and 4. Means over the pairs of each kind, counted by hand.
BOOST_AUTO_TEST_CASE(pairs_go_where_they_belong) {
  const auto masks = random_masks(phew::make_network("mlp:9-8-7"), 5);
  const phew::GroupSimilarity g = phew::compare_groups(masks, 2);
  const auto j = [&](std::size_t a, std::size_t b) { return phew::similarity(masks[a], masks[b]).whole.value.value(); };
  BOOST_TEST(g.within_a->whole.value.mean.value() == j(0, 1));
  BOOST_TEST(g.within_b->whole.value.mean.value() == (j(2, 3) + j(2, 4) + j(3, 4)) / 3);
  BOOST_TEST(g.across->whole.value.mean.value() == (j(0, 2) + j(0, 3) + j(0, 4) + j(1, 2) + j(1, 3) + j(1, 4)) / 6);
  BOOST_TEST(g.test->labelings == 10);
  BOOST_TEST(g.test->smallest_p == 0.1);
}

BOOST_AUTO_TEST_CASE(one_mask_against_several) {
  const auto masks = random_masks(phew::make_network("mlp:9-8-7"), 4);
  const phew::GroupSimilarity g = phew::compare_groups(masks, 1);
  BOOST_TEST(!g.within_a.has_value());
  BOOST_TEST(g.across->whole.value.pairs == 3);
  BOOST_TEST(g.test->smallest_p == 0.25);
  BOOST_TEST(g.across->whole.value.low.has_value());
}

BOOST_AUTO_TEST_CASE(one_mask_alone_is_no_comparison) {
  const auto masks = random_masks(phew::make_network("mlp:5-4-3"), 1);
  BOOST_CHECK_THROW((void)phew::compare_groups(masks, 1), phew::Error);
}

BOOST_AUTO_TEST_SUITE_END()
