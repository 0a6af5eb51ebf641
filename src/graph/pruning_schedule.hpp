// PruningSchedule: how many parameters are left after each round of a method that prunes in rounds.
#pragma once

#include <cstdint>

namespace phew {

/// How the number of parameters falls from n to the target m: n · (m/n)^(k/rounds) after round k, or in equal steps.
enum class PruningSchedule { exponential, linear };

/// How many parameters are left after round k of `rounds`, from `start` to `target`.
[[nodiscard]] std::int64_t left_after(std::int64_t round, std::int64_t rounds, std::int64_t start, std::int64_t target,
                                      PruningSchedule schedule);

}  // namespace phew
