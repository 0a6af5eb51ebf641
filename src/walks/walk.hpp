// Walks on a layered graph: how a path is drawn (paper, Sec. 5 and Eq. 3).
//
// At a unit, first the link, then the edge, then the parameter:
//   link       a fair choice among the unit's weighted links; a fixed link only where there is no weighted one
//   edge       in proportion to its bias, among those from which an end of the walk can be reached
//   parameter  one of the edge's kernel, in proportion to the same bias; or the whole kernel
// Edges of bias 0, and edges that lead nowhere, are dropped before the first walk, so no walk ever fails.
#pragma once

#include "graph/layered_graph.hpp"
#include "graph/random_stream.hpp"
#include "walks/edge_bias.hpp"

#include <cstdint>
#include <memory>
#include <vector>

namespace phew {

enum class Granularity { parameter, kernel };
enum class Direction { forward, reverse };

/// The unit at which a walk starts.
enum class Start {
  round_robin,  ///< each input (output) unit in turn
  balanced,     ///< the one with the fewest starts and ends over earlier blocks of 1,024 walks and starts of this one
  uniform       ///< any with equal chance
};

/// Which links a walk may take where a unit has weighted and fixed ones.
enum class Shortcuts {
  skip,  ///< a weighted one, all equally likely; a fixed one only where there is no weighted one (the published code)
  walk,  ///< any, equally likely
  weigh  ///< in proportion to the unit's total bias in the link, 1 for a fixed one
};

struct WalkOptions {
  Bias bias = Bias::weight;
  Granularity granularity = Granularity::parameter;
  Start start = Start::round_robin;
  Shortcuts shortcuts = Shortcuts::skip;
  /// 0: 64 walks a prunable parameter, and a million. A safeguard: high densities need very many walks.
  std::int64_t max_walks = 0;
};

/// What one step of a walk keeps: positions [first, last) of row `row` of a link's parameter.
struct Kept {
  std::uint32_t link = 0;
  std::int64_t row = 0;
  std::int64_t first = 0, last = 0;
};

/// Draws walks. Immutable after construction, which is one pass over the weights; safe to share between threads.
/// Memory: per weighted link, edge norms (unless its kernels are single weights) and an eighth of that in block sums.
class Walker {
 public:
  /// Throws Error(data) if no input–output path of non-zero bias exists, naming a parameter that blocks all of them if
  /// there is one. `graph` needs weights unless the bias is uniform.
  Walker(const LayeredGraph& graph, const WalkOptions& options, int threads);
  ~Walker();
  Walker(Walker&&) noexcept;
  Walker& operator=(Walker&&) noexcept;

  /// Appends what walk number `walk` keeps to `out`, in the order of its steps. Even walks are forward, odd ones
  /// reverse; starts go round-robin over the units with something left. Draws from stream (seed, walk) only:
  /// block `step` gives words 0–1 to the edge, 2 to the parameter, 3 to the link; fixed steps count.
  void walk(std::uint64_t seed, std::uint64_t walk, std::vector<Kept>& out) const;

  /// Parameters that some walk can keep: those on edges of paths of non-zero bias.
  [[nodiscard]] std::int64_t reachable() const;
  /// The bound that keep_walks stops at: WalkOptions::max_walks or its default.
  [[nodiscard]] std::int64_t max_walks() const;
  [[nodiscard]] const LayeredGraph& graph() const;

 private:
  class Impl;
  std::unique_ptr<const Impl> impl_;
};

}  // namespace phew
