// BestPaths: the input–output paths of the largest edge-weight products, one by one, best first.
//
//   in ─┬─ 3 ─► (0) ─ 2 ─► out
//       └─ 1 ─► (1) ─ 5 ─► out        6 by (0), 5 by (1)
//
// A sweep against the links finds each unit's best product to the outputs. From then on paths are found lazily: every
// unit keeps its ranked list of ways to the outputs and extends it only when a path through it is asked for, by the
// next edge in order or by the next rank of an edge's target (the recursive enumeration of Jiménez & Marzal 1999, which
// finds what Eppstein's and Yen's algorithms find).
#pragma once

#include "graph/layered_graph.hpp"
#include "graph/path_steps.hpp"
#include "graph/sweep.hpp"

#include <compare>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace phew {

/// A product value · 2^exponent of non-negative factors, value in [½, 1), or 0 · 2^0: no path is too long for it.
struct ScaledProduct {
  double value = 0;
  std::int64_t exponent = 0;

  [[nodiscard]] static ScaledProduct of(double value, std::int64_t exponent);
  [[nodiscard]] ScaledProduct times(double factor) const { return of(factor * value, exponent); }
  [[nodiscard]] double log() const;  ///< natural; −inf for 0
  friend bool operator==(const ScaledProduct&, const ScaledProduct&) = default;
  friend bool operator>(const ScaledProduct& a, const ScaledProduct& b) {
    if (a.value == 0 || b.value == 0) return a.value > b.value;
    return a.exponent != b.exponent ? a.exponent > b.exponent : a.value > b.value;
  }
};

/// An edge of a path and the one parameter that the path names in its kernel (at kernel level the kernel's first).
struct PathEdge {
  std::size_t link = 0;
  std::int64_t target = 0;     ///< vertex; the source is the path's vertex before it
  std::int64_t position = -1;  ///< of the parameter within the target's row; −1 for a fixed edge
};

struct BestPath {
  ScaledProduct product;   ///< Π|w| over its parameters; a fixed edge counts 1
  std::int64_t start = 0;  ///< vertex of the input unit
  std::vector<PathEdge> edges;
};

/// Paths in order of Π|w|, a product rounded to double after each factor from the output back to the input (so that it
/// is the same on every machine). Equal products: by the input unit; then, from there on, the path whose rest has the
/// larger product; then one that ends at the unit; then by link, target unit and position of the edge. Parameters of
/// value 0 are on no path, nor are units whose best product to an output is below 2^-850 of their layer's largest.
/// Without weights every parameter counts 1. At kernel level all this is of edges and their Σ|w|. The graph's copies
/// share its weights, so it may go out of scope.
///
/// Cost: one pass over the kept parameters to prepare; then, for each unit that is on a path for the first time, one
/// over its out-edges, and O(length of the path · log) a path. Memory: about 40 bytes a path and unit on it.
class BestPaths {
 public:
  /// Throws Error(data) naming the tensor if a kept weight is NaN or infinite.
  explicit BestPaths(LayeredGraph graph, PathLevel level = PathLevel::parameter);
  ~BestPaths();

  /// The next path, or none if there are no more.
  [[nodiscard]] std::optional<BestPath> next();
  /// Bytes that the ranked lists take by now.
  [[nodiscard]] std::size_t bytes() const { return steps_ * sizeof(Step); }

 private:
  /// A way from a unit to an output: its first edge, and which of the target's ways follows.
  struct Step {
    ScaledProduct product;       ///< of the whole way
    std::int64_t target = -1;    ///< vertex; −1: the way ends here
    std::int64_t position = -1;  ///< as in PathEdge
    std::uint32_t link = 0;
    std::uint32_t rank = 0;  ///< into the target's `found`
  };
  struct Node;

  static bool before(const Step& a, const Step& b);
  [[nodiscard]] ScaledProduct best(std::int64_t vertex) const;
  [[nodiscard]] double value_of(const Step& step) const;
  [[nodiscard]] double kernel_value(const Link& link, std::int64_t row, std::int64_t position) const;
  Node& node(std::int64_t vertex);
  bool extend(Node& node);
  bool ensure(std::int64_t vertex, std::size_t rank);
  void push_successor(Node& node);
  void list_edges(Node& node);
  class EdgeList;

  LayeredGraph graph_;
  PathLevel level_;
  std::vector<ScaledSums> best_;              ///< by layer and unit: the best product to an output
  std::vector<std::unique_ptr<Node>> nodes_;  ///< by vertex; null until a path passes
  std::unique_ptr<Node> start_;               ///< before all inputs: its edges lead to the input units
  std::size_t steps_ = 0;                     ///< held by all nodes
};

}  // namespace phew
