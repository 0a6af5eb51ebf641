// FLOPs of a masked network.
#pragma once

#include "graph/layered_graph.hpp"
#include "graph/network.hpp"

#include <cstdint>
#include <vector>

namespace phew {

struct Flops {
  std::vector<std::int64_t> links;  ///< by link of the graph; 0 for a fixed link
  std::int64_t whole = 0;           ///< their sum
};

/// Floating-point operations of one example, forward: 2 for each kept parameter and each output position of its op, a
/// multiplication and an addition; biases, batch normalisation, activations and pooling do not count, and positions in
/// the padding do. A tensor that two links share counts in both. `graph` is of `network`. O(mask words).
[[nodiscard]] Flops flops(const Network& network, const LayeredGraph& graph);

}  // namespace phew
