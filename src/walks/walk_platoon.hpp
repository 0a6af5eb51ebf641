// The inner loop of walking: many walks side by side, so that one walk's memory accesses hide behind the others'.
#pragma once

#include "walks/walk_plan.hpp"

#include <cstdint>
#include <span>

namespace phew {

/// Draws the walks whose positions in `walks` are `chosen`, all of one direction, at most `platoon_size` of them, into
/// the same positions of `steps`. For whatever vector unit the processor has: all give the same walks.
void draw_platoon(const WalkPlan& plan, std::uint64_t seed, Direction direction, std::span<WalkEnds> walks,
                  std::span<const std::size_t> chosen, WalkSteps& steps);

constexpr std::size_t platoon_size = 64;

}  // namespace phew
