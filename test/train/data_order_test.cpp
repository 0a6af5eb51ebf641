#include "train/data_order.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <map>
#include <numeric>

namespace {

using Ranges = std::vector<std::pair<std::int64_t, std::int64_t>>;

}  // namespace

BOOST_AUTO_TEST_SUITE(data_order)

BOOST_AUTO_TEST_CASE(an_order_is_a_permutation_that_seed_and_epoch_settle) {
  for (const std::int64_t count : {0, 1, 2, 5, 1000}) {
    auto order = phew::data_order(count, 7, 3);
    BOOST_TEST(order == phew::data_order(count, 7, 3));
    std::sort(order.begin(), order.end());
    std::vector<std::int64_t> all(static_cast<std::size_t>(count));
    std::iota(all.begin(), all.end(), 0);
    BOOST_TEST(order == all);
  }
  BOOST_TEST(phew::data_order(1000, 7, 3) != phew::data_order(1000, 7, 4));
  BOOST_TEST(phew::data_order(1000, 7, 3) != phew::data_order(1000, 8, 3));
}

BOOST_AUTO_TEST_CASE(every_order_of_four_is_equally_likely) {
  constexpr int draws = 24000;
  std::map<std::vector<std::int64_t>, int> seen;
  for (int epoch = 0; epoch < draws; ++epoch) ++seen[phew::data_order(4, 0, static_cast<std::uint64_t>(epoch))];
  BOOST_TEST(seen.size() == 24U);
  double chi_square = 0;
  for (const auto& [order, count] : seen) chi_square += (count - 1000.0) * (count - 1000.0) / 1000.0;
  BOOST_TEST(chi_square < 49.7);  // 23 degrees of freedom, p = 0.001; the draws are fixed
}

/// A change here changes what every seed gives.
BOOST_AUTO_TEST_CASE(the_order_of_a_seed_never_changes) {
  const std::vector<std::int64_t> expected{1, 8, 7, 9, 2, 0, 5, 3, 6, 4};
  BOOST_TEST(phew::data_order(10, 1, 0) == expected);
}

BOOST_AUTO_TEST_CASE(batches_cover_the_data_and_a_rest_of_one_joins_the_batch_before) {
  BOOST_TEST((phew::batch_ranges(10, 4) == Ranges{{0, 4}, {4, 8}, {8, 10}}));
  BOOST_TEST((phew::batch_ranges(9, 4) == Ranges{{0, 4}, {4, 9}}));
  BOOST_TEST((phew::batch_ranges(1, 4) == Ranges{{0, 1}}));
  BOOST_TEST((phew::batch_ranges(3, 1) == Ranges{{0, 1}, {1, 2}, {2, 3}}));
  BOOST_TEST(phew::batch_ranges(0, 4).empty());
}

BOOST_AUTO_TEST_SUITE_END()
