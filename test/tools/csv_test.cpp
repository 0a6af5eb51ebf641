#include "phew-graph/csv.hpp"

#include <boost/test/unit_test.hpp>

namespace {

using phew::tools::csv_text;
using phew::tools::Json;

}  // namespace

BOOST_AUTO_TEST_SUITE(csv)

BOOST_AUTO_TEST_CASE(keys_become_columns) {
  const Json first{{"name", "a"}, {"kept", 3}, {"degree", {{"least", 1}, {"mean", 0.25}}}, {"sound", true}};
  const Json second{{"name", "b"}, {"kept", nullptr}, {"sound", false}, {"more", 1e-300}};
  BOOST_TEST(csv_text({first, second}) ==
             "name,kept,degree_least,degree_mean,sound,more\n"
             "a,3,1,0.25,true,\n"
             "b,,,,false,1e-300\n");
}

BOOST_AUTO_TEST_CASE(what_would_break_a_line_is_quoted) {
  BOOST_TEST(csv_text({Json{{"name", "a,b"}}, Json{{"name", "say \"so\""}}, Json{{"name", "two\nlines"}}}) ==
             "name\n\"a,b\"\n\"say \"\"so\"\"\"\n\"two\nlines\"\n");
}

BOOST_AUTO_TEST_CASE(lists_of_names_are_one_cell) {
  const Json row{{"links", {"a", "b"}}, {"none", Json::array()}, {"values", {1.5, 2.5}}};
  BOOST_TEST(csv_text({row}) == "links,none\na b,\n");
}

BOOST_AUTO_TEST_CASE(no_rows_make_no_columns) { BOOST_TEST(csv_text({}) == "\n"); }

BOOST_AUTO_TEST_SUITE_END()
