// score_cut: prunes an exact number of the lowest scores over all tensors, without sorting them and without keeping
// them: a row's scores are computed when they are looked at.
#pragma once

#include "walks/synaptic_flow.hpp"

#include <cstdint>

namespace phew {

/// A score s · 2^exponent, s a float of at least 0, as an integer of the same order: 0 for 0; otherwise a float's bits
/// with a wider exponent, so that key − 1 belongs to the next smaller score.
[[nodiscard]] std::int64_t score_key(float s, std::int64_t exponent);
/// The largest float x of at least 0 with x · 2^exponent at most the key's score; negative for a negative key.
[[nodiscard]] float score_at_most(std::int64_t key, std::int64_t exponent);

/// Prunes the `count` survivors of the lowest scores as of the last sweep; of equal ones those at later positions
/// (later tensors, rows, columns). 0 < count ≤ survivors.
///
/// A sample of the scores gives a bracket around the one at which to cut. One pass counts what is below it and lists
/// what is within it, from which the cut follows exactly; a second pass prunes. If the bracket missed, which the
/// sample's size makes rare, another pass lists more: the result does not depend on the sample.
void prune_lowest(SynapticFlow& flow, std::int64_t count);

}  // namespace phew
