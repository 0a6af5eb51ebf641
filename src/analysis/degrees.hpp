// Degrees: how a link's kept edges are spread over its units.
#pragma once

#include "graph/layered_graph.hpp"

#include <cstdint>
#include <vector>

namespace phew {

/// Degrees of the units on one side of a weighted link, within that link. An edge counts once, however many parameters
/// of its kernel are kept.
struct DegreeDistribution {
  std::int64_t possible = 0;  ///< edges that a unit of the dense link has
  double mean = 0;            ///< of all units of the side; 0 without units
  double std = 0;             ///< standard deviation over them
  /// units[d]: units of degree d, for d = 0 … the largest degree.
  std::vector<std::int64_t> units{};
  /// Units whose degree lies more than three standard deviations of the binomial distribution, √(n p (1 − p)) with
  /// n = possible and p = mean / n, below or above the mean: too far for edges that are kept at random.
  std::int64_t underloaded = 0, overloaded = 0;

  [[nodiscard]] std::int64_t least() const;  ///< smallest degree; 0 without units
  [[nodiscard]] std::int64_t most() const;   ///< largest degree; 0 without units
};

struct LinkDegrees {
  DegreeDistribution out;  ///< of the source layer's units
  DegreeDistribution in;   ///< of the target layer's units
};

/// Degrees in one weighted link; without a mask all edges are there. Throws Error(internal) for a fixed link.
/// Counts the edge bits by target and by source, which are built if nothing else has needed them: O(edge words).
[[nodiscard]] LinkDegrees link_degrees(const LayeredGraph& graph, const Link& link);

/// The distribution of these degrees, of which none exceeds `possible`.
[[nodiscard]] DegreeDistribution distribution_of(const std::vector<std::int64_t>& degrees, std::int64_t possible);

}  // namespace phew
