// --effective-density: the target at which a method's masks have the wanted number of effective parameters.
#pragma once

#include "graph/layered_graph.hpp"
#include "walks/method.hpp"

#include <cstdint>
#include <functional>

namespace phew::tools {

/// A mask with enough effective parameters, and what it took.
struct EffectiveMask {
  MethodResult result;
  std::int64_t target = 0;     ///< that the method was given
  std::int64_t effective = 0;  ///< kept parameters on an input–output path
  int iterations = 0;          ///< masks made
};

/// One mask at a target, always the same for the same target.
using SampleTarget = std::function<MethodResult(std::int64_t target)>;

/// The mask of fewest effective parameters, but at least `wanted` ≥ 1, among those tried, and of the lowest target
/// among such: targets wanted, 2 · wanted, 4 · wanted, … until one has enough, then bisection between the last two down
/// to neighbours. Where masks of higher targets contain those of lower ones, no lower target would do; where they do
/// not, a higher target may happen to have fewer effective parameters, and the result is near the lowest. O(log
/// parameters) masks, and a sweep each way for each. Throws Error(data) that names the best density reached if even the
/// target of all parameters has too few, and what `sample` throws.
[[nodiscard]] EffectiveMask meet_effective_density(const LayeredGraph& graph, std::int64_t wanted,
                                                   const SampleTarget& sample);

}  // namespace phew::tools
