// Schedule: how the learning rate changes over a run.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace phew {

/// What the learning rate is multiplied with, by epoch. Written as
///   constant
///   step:EVERY[:GAMMA]              × GAMMA (0.1) after every EVERY epochs
///   multistep:E1,E2,…[:GAMMA]       × GAMMA (0.1) after E1, E2, … epochs
///   exponential:GAMMA               × GAMMA after every epoch
///   cosine                          (1 + cos(π · epoch / epochs)) / 2
class Schedule {
 public:
  /// Throws Error(usage), naming what was expected, for anything else.
  explicit Schedule(std::string_view text);

  /// The factor in an epoch, counted from 0, of a run of `epochs`.
  [[nodiscard]] double factor(std::int64_t epoch, std::int64_t epochs) const;
  /// The factor of a warm-up over `warmup` steps: it rises linearly and is 1 from step `warmup` − 1 on; steps count
  /// from 0.
  [[nodiscard]] static double warmup_factor(std::int64_t step, std::int64_t warmup) {
    return step + 1 >= warmup ? 1 : static_cast<double>(step + 1) / static_cast<double>(warmup);
  }

 private:
  enum class Kind { constant, step, multistep, exponential, cosine };
  Kind kind_ = Kind::constant;
  std::vector<std::int64_t> milestones_;  ///< for step: its one period
  double gamma_ = 0.1;
};

}  // namespace phew
