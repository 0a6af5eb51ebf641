// Random pruning: each parameter with an equal chance (paper, Fig. 1 and Appendix A.1).
#pragma once

#include "graph/mask.hpp"
#include "graph/score.hpp"

#include <cstdint>

namespace phew {

/// Exactly `target` parameters, every choice of them equally likely; per layer, each tensor keeps its share of the
/// target. Floyd's sampling: O(target) draws.
[[nodiscard]] Mask random_mask(std::span<const Parameter> parameters, std::int64_t target, std::uint64_t seed,
                               Scope scope);

}  // namespace phew
