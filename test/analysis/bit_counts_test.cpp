#include "analysis/bit_counts.hpp"

#include "support/dice.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <vector>

namespace data = boost::unit_test::data;

BOOST_AUTO_TEST_SUITE(bit_counts)

// Every length around the vectors' own, from none to several, counted bit by bit.
BOOST_DATA_TEST_CASE(agrees_with_counting_bit_by_bit, data::xrange(70), length) {
  phew::test::Dice dice(static_cast<std::uint64_t>(length));
  std::vector<std::uint64_t> a(static_cast<std::size_t>(length)), b(a.size());
  for (std::vector<std::uint64_t>* words : {&a, &b})
    for (std::uint64_t& word : *words) word = static_cast<std::uint64_t>(dice.bits()) << 32 | dice.bits();
  std::int64_t of_a = 0, of_b = 0, both = 0;
  for (std::size_t w = 0; w < a.size(); ++w)
    for (int bit = 0; bit < 64; ++bit) {
      const bool in_a = (a[w] >> bit & 1U) != 0, in_b = (b[w] >> bit & 1U) != 0;
      of_a += in_a, of_b += in_b, both += in_a && in_b;
    }
  const phew::BitCounts counts = phew::count_bits(a, b);
  BOOST_TEST(counts.a == of_a);
  BOOST_TEST(counts.b == of_b);
  BOOST_TEST(counts.both == both);
}

BOOST_AUTO_TEST_SUITE_END()
