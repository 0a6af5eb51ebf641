#include "graph/row_kernels.hpp"

#include "support/dice.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <limits>
#include <vector>

namespace {

using phew::PathValue;

struct Rows {
  std::int64_t rows, n;
  std::vector<float> w;
  std::vector<double> by_column, by_row;

  Rows(std::int64_t row_count, std::int64_t columns, std::uint64_t seed) : rows(row_count), n(columns) {
    phew::test::Dice dice(seed);
    for (std::int64_t i = 0; i < rows * n; ++i) w.push_back(static_cast<float>(dice.uniform() - 0.5));
    for (std::int64_t i = 0; i < n; ++i) by_column.push_back(dice.uniform());
    for (std::int64_t i = 0; i < rows; ++i) by_row.push_back(dice.uniform());
  }
  [[nodiscard]] double value(PathValue value, std::int64_t t, std::int64_t p) const {
    const double x = w[static_cast<std::size_t>(t * n + p)];
    return value == PathValue::one ? 1 : value == PathValue::square ? x * x : std::abs(x);
  }
};

// Both sides of every block: 8 lanes, 4 chains of them, 8 or 16 rows side by side beyond 1,536 columns.
std::vector<Rows> all_shapes() {
  std::vector<Rows> shapes;
  for (const std::int64_t rows : {1, 2, 15, 16, 17, 33})
    for (const std::int64_t n : {1, 7, 8, 9, 31, 32, 33, 100, 1536, 1537, 1544, 2001})
      shapes.emplace_back(rows, n, shapes.size());
  return shapes;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(row_kernels)

BOOST_AUTO_TEST_CASE(products_agree_with_plain_sums) {
  for (const Rows& r : all_shapes())
    for (const PathValue value : {PathValue::one, PathValue::magnitude, PathValue::square}) {
      BOOST_TEST_INFO_SCOPE(r.rows << " rows of " << r.n);
      std::vector<double> by_row(r.by_row.size(), -1), by_column(r.by_column.size(), 3);
      phew::rows_dot(value, r.w.data(), r.rows, r.n, r.by_column.data(), by_row.data());
      phew::rows_add(value, r.w.data(), r.rows, r.n, r.by_row.data(), by_column.data());
      for (std::int64_t t = 0; t < r.rows; ++t) {
        double sum = 0;
        for (std::int64_t p = 0; p < r.n; ++p) sum += r.value(value, t, p) * r.by_column[static_cast<std::size_t>(p)];
        BOOST_TEST(by_row[static_cast<std::size_t>(t)] == sum, boost::test_tools::tolerance(1e-13));
      }
      for (std::int64_t p = 0; p < r.n; ++p) {
        double sum = 3;
        for (std::int64_t t = 0; t < r.rows; ++t) sum += r.value(value, t, p) * r.by_row[static_cast<std::size_t>(t)];
        BOOST_TEST(by_column[static_cast<std::size_t>(p)] == sum, boost::test_tools::tolerance(1e-13));
      }
    }
}

BOOST_AUTO_TEST_CASE(maxima_are_exact) {
  for (const Rows& r : all_shapes()) {
    BOOST_TEST_INFO_SCOPE(r.rows << " rows of " << r.n);
    std::vector<double> most(r.by_column.size(), 0.1);
    BOOST_TEST(phew::rows_raise(r.w.data(), r.rows, r.n, r.by_row.data(), most.data()));
    for (std::int64_t p = 0; p < r.n; ++p) {
      double expected = 0.1;
      for (std::int64_t t = 0; t < r.rows; ++t)
        expected = std::max(expected, r.value(PathValue::magnitude, t, p) * r.by_row[static_cast<std::size_t>(t)]);
      BOOST_TEST(most[static_cast<std::size_t>(p)] == expected);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_maximum_over_what_is_no_number_says_so) {
  for (Rows& r : all_shapes())
    for (const float bad : {std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN()})
      for (const std::size_t at : {std::size_t{0}, r.w.size() / 2, r.w.size() - 1}) {
        BOOST_TEST_INFO_SCOPE(r.rows << " rows of " << r.n << ", " << bad << " at " << at);
        std::vector<double> most(r.by_column.size());
        const float good = std::exchange(r.w[at], bad);
        BOOST_TEST(!phew::rows_raise(r.w.data(), r.rows, r.n, r.by_row.data(), most.data()));
        r.w[at] = good;
      }
}

BOOST_AUTO_TEST_SUITE_END()
