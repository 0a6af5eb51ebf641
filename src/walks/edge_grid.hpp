// EdgeGrid: the edges of one parameter tensor as a matrix, for constructions that keep whole kernels.
#pragma once

#include "graph/layered_graph.hpp"
#include "graph/mask.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace phew {

/// Row = target unit, column = source within the target's group.
struct EdgeGrid {
  std::size_t link = 0;                   ///< the first link of the parameter
  std::int64_t targets = 0, sources = 0;  ///< rows; columns: the sources of one group
  std::int64_t groups = 1;
  std::int64_t kernel = 1;  ///< parameters of an edge

  [[nodiscard]] std::int64_t edges() const { return targets * sources; }
  [[nodiscard]] std::int64_t parameters() const { return edges() * kernel; }
};

/// One grid a parameter tensor, in the network's order.
[[nodiscard]] std::vector<EdgeGrid> edge_grids(const LayeredGraph& graph);
/// The grids' shapes, so that a Mask can hold one bit an edge.
[[nodiscard]] std::vector<Parameter> edge_parameters(std::span<const EdgeGrid> grids);
/// The mask of parameters that keeps all of the kernel of every edge in `edges`.
[[nodiscard]] Mask with_whole_kernels(const LayeredGraph& graph, std::span<const EdgeGrid> grids, const Mask& edges);

/// Divides a target over tensors, one after another: each gets its share of what is left, so that what one could not
/// take exactly is made up for by the next ones.
class Budget {
 public:
  Budget(std::int64_t target, std::int64_t parameters) : left_(target), rest_(parameters) {}

  /// The share of the next `parameters`, at least 0.
  [[nodiscard]] double share(std::int64_t parameters) const {
    if (left_ <= 0 || rest_ <= 0) return 0;
    return static_cast<double>(left_) * static_cast<double>(parameters) / static_cast<double>(rest_);
  }
  /// Of the next `parameters`, `kept` are kept.
  void spend(std::int64_t parameters, std::int64_t kept) {
    left_ -= kept;
    rest_ -= parameters;
  }

 private:
  std::int64_t left_, rest_;
};

}  // namespace phew
