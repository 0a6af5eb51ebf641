#include "phew-graph/number_list.hpp"

#include "graph/error.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

namespace tools = phew::tools;

BOOST_AUTO_TEST_SUITE(number_list)

BOOST_AUTO_TEST_CASE(values_and_ranges) {
  const std::vector<double> expected{0.1, 0.2, 0.3, 0.95};
  BOOST_TEST(tools::number_list("--x", "0.1:0.3:0.1,0.95", 0, 1) == expected, boost::test_tools::per_element());
  const std::vector<std::int64_t> depths{2, 3, 4, 8};
  BOOST_TEST(tools::whole_number_list("--depths", "2:4,8", 1, 100) == depths, boost::test_tools::per_element());
  const std::vector<std::int64_t> steps{20, 60, 100};
  BOOST_TEST(tools::whole_number_list("--width", "20:100:40", 1, 100) == steps, boost::test_tools::per_element());
}

BOOST_DATA_TEST_CASE(all_else_is_refused,
                     boost::unit_test::data::make({"", ",", "1,", "a", "1:", "4:2", "1:2:0", "1:2:3:4", "0", "101",
                                                   "nan", "1e9", "2.5", "1:100:1e-9", " 2"}),
                     text) {
  BOOST_CHECK_EXCEPTION(
      (void)tools::whole_number_list("--depths", text, 1, 100), phew::Error, [](const phew::Error& e) {
        return e.code() == phew::ExitCode::usage && std::string(e.what()).starts_with("--depths: found ");
      });
}

BOOST_AUTO_TEST_SUITE_END()
