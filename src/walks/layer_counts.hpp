// How many parameters each layer keeps.
#pragma once

#include "graph/network.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace phew {

/// Erdős–Rényi–Kernel counts: density of tensor i in proportion to Σ dims / Π dims, capped at 1, and what a cap cuts
/// off goes to the others by the same rule until no density passes 1. Exactly `target` parameters in all; fractions go
/// by largest remainders (ties: the earlier tensor). Dims are the tensor's own, as in the published code, so that a
/// grouped convolution counts in / groups. Evci et al. 2020, "Rigging the Lottery", Sec. 3 (after Mocanu et al. 2018).
/// Throws Error(internal) for a target out of range. O(tensors²).
[[nodiscard]] std::vector<std::int64_t> erk_counts(std::span<const Parameter> parameters, std::int64_t target);

/// Counts of the same sum as `counts`, none above its cap, changed as little as possible: what the caps cut off goes to
/// the tensors with room, earlier ones first. For masks inside masks, since largest remainders may give a tensor one
/// parameter more of a lower target. Throws Error(internal) if the caps have no room.
[[nodiscard]] std::vector<std::int64_t> capped(std::vector<std::int64_t> counts, std::span<const std::int64_t> caps);

}  // namespace phew
