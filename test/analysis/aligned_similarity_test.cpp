#include "analysis/aligned_similarity.hpp"

#include "analysis/unit_matching.hpp"
#include "graph/error.hpp"
#include "graph/zoo.hpp"
#include "support/random_network.hpp"
#include "support/relabelling.hpp"

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <cmath>

namespace {

using namespace phew;

/// Exactly counts[t] parameters of each tensor.
Mask exact_mask(const Network& network, const std::vector<std::int64_t>& counts, test::Dice& dice) {
  Mask mask(network.parameters());
  for (std::size_t t = 0; t < counts.size(); ++t)
    for (std::int64_t kept = 0; kept < counts[t];)
      kept += mask[t].set(dice.below(mask[t].rows()), dice.below(mask[t].columns()));
  return mask;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(aligned_similarity)

BOOST_AUTO_TEST_CASE(a_relabelled_mask_is_the_same_mask) {
  const Network network = make_network("mlp:40-30-20-5");
  const LayeredGraph graph(network);
  test::Dice dice(1);
  std::vector<Mask> masks{exact_mask(network, {200, 90, 20}, dice)};
  masks.push_back(relabelled(graph, masks[0], test::random_relabelling(unit_blocks(graph), dice)));
  const std::vector<MaskPair> pairs = aligned_pairs(graph, masks);
  BOOST_TEST(pairs.size() == 1U);
  const Similarity& s = pairs[0].similarity;
  BOOST_TEST(s.whole.value.value() == 1.0);
  BOOST_TEST(s.whole.corrected().value() == 1.0);
  BOOST_TEST(s.whole.unaligned.value() == similarity(masks[0], masks[1]).whole.value.value());
  BOOST_TEST(s.whole.unaligned.value() < 0.2);
  BOOST_TEST(!s.chance_global.has_value());
  for (std::size_t l = 0; l < 3; ++l) {
    BOOST_TEST(s.links[l].value.value() == 1.0);
    BOOST_TEST(s.links[l].unaligned.value() == similarity(masks[0], masks[1]).links[l].value.value());
  }
}

// Unrelated masks are at chance once it is raised as much as they are: within 4 standard errors of a difference, and
// above what independent masks have.
BOOST_AUTO_TEST_CASE(unrelated_masks_are_at_chance) {
  const Network network = make_network("mlp:20-15-12-4");
  const LayeredGraph graph(network);
  const std::vector<std::int64_t> counts{40, 30, 12};
  test::Dice dice(2);
  double mean = 0, squares = 0;
  constexpr int trials = 60;
  Jaccard last;
  for (int i = 0; i < trials; ++i) {
    const std::vector<Mask> masks{exact_mask(network, counts, dice), exact_mask(network, counts, dice)};
    last = aligned_pairs(graph, masks, {.chance_pairs = i + 1 < trials ? 2 : 60}).front().similarity.whole;
    const double before = mean;
    mean += (*last.value - mean) / (i + 1);
    squares += (*last.value - before) * (*last.value - mean);
  }
  const double error = std::sqrt(squares / (trials - 1) / trials);
  BOOST_TEST(error < 0.01);
  BOOST_TEST(last.chance_error.value() > 0.3 * error);
  BOOST_TEST(last.chance_error.value() < 3 * error);
  BOOST_TEST(std::abs(mean - last.chance.value()) < 4 * std::hypot(error, *last.chance_error));
  const double independent =
      similarity(exact_mask(network, counts, dice), exact_mask(network, counts, dice)).whole.chance.value();
  BOOST_TEST(last.chance.value() > independent + 10 * error);
}

// The standard error is that of the samples: chance levels of several seeds scatter as it says.
BOOST_AUTO_TEST_CASE(the_standard_error_is_that_of_the_mean) {
  const Network network = make_network("mlp:12-8-3");
  const LayeredGraph graph(network);
  test::Dice dice(3);
  const std::vector<Mask> masks{exact_mask(network, {20, 8}, dice), exact_mask(network, {30, 10}, dice)};
  double sum = 0, squares = 0, variance = 0;
  constexpr int seeds = 80;
  for (std::uint64_t seed = 0; seed < seeds; ++seed) {
    const Jaccard j = aligned_pairs(graph, masks, {.chance_pairs = 25, .seed = seed}).front().similarity.whole;
    sum += *j.chance, squares += *j.chance * *j.chance, variance += *j.chance_error * *j.chance_error;
  }
  const double scatter = (squares - sum * sum / seeds) / (seeds - 1);
  BOOST_TEST(scatter / (variance / seeds) > 0.6);
  BOOST_TEST(scatter / (variance / seeds) < 1.6);
}

BOOST_AUTO_TEST_CASE(threads_and_repeats_change_nothing_and_seeds_do) {
  const Network network = make_network("mlp:20-15-12-4");
  const LayeredGraph graph(network);
  test::Dice dice(4);
  std::vector<Mask> masks;
  for (int i = 0; i < 3; ++i) masks.push_back(exact_mask(network, {40 + i, 30, 12}, dice));
  std::atomic<int> calls = 0;
  const auto of = [&](int threads, std::uint64_t seed) {
    return aligned_pairs(
        graph, masks, {.chance_pairs = 5, .seed = seed, .threads = threads, .progress = [&](auto, auto) { ++calls; }});
  };
  const auto one = of(1, 0), many = of(4, 0), other = of(1, 1);
  BOOST_TEST(calls == 3 * (3 + 3 * 5));
  for (std::size_t i = 0; i < one.size(); ++i) {
    const Jaccard &x = one[i].similarity.whole, &y = many[i].similarity.whole, &z = other[i].similarity.whole;
    BOOST_TEST((x.value == y.value && x.chance == y.chance && x.chance_error == y.chance_error));
    BOOST_TEST((x.value == z.value && x.chance != z.chance));
  }
}

// Masks with equal numbers in each tensor share a simulation.
BOOST_AUTO_TEST_CASE(equal_densities_share_their_chance) {
  const Network network = make_network("mlp:20-15-4");
  const LayeredGraph graph(network);
  test::Dice dice(5);
  std::vector<Mask> masks;
  for (int i = 0; i < 4; ++i) masks.push_back(exact_mask(network, {40, 12}, dice));
  int calls = 0;
  const auto pairs = aligned_pairs(graph, masks, {.chance_pairs = 7, .progress = [&](auto, auto) { ++calls; }});
  BOOST_TEST(calls == 6 + 7);
  for (const MaskPair& pair : pairs) BOOST_TEST((pair.similarity.whole.chance == pairs[0].similarity.whole.chance));
}

BOOST_AUTO_TEST_CASE(empty_and_full_links) {
  const Network network = make_network("mlp:4-3-2");
  const LayeredGraph graph(network);
  const Mask empty(network.parameters()), full(network.parameters(), true);
  const auto of = [&](const Mask& a, const Mask& b) {
    return aligned_pairs(graph, std::vector{a, b}).front().similarity.whole;
  };
  BOOST_TEST(!of(empty, empty).value.has_value());
  BOOST_TEST(!of(empty, empty).chance.has_value());
  BOOST_TEST(of(full, full).chance.value() == 1.0);
  BOOST_TEST(!of(full, full).corrected().has_value());
  BOOST_TEST(of(empty, full).value.value() == 0.0);
  BOOST_CHECK_THROW((void)of(empty, Mask(make_network("mlp:4-4-2").parameters())), Error);
}

// What the groups' means say of aligned pairs.
BOOST_AUTO_TEST_CASE(groups_take_aligned_pairs) {
  const Network network = make_network("mlp:10-8-3");
  const LayeredGraph graph(network);
  test::Dice dice(6);
  std::vector<Mask> masks;
  for (int i = 0; i < 4; ++i) masks.push_back(exact_mask(network, {20 + i, 8}, dice));
  auto pairs = aligned_pairs(graph, masks);
  double value = 0, unaligned = 0, error = 0;
  for (const MaskPair& pair : pairs) {
    if (pair.first >= 2 || pair.second < 2) continue;
    value += *pair.similarity.whole.value / 4;
    unaligned += *pair.similarity.whole.unaligned / 4;
    error += *pair.similarity.whole.chance_error / 4;
  }
  const GroupSimilarity groups = compare_groups(std::move(pairs), 4, 2);
  BOOST_TEST(std::abs(*groups.across->whole.value.mean - value) < 1e-14);
  BOOST_TEST(std::abs(*groups.across->whole.unaligned.mean - unaligned) < 1e-14);
  BOOST_TEST(std::abs(*groups.across->whole.chance_error.mean - error) < 1e-14);
  BOOST_TEST(!groups.across->chance_global.mean.has_value());
  BOOST_TEST(groups.test->labelings == 6);
}

BOOST_AUTO_TEST_SUITE_END()
