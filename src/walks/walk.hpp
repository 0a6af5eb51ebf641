// Walks on a layered graph: how a path is drawn (paper, Sec. 5 and Eq. 3).
//
// At a unit, first the link, then the edge, then the parameter:
//   link       a fair choice among the unit's weighted links; a fixed link only where there is no weighted one
//              (or as Shortcuts says)
//   edge       in proportion to its bias, among those from which an end of the walk can be reached
//   parameter  one of the edge's kernel, in proportion to the same bias; or the whole kernel
// Edges of bias 0, and edges that lead nowhere, are dropped before the first walk, so no walk ever fails.
#pragma once

#include "graph/direction.hpp"
#include "graph/layered_graph.hpp"
#include "walks/bias.hpp"

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace phew {

enum class Granularity { parameter, kernel };

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
  /// Most walks drawn before what they keep is merged. Never affects a mask.
  std::size_t batch = 1024;
};

/// What one step of a walk keeps: `count` positions from `first` on of row `row` of a link's parameter. Rows and their
/// lengths are below 2^32, which the Walker checks; four of these fit a cache line.
struct Kept {
  std::uint32_t link = 0;
  std::uint32_t count = 0;
  std::uint32_t row = 0;
  std::uint32_t first = 0;

  [[nodiscard]] std::int64_t last() const { return std::int64_t{first} + count; }
};

/// Where a walk begins and, once drawn, where it ended. Even numbers walk forward, odd ones in reverse.
struct WalkEnds {
  std::uint64_t number = 0;
  std::int64_t start = 0;  ///< vertex
  std::int64_t end = 0;    ///< vertex
};

/// What some walks keep, walk by walk.
class WalkSteps {
 public:
  void reset(std::size_t walks, std::size_t longest);

  [[nodiscard]] std::size_t walks() const { return counts_.size(); }
  /// Steps of a walk over weighted links, in its order.
  [[nodiscard]] std::span<const Kept> operator[](std::size_t walk) const {
    return {steps_.data() + walk * longest_, counts_[walk]};
  }
  /// Room for a walk's steps, and how many there are of them.
  [[nodiscard]] Kept* room(std::size_t walk) { return steps_.data() + walk * longest_; }
  void set_count(std::size_t walk, std::size_t count) { counts_[walk] = static_cast<std::uint32_t>(count); }

 private:
  std::size_t longest_ = 0;
  std::vector<std::uint32_t> counts_;
  std::vector<Kept> steps_;
};

/// Draws walks. Immutable after construction, which is one pass over the weights; safe to share between threads.
/// Memory: about a quarter of the weights in convolutions, an eighth in dense layers.
class Walker {
 public:
  /// Throws Error(data) if no input–output path of non-zero bias exists, naming a parameter that blocks all of them if
  /// there is one, or if a weight is NaN or infinite. `graph` needs weights unless the bias is uniform.
  Walker(const LayeredGraph& graph, const WalkOptions& options, int threads);
  ~Walker();
  Walker(Walker&&) noexcept;
  Walker& operator=(Walker&&) noexcept;

  /// Draws these walks, which may have any numbers and starts, and notes where each ended. What walk number w from a
  /// given start does depends on (seed, w) alone: its stream's block `step` gives words 0–1 to the edge, 2 to the
  /// parameter, 3 to the link; fixed steps count. An edge drawn by rejection takes words 0–2 of one block an attempt.
  void draw(std::uint64_t seed, std::span<WalkEnds> walks, WalkSteps& steps) const;

  /// Appends what walk number `walk` keeps to `out`. Starts go round-robin.
  void walk(std::uint64_t seed, std::uint64_t walk, std::vector<Kept>& out) const;

  /// Vertices where walks of a direction start: the units of that end with something left.
  [[nodiscard]] std::span<const std::int64_t> starts(Direction direction) const;
  /// Parameters that some walk can keep: those on edges of paths of non-zero bias. One pass over the weights.
  [[nodiscard]] std::int64_t reachable() const;
  [[nodiscard]] const WalkOptions& options() const;
  [[nodiscard]] const LayeredGraph& graph() const;
  /// Bytes held beside the graph.
  [[nodiscard]] std::int64_t memory() const;

 private:
  std::unique_ptr<const class WalkPlan> plan_;
};

inline Direction direction_of(std::uint64_t walk) { return walk % 2 == 0 ? Direction::forward : Direction::reverse; }

}  // namespace phew
