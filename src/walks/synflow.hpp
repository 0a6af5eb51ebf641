// synflow: prune, round by round, the parameters through which the least synaptic flow runs (Tanaka et al. 2020).
//
// On the layered graph the flow R = 1ᵀ Π|W| 1 is the sum of the edge-weight products of all paths, and the score of a
// parameter, |w| · ∂R/∂|w|, that of the paths through it: F(source) · |w| · B(target), with the sums F over paths from
// the inputs and B over paths to the outputs. For networks of dense layers that is what automatic differentiation
// gives. Convolutions count each kernel entry as used once, as if every map had one position: an approximation that
// neglects borders and strides. A parameter that several links share (tied) scores the sum over them.
#pragma once

#include "graph/layered_graph.hpp"
#include "graph/mask.hpp"
#include "graph/pruning_schedule.hpp"
#include "graph/row_kernels.hpp"
#include "walks/phew.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace phew {

struct SynflowOptions {
  PathValue value = PathValue::magnitude;  ///< or square: synflow-l2, with w² for |w|
  std::int64_t rounds = 100;               ///< at least 1
  PruningSchedule schedule = PruningSchedule::exponential;
  Progress progress{};  ///< parameters pruned, and how many are to be
};

/// For each of the falling `targets` a mask of exactly so many parameters, each inside the one before: every target is
/// approached in options.rounds rounds from the one before (the first from all parameters, or from the graph's mask).
/// After each round the sums are those of the surviving parameters alone.
///
/// Sums are in double, scores in float with a common scale over layers of any depth; of equal scores those at earlier
/// positions survive. A function of the weights and the options, the same on every machine.
/// Cost: a round takes three passes over the surviving parameters, on one thread; memory: 4 bytes a parameter, and 8
/// for each of those that survive where they are few. Throws Error(data) naming the tensor if a kept weight is NaN or
/// infinite, or if a target is not below the one before; Error(usage) if rounds < 1.
[[nodiscard]] std::vector<Mask> synflow_masks(const LayeredGraph& graph, std::span<const std::int64_t> targets,
                                              const SynflowOptions& options = {});

}  // namespace phew
