// LinkChoices: how a walk chooses among the edges of one weighted link, and within a kernel.
//
//   edges of                 a walk finds its edge by                                    memory beyond the weights
//   kernels of several       cumulative sums in blocks of 16, by target and by source    2 floats an edge + trees
//                            (one block where a unit has at most 64 edges)
//   single weights, reverse  a scan of the block's raw |w|                               a tree: 1/16 of the weights
//   single weights, forward  rejection: any of the block's 16 edges, kept with chance    a tree: 1/16 of the weights
//                            |w| / the block's largest, so only one weight is read
//   equal chance (uniform)   its number                                                  none
//
// Where a mask prunes single weights, where units lead nowhere, or where the bias is not |w|, cumulative sums serve
// too.
#pragma once

#include "graph/direction.hpp"
#include "graph/layered_graph.hpp"
#include "walks/bias.hpp"
#include "walks/choice_tree.hpp"
#include "walks/float_buffer.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace phew {

/// The choice among a unit's edges in one direction. Row = the unit that the walk stands on; leaf i = edge i of it.
struct EdgeChoices {
  enum class Leaf { equal, cumulative, scan, reject };

  static constexpr std::int64_t fan = 16;        ///< leaves of a block
  static constexpr std::int64_t short_row = 64;  ///< cumulative sums of up to so many leaves are one block

  Leaf leaf = Leaf::equal;
  std::int64_t leaves = 0;         ///< edges of a unit
  std::int64_t block = fan;        ///< leaves of a block
  ChoiceTree tree;                 ///< block sums; for `reject` each block's largest bias; none for `equal`
  FloatBuffer sums;                ///< cumulative within blocks, padded with the block's total (`cumulative`)
  std::int64_t stride = 0;         ///< floats from row to row of `sums`, or of the weights (`scan`, `reject`)
  const float* weights = nullptr;  ///< the link's parameter (`scan`, `reject`)

  [[nodiscard]] std::int64_t blocks() const { return (leaves + block - 1) / block; }
};

/// Refers to the graph and the link, which must outlive it.
class LinkChoices {
 public:
  LinkChoices(const LayeredGraph& graph, const Link& link, Bias bias);

  // Preparation: every tile once, in any order and from many threads; then accumulate() each unit of either end.

  /// Blocks of targets of one group.
  [[nodiscard]] std::int64_t tiles() const;
  /// One pass over the tile's weights.
  void prepare(std::int64_t tile);
  void accumulate(Direction direction, std::int64_t unit) { choices(direction).tree.accumulate(unit); }

  /// Drops the edges from or to units that are not alive (indexed by unit; 0 = not) and starts preparation anew.
  void keep_alive(std::vector<std::uint8_t> sources, std::vector<std::uint8_t> targets);

  // What walks ask.

  [[nodiscard]] const EdgeChoices& operator[](Direction direction) const {
    return direction == Direction::forward ? forward_ : reverse_;
  }
  [[nodiscard]] const Link& link() const { return *link_; }
  /// > 0 if the unit has an edge to choose; NaN or infinite if its biases are.
  [[nodiscard]] float total(Direction direction, std::int64_t unit) const;
  /// Sum of the biases of the unit's edges. O(edges of the unit) for single weights in forward direction: total() is
  /// not that sum there.
  [[nodiscard]] double magnitude(Direction direction, std::int64_t unit) const;
  /// Whether the edge from column `column` to target `target` has a bias above 0, its ends alive or not. O(kernel).
  [[nodiscard]] bool has_edge(std::int64_t target, std::int64_t column) const;
  /// Bias of the parameter at `position` of row `target`.
  [[nodiscard]] float parameter(std::int64_t target, std::int64_t position) const;
  /// The kernel's |w| as they lie in memory, if parameters are chosen by them; else null: ask parameter().
  [[nodiscard]] const float* raw_kernels() const { return raw() ? values_.data() : nullptr; }
  [[nodiscard]] std::int64_t row_length() const { return row_length_; }

 private:
  [[nodiscard]] EdgeChoices& choices(Direction direction) {
    return direction == Direction::forward ? forward_ : reverse_;
  }
  [[nodiscard]] bool raw() const { return bias_ == Bias::weight && kept_ == nullptr; }
  /// Targets of a tile: one block of the forward choices.
  [[nodiscard]] std::int64_t tile_size() const { return forward_.block; }
  [[nodiscard]] float of_magnitude(float magnitude) const;
  void set_up();
  void fill_row(std::int64_t target, float* biases) const;
  void prepare_raw(std::int64_t first, std::int64_t last);
  void prepare_cumulative(std::int64_t first, std::int64_t last);

  const LayeredGraph* graph_;
  const Link* link_;
  Bias bias_;
  std::int64_t row_length_ = 0;                  ///< parameters of a target
  std::span<const float> values_;                ///< weights; empty for uniform
  const BitMatrix* kept_ = nullptr;              ///< of the graph's mask, if it has one
  std::vector<std::uint8_t> sources_, targets_;  ///< units alive; empty: all
  EdgeChoices forward_, reverse_;
};

}  // namespace phew
