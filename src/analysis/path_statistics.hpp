// Path statistics: mean, spread and range of log EWP over all input–output paths, exactly, though nobody could list
// them. A unit's paths are those of its sources, each shifted by the logarithm of the step between:
//
//   source a: count, mean, variance ──  w1 ──►┐
//   source b: count, mean, variance ──  w2 ──►┴─ unit: their union, means shifted by ln|w1| and ln|w2|
#pragma once

#include "graph/layered_graph.hpp"
#include "graph/path_steps.hpp"
#include "graph/sweep.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace phew {

/// Of the paths from the inputs to each unit of one layer: how many there are, and the moments of ln EWP of those
/// whose EWP is above 0. Merged as (count, mean, M2) are (Chan, Golub and LeVeque 1983), with M2 = count · variance:
/// every step adds what is not negative, so nothing cancels.
struct PathMoments {
  ScaledSums positive;                 ///< paths of EWP > 0
  ScaledSums zero;                     ///< paths that hold a weight of 0
  std::vector<double> mean, variance;  ///< of ln EWP over the positive ones; 0 where there is none
  std::vector<double> least, most;     ///< its range; +inf and −inf where there is none

  /// No paths to any of `units` units.
  explicit PathMoments(std::size_t units);
  /// Adds the paths that `part` has of each unit; changes part's scales.
  void merge(PathMoments& part);
};

/// Over all paths with EWP > 0.
struct LogEwp {
  double mean = 0, std = 0;  ///< std divides by the number of paths: it is of all of them, not of a sample
  double least = 0, most = 0;
};

struct PathStatistics {
  PathMoments whole{1};  ///< all paths, as those of one unit that every output leads to

  /// Of all paths: the decimal logarithm of their number, and the number if it is at most 2^53. None: no path, too
  /// many.
  [[nodiscard]] std::optional<double> paths_log10() const;
  [[nodiscard]] std::optional<std::int64_t> paths() const;
  /// The same of the paths of EWP 0. zero_paths() is none only if they are too many.
  [[nodiscard]] std::optional<double> zero_paths_log10() const;
  [[nodiscard]] std::optional<std::int64_t> zero_paths() const;
  /// None where no path has EWP > 0.
  [[nodiscard]] std::optional<LogEwp> log_ewp() const;
};

/// The moments of each layer's units, in one pass over the kept parameters with a logarithm for each.
/// Counts far apart lose what ScaledSums says. Throws Error(data) naming the tensor if a kept weight is NaN or
/// infinite.
[[nodiscard]] std::vector<PathMoments> path_moments(const LayeredGraph& graph, PathLevel level = PathLevel::parameter);

/// The whole network's. Counts are exact below 2^53; relative error of the others below 1e-13 a layer, of the variance
/// relative to the largest squared deviation of a unit's terms.
[[nodiscard]] PathStatistics path_statistics(const LayeredGraph& graph, PathLevel level = PathLevel::parameter);

}  // namespace phew
