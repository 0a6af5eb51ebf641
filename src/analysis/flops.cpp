#include "analysis/flops.hpp"

namespace phew {

Flops flops(const Network& network, const LayeredGraph& graph) {
  Flops flops;
  for (const Link& link : graph.links()) {
    std::int64_t kept = 0;
    if (!link.fixed())
      kept = graph.has_mask() ? graph.mask()[link.parameter].count() : graph.parameters()[link.parameter].size();
    flops.links.push_back(2 * kept * network.node(link.node).output.positions());
    flops.whole += flops.links.back();
  }
  return flops;
}

}  // namespace phew
