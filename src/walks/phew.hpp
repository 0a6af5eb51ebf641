// PHEW: a mask of the paths that walks draw (paper, Sec. 5), and its relatives with another bias.
#pragma once

#include "graph/layered_graph.hpp"
#include "graph/mask.hpp"
#include "walks/walk.hpp"

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace phew {

/// Starts of the units of one end: of the one used least and the one used most, among those where walks can start.
struct StartCounts {
  std::int64_t least = 0, most = 0;
  friend bool operator==(const StartCounts&, const StartCounts&) = default;
};

struct WalkMask {
  Mask mask;
  std::int64_t kept = 0;
  std::int64_t walks = 0;                  ///< merged into the mask
  std::int64_t steps = 0;                  ///< weighted edges that they followed
  std::int64_t drawn = 0;                  ///< walks drawn, those behind the last one merged included
  std::int64_t shortest = 0, longest = 0;  ///< steps of a walk
  StartCounts inputs{}, outputs{};
};

/// Called now and then with the parameters kept so far and their target. May throw to stop.
using Progress = std::function<void(std::int64_t kept, std::int64_t target)>;

/// Walks until at least `target` parameters are kept after a whole walk. The mask is a function of the walker's graph
/// and options, `target` and `seed` alone; `threads` only share the work. It has no stub units, and every kept
/// parameter lies on an input–output path (but for tied tensors). Throws Error(data), naming the density that can be
/// reached, if `target` cannot be met or needs more than WalkOptions::max_walks.
[[nodiscard]] WalkMask keep_walks(const Walker& walker, std::int64_t target, std::uint64_t seed, int threads = 1,
                                  const Progress& progress = {});

/// Masks of falling targets, each inside the one before: prefixes of one sequence of walks. Equal to keep_walks of each
/// target alone. Throws Error(internal) unless there are targets and they fall.
[[nodiscard]] std::vector<WalkMask> keep_walks_nested(const Walker& walker, std::span<const std::int64_t> targets,
                                                      std::uint64_t seed, int threads = 1,
                                                      const Progress& progress = {});

struct PhewOptions {
  double density = 0.1;
  std::uint64_t seed = 0;
  WalkOptions walks{};
  int threads = 1;
};

/// The PHEW mask of a network with weights, in one call: forward and reverse walks in turn from round-robin starts,
/// each edge in proportion to its weight magnitude. Throws Error(usage) for a density outside (0, 1].
[[nodiscard]] WalkMask phew_mask(const LayeredGraph& graph, const PhewOptions& options);

/// round(density · prunable). Throws Error(usage) for a density outside (0, 1], NaN, or one that keeps nothing.
[[nodiscard]] std::int64_t target_of(double density, std::int64_t prunable);

}  // namespace phew
