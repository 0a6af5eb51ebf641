// UnitBlocks: which units of a network may change places without a change of what the network can compute.
#pragma once

#include "graph/layered_graph.hpp"

#include <cstdint>
#include <vector>

namespace phew {

/// Bundles of units that may change places among each other, in any order. A bundle's units move together: one unit of
/// each of some layers (or several of one layer), always in the same order of places.
struct UnitBlock {
  std::size_t places = 0;              ///< units of a bundle
  std::vector<std::int64_t> vertices;  ///< bundle by bundle, `places` each

  [[nodiscard]] std::size_t size() const { return vertices.size() / places; }
  [[nodiscard]] std::int64_t vertex(std::size_t bundle, std::size_t place) const {
    return vertices[bundle * places + place];
  }
};

/// All blocks of a network, each of at least two bundles, in order of their first vertex.
struct UnitBlocks {
  std::vector<UnitBlock> blocks;
  std::vector<std::int32_t> block_of;   ///< by vertex; −1: the unit stays where it is
  std::vector<std::int32_t> bundle_of;  ///< by vertex: its bundle within its block
  std::vector<std::int32_t> place_of;   ///< by vertex: its place within its bundle
};

/// The rules, each of which keeps every relabelling of units within blocks free of effect:
/// - inputs and outputs of the network stay, and so do units that move with them;
/// - a fixed link's target moves with its source: the layers of a residual stream are relabelled as one; Concat, Split
///   and shuffle carry a relabelling on at their offsets;
/// - a depthwise convolution's target moves with its source; any other grouped convolution keeps its groups: units
///   change places within their group only, and groups do not;
/// - links that share a parameter tensor are relabelled alike (where they read it in different ways, what they read
///   stays).
/// Units change places only if all of this is alike for them, place by place. Sound, not complete: whole groups, or
/// units of a layer to which one channel is broadcast, could change places, too. O(units log units).
[[nodiscard]] UnitBlocks unit_blocks(const LayeredGraph& graph);

/// Whether a depthwise convolution's link: every group has one source, so that each target is tied to its source.
[[nodiscard]] inline bool depthwise(const Link& link) {
  return !link.fixed() && link.groups > 1 && link.group_sources == 1;
}

}  // namespace phew
