// Random pruning: each parameter with an equal chance (paper, Fig. 1 and Appendix A.1).
#pragma once

#include "graph/mask.hpp"
#include "graph/random_stream.hpp"
#include "graph/score.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace phew {

/// How many parameters a mask keeps: one number for the whole network, or one for each tensor.
using Counts = std::vector<std::int64_t>;

/// Exactly `target` parameters, every choice of them equally likely; per layer, each tensor keeps its share of the
/// target. Floyd's sampling: O(target) draws.
[[nodiscard]] Mask random_mask(std::span<const Parameter> parameters, std::int64_t target, std::uint64_t seed,
                               Scope scope);

/// A mask for each of `counts`: the first draws its parameters with equal chance among all, each further one among
/// those of the mask before it. So each is, by itself, as likely as any other of its counts, and lies inside the one
/// before; no count may rise. The first is the same with or without the further ones. `purpose` is the caller's own, so
/// that two methods do not share random numbers. Throws Error(internal) for a count that is out of range.
[[nodiscard]] std::vector<Mask> random_masks(std::span<const Parameter> parameters, std::span<const Counts> counts,
                                             std::uint64_t seed, Purpose purpose);

/// Each parameter kept independently with chance `chance`, 0 … 1, rounded to a multiple of 2^-53. Masks of one seed lie
/// inside each other in the order of their chances. Two parameters a random block.
[[nodiscard]] Mask bernoulli_mask(std::span<const Parameter> parameters, double chance, std::uint64_t seed,
                                  int threads = 1);

}  // namespace phew
