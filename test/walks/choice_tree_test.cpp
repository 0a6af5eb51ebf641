#include "walks/choice_tree.hpp"

#include "chi_square.hpp"
#include "support/dice.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <cstdint>
#include <vector>

namespace {

using phew::ChoiceTree;
using phew::test::Dice;

using Row = std::vector<float>;

/// A tree over rows of equal length, used as a walk uses it: the block from the tree, the leaf from the row.
class Rows {
 public:
  explicit Rows(std::vector<Row> rows)
      : rows_(std::move(rows)),
        tree_(static_cast<std::int64_t>(rows_.size()), static_cast<std::int64_t>(rows_.front().size())) {
    for (std::size_t r = 0; r < rows_.size(); ++r) {
      for (std::int64_t block = 0; block < tree_.blocks(); ++block) {
        double sum = 0;
        for (std::int64_t i = 0; i < leaves_of(block); ++i) sum += leaf(r, block * ChoiceTree::fan + i);
        tree_.set(static_cast<std::int64_t>(r), block, static_cast<float>(sum));
      }
      tree_.accumulate(static_cast<std::int64_t>(r));
    }
  }

  /// The leaf at the point u of a row, as a share of its sum.
  [[nodiscard]] std::int64_t draw(std::size_t r, double u) const {
    const auto [block, rest] = tree_.find(static_cast<std::int64_t>(r), u);
    BOOST_REQUIRE(block >= 0);
    BOOST_REQUIRE(block < tree_.blocks());
    const std::int64_t begin = block * ChoiceTree::fan;
    return begin + phew::scan(leaves_of(block), rest, [&](std::int64_t i) -> double { return leaf(r, begin + i); });
  }
  [[nodiscard]] float total(std::size_t r) const { return tree_.total(static_cast<std::int64_t>(r)); }

 private:
  [[nodiscard]] float leaf(std::size_t r, std::int64_t i) const { return rows_[r][static_cast<std::size_t>(i)]; }
  [[nodiscard]] std::int64_t leaves_of(std::int64_t block) const {
    const auto leaves = static_cast<std::int64_t>(rows_.front().size());
    return std::min(ChoiceTree::fan, leaves - block * ChoiceTree::fan);
  }

  std::vector<Row> rows_;
  ChoiceTree tree_;
};

/// Running sums in double: the naive choice.
std::vector<double> running_sums(const Row& row) {
  std::vector<double> sums;
  double sum = 0;
  for (const float value : row) sums.push_back(sum += value);
  return sums;
}

/// Small whole numbers, so that every sum is exact in float; `zeros` of them in ten are 0, but never all.
Row whole_numbers(std::int64_t leaves, std::int64_t zeros, Dice& dice) {
  Row row(static_cast<std::size_t>(leaves));
  for (float& value : row) value = dice.below(10) < zeros ? 0.0F : static_cast<float>(dice.between(1, 9));
  row[static_cast<std::size_t>(dice.below(leaves))] = 3;
  return row;
}

/// Magnitudes from 10^-30 to 10^30, a third of them 0.
Row wild_numbers(std::int64_t leaves, Dice& dice) {
  Row row(static_cast<std::size_t>(leaves));
  for (float& value : row)
    value = dice.chance(0.33) ? 0.0F : static_cast<float>(std::pow(10.0, 60 * dice.uniform() - 30));
  row[static_cast<std::size_t>(dice.below(leaves))] = 1;
  return row;
}

constexpr double last_point = 1 - 0x1p-53;  // the largest that unit_interval returns

}  // namespace

BOOST_AUTO_TEST_SUITE(choice_tree)

// Around every multiple of 16 and of 256 the number of levels or the shape of the last group changes.
BOOST_AUTO_TEST_CASE(draws_the_leaf_that_running_sums_give) {
  Dice dice(1);
  for (const std::int64_t leaves : {1, 2, 15, 16, 17, 31, 33, 255, 256, 257, 273, 1000, 4096, 4097, 5000}) {
    for (const std::int64_t zeros : {0, 3, 9}) {
      const std::vector<Row> rows{whole_numbers(leaves, zeros, dice), whole_numbers(leaves, zeros, dice)};
      const Rows tree(rows);
      for (std::size_t r = 0; r < rows.size(); ++r) {
        const std::vector<double> sums = running_sums(rows[r]);
        BOOST_TEST(tree.total(r) == sums.back());
        const auto step = std::max<std::int64_t>(1, static_cast<std::int64_t>(sums.back()) / 2000);
        std::int64_t wrong = 0;
        for (std::int64_t point = 0; static_cast<double>(point) < sums.back(); point += step) {
          const double middle = static_cast<double>(point) + 0.5;
          const auto expected = std::upper_bound(sums.begin(), sums.end(), middle) - sums.begin();
          if (tree.draw(r, middle / sums.back()) != expected) ++wrong;
        }
        BOOST_TEST(wrong == 0, leaves << " leaves, row " << r << ": " << wrong << " points draw another leaf");
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(never_draws_a_leaf_of_zero_whatever_the_magnitudes) {
  Dice dice(2);
  for (int i = 0; i < 400; ++i) {
    const std::int64_t leaves = i < 40 ? i + 1 : dice.between(1, 5000);
    const Row row = i % 2 == 0 ? wild_numbers(leaves, dice) : whole_numbers(leaves, 9, dice);
    const Rows tree({Row(row.size()), row});  // the row above, all zeros, must not matter
    const std::vector<double> sums = running_sums(row);
    const double slack = 1e-5 * sums.back();  // float32 sums: 16 roundings a level
    for (int k = 0; k < 200; ++k) {
      const double u = k == 0 ? 0 : k == 1 ? last_point : phew::unit_interval(dice.bits(), dice.bits());
      const std::int64_t leaf = tree.draw(1, u);
      BOOST_REQUIRE(leaf >= 0);
      BOOST_REQUIRE(leaf < leaves);
      const auto l = static_cast<std::size_t>(leaf);
      BOOST_REQUIRE(row[l] > 0);
      BOOST_REQUIRE(u * sums.back() <= sums[l] + slack);
      BOOST_REQUIRE(u * sums.back() >= sums[l] - static_cast<double>(row[l]) - slack);
    }
  }
}

// Float32 rounds 2^24 + 3 up to 2^24 + 4: the points between lie behind every leaf of the second group, whose other
// blocks are empty, and belong to its only leaf.
BOOST_AUTO_TEST_CASE(points_behind_the_last_leaf_of_a_group_fall_back_to_it) {
  Row row(1024);
  row[5] = 0x1p24F;
  row[256 + 40] = 3;
  const Rows tree({row});
  BOOST_TEST(tree.total(0) == 0x1p24F + 4);
  for (const double point : {0.0, 0.5, 2.5, 3.0, 3.5, 3.999}) {
    BOOST_TEST(tree.draw(0, (0x1p24 + point) / (0x1p24 + 4)) == 296);
  }
  BOOST_TEST(tree.draw(0, 0x1p24 / (0x1p24 + 4) - 1e-9) == 5);
}

BOOST_AUTO_TEST_CASE(rows_of_nothing_have_total_zero) {
  BOOST_TEST(Rows({Row(1)}).total(0) == 0);
  BOOST_TEST(Rows({Row(100)}).total(0) == 0);
  BOOST_TEST(ChoiceTree(3, 0).total(2) == 0);
}

BOOST_AUTO_TEST_CASE(frequencies_are_the_leaves_shares) {
  Dice dice(3);
  for (const std::int64_t leaves : {3, 40, 300}) {
    Row row(static_cast<std::size_t>(leaves));
    for (float& value : row) value = static_cast<float>(dice.uniform() * dice.uniform());
    const Rows tree({row});
    const double total = running_sums(row).back();
    std::vector<double> probability;
    for (const float value : row) probability.push_back(static_cast<double>(value) / total);
    std::vector<std::int64_t> counts(row.size());
    for (int k = 0; k < 300'000; ++k)
      ++counts[static_cast<std::size_t>(tree.draw(0, phew::unit_interval(dice.bits(), dice.bits())))];
    BOOST_TEST(phew::test::chi_square_p(counts, probability) > 1e-7);
    std::ranges::reverse(probability);  // the test can fail
    BOOST_TEST(phew::test::chi_square_p(counts, probability) < 1e-7);
  }
}

BOOST_AUTO_TEST_CASE(scan_falls_back_to_the_last_leaf_that_is_not_zero) {
  const std::vector<double> leaves{0, 2, 0, 1, 0};
  const auto leaf = [&](std::int64_t i) { return leaves[static_cast<std::size_t>(i)]; };
  BOOST_TEST(phew::scan(5, 0.0, leaf) == 1);
  BOOST_TEST(phew::scan(5, 1.99, leaf) == 1);
  BOOST_TEST(phew::scan(5, 2.0, leaf) == 3);
  BOOST_TEST(phew::scan(5, 7.0, leaf) == 3);
  BOOST_TEST(phew::scan(1, 0.0, leaf) == -1);
}

BOOST_AUTO_TEST_SUITE_END()
