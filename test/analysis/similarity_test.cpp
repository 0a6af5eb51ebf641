#include "analysis/similarity.hpp"

#include "graph/error.hpp"
#include "support/random_network.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <cmath>
#include <set>

namespace data = boost::unit_test::data;

namespace {

/// A mask of one tensor from rows of '0' and '1'.
phew::BitMatrix bits(const std::vector<std::string>& rows) {
  phew::BitMatrix m(static_cast<std::int64_t>(rows.size()), static_cast<std::int64_t>(rows[0].size()));
  for (std::int64_t r = 0; r < m.rows(); ++r)
    for (std::int64_t c = 0; c < m.columns(); ++c)
      if (rows[r][c] == '1') m.set(r, c);
  return m;
}

/// Exactly `kept` of n bits, each set of that size with equal chance.
phew::BitMatrix random_bits(phew::test::Dice& dice, std::int64_t n, std::int64_t kept) {
  phew::BitMatrix m(1, n);
  for (std::int64_t set = 0; set < kept;) set += m.set(0, dice.below(n));
  return m;
}

std::vector<phew::Parameter> parameters_of_sizes(const std::vector<std::int64_t>& sizes) {
  std::vector<phew::Parameter> parameters;
  for (const std::int64_t n : sizes) parameters.push_back({"p" + std::to_string(parameters.size()), {1, n}});
  return parameters;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(similarity)

//   a: 110  b: 101     both 1 of 3 + 1, either 3 + 1: in all both 2, either 4
//      001     001     a keeps 3 of 6, b keeps 3 of 6: chance ¼/(1 − ¼) = 1/3
BOOST_AUTO_TEST_CASE(two_small_masks) {
  const phew::Overlap o = phew::overlap(bits({"110", "001"}), bits({"101", "001"}));
  BOOST_TEST(o.size == 6);
  BOOST_TEST(o.kept_a == 3);
  BOOST_TEST(o.kept_b == 3);
  BOOST_TEST(o.both == 2);
  BOOST_TEST(o.either == 4);
  const phew::Similarity s = phew::similarity(std::span(&o, 1));
  BOOST_TEST(s.links.at(0).value.value() == 0.5);
  BOOST_TEST(s.links.at(0).chance.value() == 1.0 / 3, boost::test_tools::tolerance(1e-15));
  BOOST_TEST(s.links.at(0).corrected().value() == 0.25, boost::test_tools::tolerance(1e-15));
}

BOOST_AUTO_TEST_CASE(empty_and_full_links) {
  const auto pair_of = [](const char* a, const char* b) {
    const phew::Overlap o = phew::overlap(bits({a}), bits({b}));
    return phew::similarity(std::span(&o, 1)).links[0];
  };
  const phew::Jaccard both_empty = pair_of("0000", "0000");
  BOOST_TEST(!both_empty.value.has_value());
  BOOST_TEST(!both_empty.chance.has_value());
  BOOST_TEST(!both_empty.corrected().has_value());
  const phew::Jaccard one_empty = pair_of("0000", "0110");
  BOOST_TEST(one_empty.value.value() == 0.0);
  BOOST_TEST(one_empty.chance.value() == 0.0);
  BOOST_TEST(one_empty.corrected().value() == 0.0);
  const phew::Jaccard both_full = pair_of("1111", "1111");
  BOOST_TEST(both_full.value.value() == 1.0);
  BOOST_TEST(both_full.chance.value() == 1.0);
  BOOST_TEST(!both_full.corrected().has_value());
}

// Two tensors: p = q = 1 in the first (n = 2), p = ½, q = ¼ in the second (n = 8).
//   chance of the whole: (2·1 + 8·⅛) / (2·1 + 8·(¾ − ⅛)) = 3/7; spread evenly: p = 6/10, q = 4/10: .24/.76
BOOST_AUTO_TEST_CASE(the_whole_keeps_the_links_densities_and_the_global_chance_does_not) {
  const phew::Overlap o[] = {phew::overlap(bits({"11"}), bits({"11"})),
                             phew::overlap(bits({"11110000"}), bits({"01000001"}))};
  const phew::Similarity s = phew::similarity(o);
  BOOST_TEST(s.whole.value.value() == 3.0 / 7, boost::test_tools::tolerance(1e-15));
  BOOST_TEST(s.whole.chance.value() == 3.0 / 7, boost::test_tools::tolerance(1e-15));
  BOOST_TEST(s.whole.corrected().value() == 0.0);
  BOOST_TEST(s.chance_global.value() == 0.24 / 0.76, boost::test_tools::tolerance(1e-15));
}

BOOST_DATA_TEST_CASE(agrees_with_sets_of_positions, data::xrange(200), seed) {
  phew::test::Dice dice(static_cast<std::uint64_t>(seed));
  const auto random_matrix = [&, rows = dice.between(1, 5), columns = dice.between(1, 150)] {
    phew::BitMatrix m(rows, columns);
    const double density = dice.uniform();
    for (std::int64_t r = 0; r < rows; ++r)
      for (std::int64_t c = 0; c < columns; ++c)
        if (dice.chance(density)) m.set(r, c);
    return m;
  };
  const phew::BitMatrix a = random_matrix(), b = random_matrix();
  using Position = std::pair<std::int64_t, std::int64_t>;
  std::set<Position> in_a, in_b, in_both, in_either;
  for (std::int64_t r = 0; r < a.rows(); ++r) {
    for (std::int64_t c = 0; c < a.columns(); ++c) {
      const Position at{r, c};
      if (a.test(r, c)) in_a.insert(at), in_either.insert(at);
      if (b.test(r, c)) in_b.insert(at), in_either.insert(at);
      if (in_a.count(at) && in_b.count(at)) in_both.insert(at);
    }
  }
  const phew::Overlap o = phew::overlap(a, b);
  BOOST_TEST(o.kept_a == static_cast<std::int64_t>(in_a.size()));
  BOOST_TEST(o.kept_b == static_cast<std::int64_t>(in_b.size()));
  BOOST_TEST(o.both == static_cast<std::int64_t>(in_both.size()));
  BOOST_TEST(o.either == static_cast<std::int64_t>(in_either.size()));
}

// The mean Jaccard of random mask pairs with these link densities, over 400 pairs: its standard error is below 1e-3,
// and the formula (a ratio of means) is off the mean ratio by O(1/n). The global chance must be far away.
BOOST_AUTO_TEST_CASE(chance_agrees_with_simulated_masks) {
  const std::vector<std::int64_t> sizes{500, 3000, 1500}, kept_a{450, 90, 150}, kept_b{400, 60, 600};
  const auto parameters = parameters_of_sizes(sizes);
  phew::test::Dice dice(7);
  constexpr int pairs = 400;
  double whole = 0;
  std::vector<double> by_link(sizes.size(), 0.0);
  phew::Similarity s;
  for (int i = 0; i < pairs; ++i) {
    phew::Mask a(parameters), b(parameters);
    for (std::size_t t = 0; t < sizes.size(); ++t) {
      a[t] = random_bits(dice, sizes[t], kept_a[t]);
      b[t] = random_bits(dice, sizes[t], kept_b[t]);
    }
    s = phew::similarity(a, b);
    whole += s.whole.value.value() / pairs;
    for (std::size_t t = 0; t < sizes.size(); ++t) by_link[t] += s.links[t].value.value() / pairs;
  }
  BOOST_TEST(std::abs(whole - s.whole.chance.value()) < 0.002);
  for (std::size_t t = 0; t < sizes.size(); ++t)
    BOOST_TEST(std::abs(by_link[t] - s.links[t].chance.value()) < 0.002, "link " << t);
  BOOST_TEST(std::abs(whole - s.chance_global.value()) > 0.1);
}

BOOST_DATA_TEST_CASE(laws, data::xrange(50), seed) {
  const phew::Network network = phew::test::random_network(static_cast<std::uint64_t>(seed));
  phew::test::Dice dice(static_cast<std::uint64_t>(seed), 1);
  const phew::Mask a = phew::test::random_mask(network, dice), b = phew::test::random_mask(network, dice);
  const phew::Similarity ab = phew::similarity(a, b), ba = phew::similarity(b, a), aa = phew::similarity(a, a);
  BOOST_TEST((ab.whole.value == ba.whole.value));
  BOOST_TEST((ab.whole.chance == ba.whole.chance));
  if (a.kept() > 0) BOOST_TEST(aa.whole.value.value() == 1.0);
  if (a.kept() > 0 && aa.whole.chance.value() < 1) BOOST_TEST(aa.whole.corrected().value() == 1.0);
}

BOOST_AUTO_TEST_CASE(masks_of_different_networks_are_refused) {
  BOOST_CHECK_THROW((void)phew::overlap(bits({"11"}), bits({"111"})), phew::Error);
  const auto one = parameters_of_sizes({3}), two = parameters_of_sizes({3, 3});
  BOOST_CHECK_THROW((void)phew::similarity(phew::Mask(one), phew::Mask(two)), phew::Error);
}

BOOST_AUTO_TEST_SUITE_END()
