#include "graph/portable_math.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <limits>

BOOST_AUTO_TEST_SUITE(portable_math)

BOOST_AUTO_TEST_CASE(exponentials_and_logarithms) {
  for (double x = -100; x <= 100; x += 0.37) {
    BOOST_TEST(phew::portable_exp(x) == std::exp(x), boost::test_tools::tolerance(1e-15));
    BOOST_TEST(phew::portable_log(std::exp(x)) == std::log(std::exp(x)), boost::test_tools::tolerance(1e-15));
  }
  for (double x = -700; x <= 700; x += 11.3)
    BOOST_TEST(phew::portable_exp(x) == std::exp(x), boost::test_tools::tolerance(1e-14));
  BOOST_TEST(phew::portable_exp(0) == 1.0);
  BOOST_TEST(phew::portable_exp(-1e9) == 0.0);
  BOOST_TEST(std::isinf(phew::portable_exp(1e9)));
}

BOOST_AUTO_TEST_SUITE_END()
