#include "walks/choice_tree.hpp"

#include "support/dice.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cstdint>
#include <vector>

namespace {

using phew::ChoiceTree;
using phew::test::Dice;

/// Small whole numbers, so that every sum is exact in float.
std::vector<float> whole_numbers(std::int64_t count, Dice& dice) {
  std::vector<float> row(static_cast<std::size_t>(count));
  for (float& value : row) value = static_cast<float>(dice.below(10));
  return row;
}

float sum_of(const std::vector<float>& sums, std::int64_t first, std::int64_t last) {
  float sum = 0;
  for (std::int64_t i = first; i < std::min<std::int64_t>(last, std::ssize(sums)); ++i)
    sum += sums[static_cast<std::size_t>(i)];
  return sum;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(choice_tree)

// Around every power of 32 the number of levels or the shape of the last group changes.
BOOST_AUTO_TEST_CASE(every_entry_is_the_sum_of_what_lies_before_it_in_its_group) {
  Dice dice(1);
  for (const std::int64_t count : {1, 2, 7, 8, 9, 31, 32, 33, 256, 1024, 1025, 1250, 40000}) {
    constexpr std::int64_t rows = 3;
    ChoiceTree tree(rows, count);
    BOOST_TEST(tree.blocks() == count);
    std::vector<std::vector<float>> blocks;
    for (std::int64_t r = 0; r < rows; ++r) {
      blocks.push_back(whole_numbers(tree.blocks(), dice));
      std::ranges::copy(blocks.back(), tree.block_sums(r));
    }
    for (std::int64_t r = 0; r < rows; ++r) tree.accumulate(r);
    for (std::int64_t r = 0; r < rows; ++r) {
      const auto& row = blocks[static_cast<std::size_t>(r)];
      std::int64_t span = 1;  // blocks of one entry of the level
      for (auto level = tree.levels().rbegin(); level != tree.levels().rend(); ++level, span *= ChoiceTree::fan) {
        BOOST_REQUIRE(level->padded % ChoiceTree::lane == 0);
        for (std::int64_t i = 0; i < level->padded; ++i) {
          const std::int64_t group = i / ChoiceTree::fan * ChoiceTree::fan;
          BOOST_REQUIRE(tree.row(r)[level->offset + i] == sum_of(row, group * span, (i + 1) * span));
        }
      }
      BOOST_TEST(tree.levels().front().width <= ChoiceTree::fan);
      BOOST_TEST(tree.total(r) == sum_of(row, 0, tree.blocks()));
    }
  }
}

BOOST_AUTO_TEST_CASE(takes_an_eighth_of_a_dense_layer_both_ways) {
  const ChoiceTree tree(4096, 4096 / 16);
  BOOST_TEST(2 * tree.size() <= 4096 * 4096 * 13 / 100);
}

BOOST_AUTO_TEST_SUITE_END()
