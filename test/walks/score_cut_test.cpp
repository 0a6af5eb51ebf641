#include "walks/score_cut.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <limits>
#include <vector>

namespace {

constexpr float smallest = std::numeric_limits<float>::denorm_min(), largest = std::numeric_limits<float>::max();

std::vector<float> scores() {
  std::vector<float> all{0, smallest, 3 * smallest, std::numeric_limits<float>::min(), 1e-30F, 0.5F, 1, 1.5F, largest};
  const std::size_t count = all.size();
  for (std::size_t i = 1; i < count; ++i) all.push_back(std::nextafter(all[i], 0.0F));
  return all;
}

/// s · 2^exponent; these stay within a double.
double exact(float s, std::int64_t exponent) { return std::ldexp(static_cast<double>(s), static_cast<int>(exponent)); }

}  // namespace

BOOST_AUTO_TEST_SUITE(score_cut)

BOOST_AUTO_TEST_CASE(keys_have_the_order_of_scores_at_any_scale) {
  for (const float a : scores())
    for (const float b : scores())
      for (const std::int64_t e : {-300, -24, -1, 0, 1, 23, 200}) {
        BOOST_TEST((phew::score_key(a, 0) < phew::score_key(b, e)) == (exact(a, 0) < exact(b, e)));
        BOOST_TEST((phew::score_key(a, 0) == phew::score_key(b, e)) == (exact(a, 0) == exact(b, e)));
      }
  BOOST_TEST(phew::score_key(1, 1'000'000) < phew::score_key(1, 1'000'001));
  BOOST_TEST(phew::score_key(1, -1'000'000) > phew::score_key(0, 1'000'000));
  BOOST_TEST(phew::score_key(1, 0) - 1 == phew::score_key(std::nextafter(1.0F, 0.0F), 0));
}

BOOST_AUTO_TEST_CASE(a_cut_on_another_scale_divides_floats_as_keys_do) {
  for (const float a : scores())
    for (const std::int64_t e : {-300, -130, -24, -1, 0, 1, 23, 130, 300}) {
      const std::int64_t key = phew::score_key(a, 0);
      const float cut = phew::score_at_most(key, e);
      for (const float b : scores()) BOOST_TEST((b <= cut) == (phew::score_key(b, e) <= key));
    }
  BOOST_TEST(phew::score_at_most(-1, 0) < 0);
}

BOOST_AUTO_TEST_SUITE_END()
