#include "train/schedule.hpp"

#include "graph/error.hpp"

#include <boost/algorithm/string/classification.hpp>
#include <boost/algorithm/string/split.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numbers>

namespace phew {
namespace {

[[noreturn]] void refuse(std::string_view text) {
  fail(ExitCode::usage,
       "--schedule: found {}, expected constant, step:EVERY[:GAMMA], multistep:EPOCH,EPOCH…[:GAMMA], "
       "exponential:GAMMA or cosine",
       text);
}

/// A positive number, or refuses `text`.
template <typename Number>
Number positive(std::string_view digits, std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc{} || end != digits.data() + digits.size() || !(number > 0)) refuse(text);
  return number;
}

}  // namespace

Schedule::Schedule(std::string_view text) {
  std::vector<std::string> parts;
  boost::split(parts, text, boost::is_any_of(":"));
  const auto arguments = [&](std::size_t least, std::size_t most) {
    if (parts.size() - 1 < least || parts.size() - 1 > most) refuse(text);
  };
  if (parts[0] == "constant" || parts[0] == "cosine") {
    arguments(0, 0);
    kind_ = parts[0] == "cosine" ? Kind::cosine : Kind::constant;
  } else if (parts[0] == "exponential") {
    arguments(1, 1);
    kind_ = Kind::exponential;
    gamma_ = positive<double>(parts[1], text);
  } else if (parts[0] == "step" || parts[0] == "multistep") {
    arguments(1, 2);
    kind_ = parts[0] == "step" ? Kind::step : Kind::multistep;
    std::vector<std::string> epochs;
    boost::split(epochs, parts[1], boost::is_any_of(","));
    if (kind_ == Kind::step && epochs.size() != 1) refuse(text);
    for (const auto& epoch : epochs) milestones_.push_back(positive<std::int64_t>(epoch, text));
    if (parts.size() == 3) gamma_ = positive<double>(parts[2], text);
  } else {
    refuse(text);
  }
}

double Schedule::factor(std::int64_t epoch, std::int64_t epochs) const {
  switch (kind_) {
    case Kind::constant:
      return 1;
    case Kind::step:
      return std::pow(gamma_, static_cast<double>(epoch / milestones_.front()));
    case Kind::multistep: {
      const auto passed = std::count_if(milestones_.begin(), milestones_.end(), [&](auto m) { return m <= epoch; });
      return std::pow(gamma_, static_cast<double>(passed));
    }
    case Kind::exponential:
      return std::pow(gamma_, static_cast<double>(epoch));
    case Kind::cosine:
      return (1 + std::cos(std::numbers::pi * static_cast<double>(epoch) / static_cast<double>(epochs))) / 2;
  }
  return 1;
}

}  // namespace phew
