// Benchmarks report ratios to R, one pass of abs-sum over the weights in the same process, beside their goals; and they
// check the answer that they timed.
#pragma once

#include "graph/weights.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace phew::bench {

/// Seconds by the clock on the wall, and of processor time over all threads, which a busy machine disturbs less.
struct Seconds {
  double wall = 0, cpu = 0;
};

/// Medians over `runs` calls, after one that does not count.
template <typename F>
Seconds median_seconds(std::size_t runs, F&& f) {
  std::vector<double> wall, cpu;
  f();
  for (std::size_t i = 0; i < runs; ++i) {
    const auto start = std::chrono::steady_clock::now();
    const std::clock_t cpu_start = std::clock();
    f();
    cpu.push_back(static_cast<double>(std::clock() - cpu_start) / CLOCKS_PER_SEC);
    wall.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  std::ranges::sort(wall);
  std::ranges::sort(cpu);
  return {wall[runs / 2], cpu[runs / 2]};
}

/// Σ|w| over all weights in 16 partial sums a tensor, which a compiler turns into a loop at the speed of memory.
inline double abs_sum(const Weights& weights) {
  double sum = 0;
  for (std::size_t t = 0; t < weights.tensor_count(); ++t) {
    std::array<float, 16> parts{};
    const auto values = weights[t];
    std::size_t i = 0;
    for (; i + 16 <= values.size(); i += 16)
      for (std::size_t k = 0; k < 16; ++k) parts[k] += std::abs(values[i + k]);
    for (; i < values.size(); ++i) parts[0] += std::abs(values[i]);
    for (const float part : parts) sum += part;
  }
  return sum;
}

/// R of these weights.
inline double seconds_of_r(const Weights& weights) {
  volatile double sink = 0;
  return median_seconds(25, [&] { sink = abs_sum(weights); }).wall;
}

/// Gathers figures, prints each beside its goal as it comes, and all of them as JSON at the end if asked. A missed goal
/// is reported, not an error; a wrong answer is.
class Report {
 public:
  enum class Goal { at_most, at_least };

  /// Reads `--json`.
  Report(int argc, char** argv) {
    for (int i = 1; i < argc; ++i) json_ |= std::string_view(argv[i]) == "--json";
  }
  ~Report() {
    if (json_) fmt::print("{}\n", figures_.dump(2));
  }
  Report(const Report&) = delete;
  Report& operator=(const Report&) = delete;

  void add(const std::string& what, double value, const std::string& unit, std::optional<double> goal = {},
           Goal kind = Goal::at_most) {
    const bool met = goal && (kind == Goal::at_most ? value <= *goal : value >= *goal);
    nlohmann::json figure{{"what", what}, {"value", value}, {"unit", unit}};
    if (goal) figure.update({{"goal", *goal}, {"kind", kind == Goal::at_most ? "at most" : "at least"}, {"met", met}});
    figures_.push_back(std::move(figure));
    if (json_) return;
    const std::string beside =
        goal ? fmt::format("goal {} {:g}: {}", kind == Goal::at_most ? "≤" : "≥", *goal, met ? "met" : "missed") : "";
    fmt::print("{:<56} {:>9.3g} {:<9} {}\n", what, value, unit, beside);
  }
  /// A line of explanation.
  void note(const std::string& line) const {
    if (!json_) fmt::print("{}\n", line);
  }
  void check(bool right, const std::string& what) {
    if (right) return;
    fmt::print(stderr, "error: wrong answer: {}\n", what);
    failed_ = true;
  }
  [[nodiscard]] int exit_code() const { return failed_ ? 1 : 0; }

 private:
  bool json_ = false, failed_ = false;
  nlohmann::json figures_ = nlohmann::json::array();
};

}  // namespace phew::bench
