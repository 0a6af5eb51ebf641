#include "graph/bit_kernels.hpp"

#include "support/dice.hpp"

#include <boost/test/unit_test.hpp>

#include <vector>

namespace {

using phew::BitMatrix;
using phew::test::Dice;

/// Empty, sparse, half full and full matrices.
BitMatrix random_bits(std::int64_t rows, std::int64_t columns, Dice& dice) {
  constexpr double densities[] = {0, 0.02, 0.5, 1};
  const double density = densities[dice.below(4)];
  BitMatrix bits(rows, columns);
  for (std::int64_t r = 0; r < rows; ++r)
    for (std::int64_t c = 0; c < columns; ++c)
      if (dice.chance(density)) bits.set(r, c);
  return bits;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(bit_kernels)

BOOST_AUTO_TEST_CASE(counts_and_combinations_agree_with_single_bits) {
  Dice dice(1);
  for (int i = 0; i < 300; ++i) {
    const std::int64_t n = dice.between(1, 300);
    const BitMatrix a = random_bits(1, n, dice), b = random_bits(1, n, dice);
    std::int64_t in_a = 0, in_b = 0, both = 0;
    BitMatrix expected = random_bits(1, n, dice), unions = expected, sums = expected, joined = expected;
    for (std::int64_t c = 0; c < n; ++c) {
      in_a += a.test(0, c);
      in_b += b.test(0, c);
      both += a.test(0, c) && b.test(0, c);
      if (a.test(0, c)) unions.set(0, c);
      if (a.test(0, c) && b.test(0, c)) joined.set(0, c);
    }
    BOOST_TEST(phew::count_bits(a.row(0)) == in_a);
    BOOST_TEST(phew::count_common_bits(a.row(0), b.row(0)) == both);
    const phew::PairCounts pair = phew::count_pair(a.row(0), b.row(0));
    BOOST_TEST(pair.a == in_a);
    BOOST_TEST(pair.b == in_b);
    BOOST_TEST(pair.both == both);
    std::vector<std::int32_t> listed(static_cast<std::size_t>(in_a) + 4), positions;
    phew::for_each_set(a.row(0), [&](std::int64_t c) { positions.push_back(static_cast<std::int32_t>(c)); });
    BOOST_TEST(phew::list_bits(a.row(0), listed.data()) == in_a);
    listed.resize(static_cast<std::size_t>(in_a));
    BOOST_TEST(listed == positions, boost::test_tools::per_element());
    BOOST_TEST(phew::intersect(a.row(0), b.row(0)) == (both > 0));
    phew::add_bits(sums.row(0), a.row(0));
    BOOST_TEST((sums == unions));
    sums = expected;
    phew::add_common_bits(sums.row(0), a.row(0), b.row(0));
    BOOST_TEST((sums == joined));
  }
}

BOOST_AUTO_TEST_CASE(nine_bits_become_one) {
  // Each bit alone lies in one nine.
  for (const std::int64_t edges : {1, 7, 8, 63, 64, 65, 130})
    for (std::int64_t p = 0; p < 9 * edges; ++p) {
      BitMatrix from(1, 9 * edges), to(1, edges), expected(1, edges);
      from.set(0, p);
      expected.set(0, p / 9);
      phew::any_of_nine(from.row(0), to.row(0));
      BOOST_TEST_REQUIRE((to == expected));
    }
  Dice dice(2);
  for (int i = 0; i < 500; ++i) {
    const std::int64_t edges = dice.between(1, 200);
    const BitMatrix from = random_bits(1, 9 * edges, dice);
    BitMatrix to(1, edges), expected(1, edges);
    for (std::int64_t p = 0; p < 9 * edges; ++p)
      if (from.test(0, p)) expected.set(0, p / 9);
    phew::any_of_nine(from.row(0), to.row(0));
    BOOST_TEST((to == expected));
  }
}

BOOST_AUTO_TEST_CASE(rows_become_columns) {
  Dice dice(3);
  for (int i = 0; i < 200; ++i) {
    const std::int64_t before = dice.between(0, 70), rows = dice.between(1, 150), columns = dice.between(1, 150);
    const std::int64_t to_first = dice.between(0, 70);
    const BitMatrix from = random_bits(before + rows + 3, columns, dice);
    BitMatrix to(to_first + columns + 2, rows), expected = to;
    for (std::int64_t r = 0; r < rows; ++r)
      for (std::int64_t c = 0; c < columns; ++c)
        if (from.test(before + r, c)) expected.set(to_first + c, r);
    phew::transpose_bits(from, before, rows, to, to_first);
    BOOST_TEST((to == expected));
  }
}

BOOST_AUTO_TEST_SUITE_END()
