// EWP shares: how the edge-weight products of all paths are spread over units and links.
#pragma once

#include "graph/layered_graph.hpp"
#include "graph/path_sums.hpp"

#include <optional>
#include <span>
#include <vector>

namespace phew {

/// Shares of the total EWP, Σ over all paths of Π|w|, each 0 … 1.
struct EwpShares {
  std::vector<std::vector<double>> units;  ///< by layer and unit: of the paths through the unit
  std::vector<double> links;               ///< by link, fixed ones too: of the paths over the link
};

/// How a layer's units share what passes through it.
struct LayerShare {
  double sum = 0;              ///< 1 for a layer that no link bypasses
  double largest = 0;          ///< share of one unit
  double effective_width = 0;  ///< 1 / Σ s² of the shares s within the layer: as many units as share equally
};

/// `ewp` is path_sums(graph, PathValue::magnitude). None if the total is 0: no path, or a weight of 0 on each. A unit's
/// share is F · B / total, F and B the path sums up to it and from it on. O(units), and one pass over the parameters of
/// links into joins.
[[nodiscard]] std::optional<EwpShares> ewp_shares(const LayeredGraph& graph, const PathSums& ewp);

/// None if nothing passes through the layer. `shares` are its units'.
[[nodiscard]] std::optional<LayerShare> layer_share(std::span<const double> shares);

}  // namespace phew
