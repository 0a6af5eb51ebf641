// Lists of numbers on the command line: 2:8 or 0.5:0.9:0.1,0.95.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace phew::tools {

/// The numbers that `text` lists: values and ranges FROM:TO[:STEP], both ends included, separated by commas; STEP is 1
/// without it. Values of a range are rounded to 12 decimals, so that 0.1:0.3:0.1 holds 0.3. Throws Error(usage), naming
/// `option`, for anything else, a number outside low … high, or more than 10,000 numbers.
[[nodiscard]] std::vector<double> number_list(const std::string& option, const std::string& text, double low,
                                              double high);
/// The same for whole numbers.
[[nodiscard]] std::vector<std::int64_t> whole_number_list(const std::string& option, const std::string& text,
                                                          std::int64_t low, std::int64_t high);

}  // namespace phew::tools
