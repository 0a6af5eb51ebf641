// ExpectedStubs: how many stub units random pruning would leave in a network, to stand beside how many a mask has.
#pragma once

#include "graph/layered_graph.hpp"
#include "graph/reach.hpp"

#include <span>
#include <vector>

namespace phew {

struct ExpectedStubs {
  std::vector<double> layers;  ///< by layer: expected number of stub units; 0 for inputs, outputs and copies
  double whole = 0;            ///< their sum
  double any = 0;              ///< chance of at least one if units were independent (Eq. 7–8): 1 − Π(1 − P)
};

/// Expected stub units if each parameter of tensor i were kept with chance densities[i], independently: Eq. 5 for each
/// unit's own numbers of parameters and densities, with graph/reach.hpp's rule for fixed edges. A unit is a stub if it
/// is entered and nothing can be left from it and what it reaches along fixed edges, or the other way round:
///   (1 − q_in) q_out* + (1 − q_out) q_in*,  q the chance that none of these parameters is kept,
/// where a star means the units reached along fixed edges, too, and an input (output) among them makes q 0. Exact but
/// for tied tensors, whose links it takes as independent; close for masks with an exact number of kept parameters.
/// `fixed` as in reach(). The graph's own mask plays no part. O(units · units that one reaches along fixed edges).
[[nodiscard]] ExpectedStubs expected_stubs(const LayeredGraph& graph, std::span<const double> densities,
                                           FixedEdges fixed = FixedEdges::all);

/// Densities of a graph's tensors under its mask: of each its own, or for all of them that of the whole.
[[nodiscard]] std::vector<double> tensor_densities(const LayeredGraph& graph);
[[nodiscard]] std::vector<double> global_densities(const LayeredGraph& graph);

}  // namespace phew
