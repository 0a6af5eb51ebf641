// Totals over all input–output paths, in logarithms: deep networks have more paths than a double can count.
#pragma once

#include "graph/kept_parameters.hpp"
#include "graph/layered_graph.hpp"

#include <optional>

namespace phew {

/// A path names one kept parameter per kernel. None where there is no path, and where the sum is 0 (every path holds a
/// weight of 0): its logarithm does not exist.
struct PathTotals {
  std::optional<double> paths_log10;            ///< decimal log of the number of paths
  std::optional<double> ewp_log;                ///< natural log of Σ over paths of Π|w|; none without weights
  std::optional<double> path_kernel_trace_log;  ///< natural log of the path-kernel trace; none without weights
};

/// A sweep for the path count, and with weights one for EWP and two for the trace. O(kept parameters).
/// `kept`: KeptParameters::of(graph), which saves time, or null.
[[nodiscard]] PathTotals path_totals(const LayeredGraph& graph, const KeptParameters* kept = nullptr);
/// The same where the total_log of path_sums(graph, PathValue::magnitude) is there already; the graph has weights.
[[nodiscard]] PathTotals path_totals(const LayeredGraph& graph, double ewp_log, const KeptParameters* kept = nullptr);

/// ln Σ_paths Σ_{i ∈ path} Π_{j ∈ path, j ≠ i} w_j², i over the path's parameters: the trace of the path kernel
/// (Gebhart, Saxena and Schrater 2021, "A Unified Paths Perspective for Pruning at Initialization"). The factor is the
/// product of the others, so a weight of 0 is no division by 0. It is Σ over links and their kept parameters of
/// F(source) · B(target), F and B the path sums of w² from the inputs and to the outputs. −inf if the sum is 0.
[[nodiscard]] double path_kernel_trace_log(const LayeredGraph& graph, const KeptParameters* kept = nullptr);

}  // namespace phew
