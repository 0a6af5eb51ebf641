// Goldens: values that must never change by accident, kept in test/golden, one file each.
#pragma once

#include <boost/test/unit_test.hpp>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

namespace phew::test {

/// Checks `actual` against test/golden/NAME. With PHEW_ACCEPT_GOLDEN=1 in the environment it renews the file instead:
/// `PHEW_ACCEPT_GOLDEN=1 meson test -C build`.
inline void check_golden(const std::string& name, const std::string& actual) {
  const std::string path = std::string(PHEW_SOURCE_DIR) + "/test/golden/" + name;
  if (std::getenv("PHEW_ACCEPT_GOLDEN") != nullptr) {
    std::ofstream(path) << actual;
    return;
  }
  std::ifstream file(path);
  std::ostringstream expected;
  expected << file.rdbuf();
  BOOST_TEST(actual == expected.str(), "golden " << name << ": found\n" << actual << "expected\n" << expected.str());
}

}  // namespace phew::test
