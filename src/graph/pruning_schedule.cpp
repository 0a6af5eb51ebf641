#include "graph/pruning_schedule.hpp"

#include "graph/portable_math.hpp"

#include <algorithm>
#include <cmath>

namespace phew {

std::int64_t left_after(std::int64_t round, std::int64_t rounds, std::int64_t start, std::int64_t target,
                        PruningSchedule schedule) {
  if (round >= rounds || target >= start) return target;
  const double share = static_cast<double>(round) / static_cast<double>(rounds);
  const auto n = static_cast<double>(start), m = static_cast<double>(target);
  if (schedule == PruningSchedule::linear)
    return std::clamp<std::int64_t>(std::llround(n - (n - m) * share), target, start);
  // The last step to 0 is the only one that a geometric sequence cannot take.
  const double left = n * portable_exp(share * portable_log(std::max(m, 1.0) / n));
  return std::clamp<std::int64_t>(std::llround(left), target, start);
}

}  // namespace phew
