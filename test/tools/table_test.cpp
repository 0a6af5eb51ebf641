#include "common/table.hpp"

#include <boost/test/unit_test.hpp>

using phew::tools::shortened;
using phew::tools::Table;
using phew::tools::wrapped;

BOOST_AUTO_TEST_SUITE(table)

BOOST_AUTO_TEST_CASE(columns_are_as_wide_as_their_widest_cell) {
  Table t({"layer", "n", "share"});
  t.add({"a", "12345", "0.5"});
  t.add({"longer", "1", "-"});
  BOOST_TEST(t.text() ==
             "layer       n  share\n"
             "a       12345    0.5\n"
             "longer      1      -\n");
}

BOOST_AUTO_TEST_CASE(the_first_column_gives_way) {
  Table t({"name", "value"});
  t.add({std::string(60, 'a') + std::string(60, 'b'), "1"});
  const std::string text = t.text(), line = text.substr(text.find('\n') + 1);
  BOOST_TEST(line.size() == 101U);  // with its newline
  BOOST_TEST(line.find("aaa...bbb") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(texts_keep_their_ends) {
  BOOST_TEST(shortened("abcdefghij", 10) == "abcdefghij");
  BOOST_TEST(shortened("abcdefghij", 9) == "abc...hij");
  BOOST_TEST(shortened("abcdefghij", 5) == "a...j");
}

BOOST_AUTO_TEST_CASE(lines_break_at_spaces) {
  BOOST_TEST(wrapped("one two", 2) == "  one two\n");
  const std::string word(45, 'x');
  BOOST_TEST(wrapped(word + " " + word + " " + word, 4) == "    " + word + " " + word + "\n    " + word + "\n");
  BOOST_TEST(wrapped("", 4) == "");
}

BOOST_AUTO_TEST_CASE(numbers_that_do_not_exist) {
  BOOST_TEST(phew::tools::decimal(0.05) == "0.0500");
  BOOST_TEST(phew::tools::decimal(std::nullopt) == "-");
}

BOOST_AUTO_TEST_SUITE_END()
