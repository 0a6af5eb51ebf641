// Benchmarks report ratios to R, one pass of abs-sum over the weights in the same process, beside their goals; and they
// check the answer that they timed.
#pragma once

#include "graph/weights.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <ctime>
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

/// One line: what, its ratios to R, its goal, and whether the wall time meets it. A missed goal is reported, not an
/// error.
inline void print_ratio(std::string_view what, const Seconds& seconds, const Seconds& r, double goal) {
  fmt::print("{:<32} {:>8.2f} ms {:>7.2f} R   (cpu {:>7.2f} R)   goal {:>5.1f} R   {}\n", what, 1e3 * seconds.wall,
             seconds.wall / r.wall, seconds.cpu / r.cpu, goal, seconds.wall / r.wall <= goal ? "met" : "missed");
}

}  // namespace phew::bench
