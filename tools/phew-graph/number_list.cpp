#include "phew-graph/number_list.hpp"

#include "graph/error.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <string_view>

namespace phew::tools {
namespace {

constexpr std::size_t most_numbers = 10'000;

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find(separator, at), text.size());
    parts.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return parts;
}

std::optional<double> number(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

double rounded(double value) { return std::round(value * 1e12) / 1e12; }

/// Appends what VALUE, FROM:TO or FROM:TO:STEP stands for; false if it is none of these.
bool append(std::vector<double>& numbers, std::string_view item) {
  const auto parts = split(item, ':');
  if (parts.size() > 3) return false;
  std::vector<double> values;
  for (const std::string_view part : parts) {
    const auto value = number(part);
    if (!value) return false;
    values.push_back(*value);
  }
  if (values.size() == 1) {
    numbers.push_back(values[0]);
    return true;
  }
  const double from = values[0], to = values[1], step = values.size() == 3 ? values[2] : 1;
  if (!(step > 0) || to < from || (to - from) / step > static_cast<double>(most_numbers)) return false;
  const auto last = static_cast<std::int64_t>(std::floor((to - from) / step + 1e-9));
  for (std::int64_t i = 0; i <= last; ++i) numbers.push_back(rounded(from + static_cast<double>(i) * step));
  return true;
}

}  // namespace

std::vector<double> number_list(const std::string& option, const std::string& text, double low, double high) {
  std::vector<double> numbers;
  bool good = true;
  for (const std::string_view item : split(text, ',')) good = good && append(numbers, item);
  for (const double value : numbers) good = good && value >= low && value <= high;
  if (!good || numbers.size() > most_numbers)
    fail(ExitCode::usage, "{}: found '{}', expected numbers from {} to {} or ranges FROM:TO:STEP of them, by commas",
         option, text, low, high);
  return numbers;
}

std::vector<std::int64_t> whole_number_list(const std::string& option, const std::string& text, std::int64_t low,
                                            std::int64_t high) {
  std::vector<std::int64_t> whole;
  for (const double value : number_list(option, text, static_cast<double>(low), static_cast<double>(high))) {
    if (value != std::floor(value))
      fail(ExitCode::usage, "{}: found {} in '{}', expected whole numbers", option, value, text);
    whole.push_back(static_cast<std::int64_t>(value));
  }
  return whole;
}

}  // namespace phew::tools
