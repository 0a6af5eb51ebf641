// Spectrum: how well a link's kept edges mix, by the singular values of its edge matrix.
#pragma once

#include "graph/layered_graph.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace phew {

/// Of the 0/1 matrix of a weighted link's edges, targets × sources.
struct LinkSpectrum {
  /// The largest singular values, descending, each as often as it occurs. Fewer than asked for where the smaller side
  /// has fewer units with an edge.
  std::vector<double> singular_values;
  /// Mean degrees of the units that have an edge; 0 if none has.
  double source_degree = 0, target_degree = 0;
  /// √(source_degree − 1) + √(target_degree − 1) − the second-largest singular value: at least 0 for a Ramanujan graph,
  /// whose edges spread as well as any expander's (Hoory, Linial and Wigderson 2006, Sec. 5; for pruned networks Pal et
  /// al. 2022). None if fewer than two units of a side have an edge.
  std::optional<double> ramanujan_difference;
};

/// With the `count` ≥ 1 largest singular values, two for the difference at least. Absolute error below 1e-9 of the
/// largest. Dense below 64 units a side; above by Lanczos (Spectra), one value after another, the found ones deflated,
/// so that equal values are not missed: O(count · iterations · kept edges). Without a mask from its closed form. Throws
/// Error(internal) for a fixed link.
[[nodiscard]] LinkSpectrum link_spectrum(const LayeredGraph& graph, const Link& link, std::int64_t count = 2);

}  // namespace phew
