// EdgeRows: a weighted link's edges as rows of bits, with a mask or without.
#pragma once

#include "graph/bit_kernels.hpp"
#include "graph/layered_graph.hpp"

#include <algorithm>
#include <cstdint>
#include <vector>

namespace phew {

/// Rows of bits, one per unit on one side of a link. A graph without a mask has all edges: one row of ones stands for
/// all. Refers to the graph.
class EdgeRows {
 public:
  /// Row = target unit, column = s − first_source(t).
  [[nodiscard]] static EdgeRows by_target(const LayeredGraph& graph, const Link& link) {
    if (!graph.has_mask()) return EdgeRows(link.group_sources);
    return EdgeRows(graph.sources_by_target(graph.index_of(link)));
  }
  /// Row = source unit, column = t − first_target(s).
  [[nodiscard]] static EdgeRows by_source(const LayeredGraph& graph, const Link& link) {
    if (!graph.has_mask()) return EdgeRows(link.group_targets);
    return EdgeRows(graph.targets_by_source(graph.index_of(link)));
  }

  [[nodiscard]] Bits row(std::int64_t unit) const { return some_ == nullptr ? all_.row(0) : some_->row(unit); }

 private:
  explicit EdgeRows(std::int64_t columns) : all_(1, columns, true) {}
  explicit EdgeRows(const BitMatrix& some) : some_(&some) {}

  const BitMatrix* some_ = nullptr;
  BitMatrix all_;  ///< a row of ones
};

/// Flags (0 or 1 each) as bits, padded to whole words.
[[nodiscard]] inline std::vector<std::uint64_t> to_bits(std::span<const std::uint8_t> flags) {
  std::vector<std::uint64_t> bits((flags.size() + 63) / 64);
  for (std::size_t i = 0; i < flags.size(); ++i) bits[i / 64] |= std::uint64_t{flags[i]} << (i % 64);
  return bits;
}

}  // namespace phew
