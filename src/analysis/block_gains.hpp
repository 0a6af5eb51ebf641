// BlockGains: how many parameters two masks both keep, as a function of which units of one block are partners.
#pragma once

#include "analysis/assignment.hpp"
#include "analysis/unit_blocks.hpp"
#include "graph/layered_graph.hpp"
#include "graph/mask.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace phew {

/// By vertex of the first mask's units: the vertex of the second's that it is matched with. Units change places within
/// their blocks only (unit_blocks).
using Partners = std::vector<std::int64_t>;

/// No partner yet: the unit's edges count nothing.
constexpr std::int64_t no_partner = -1;

/// Which end of a link a block's units are.
enum class LinkEnd { source, target };

/// A network's blocks and the weighted links that tie them; a tensor that several links share counts at its first use.
/// What all pairs of masks of the network have in common.
class BlockLinks {
 public:
  /// A link of which a block's units are this end.
  struct Side {
    std::size_t link = 0;  ///< index into graph().links()
    LinkEnd end = LinkEnd::target;
  };

  explicit BlockLinks(const LayeredGraph& graph);

  [[nodiscard]] const LayeredGraph& graph() const { return graph_; }
  [[nodiscard]] const UnitBlocks& units() const { return units_; }
  [[nodiscard]] std::span<const std::size_t> links() const { return links_; }
  [[nodiscard]] std::span<const Side> sides(std::size_t block) const { return sides_[block]; }
  /// Other blocks whose gains depend on this one's partners.
  [[nodiscard]] std::span<const std::size_t> neighbours(std::size_t block) const { return neighbours_[block]; }
  /// Whether a link ties the block to itself, other than a depthwise one: its gains depend on its own partners.
  [[nodiscard]] bool own_neighbour(std::size_t block) const { return own_neighbour_[block] != 0; }

 private:
  LayeredGraph graph_;
  UnitBlocks units_;
  std::vector<std::size_t> links_;
  std::vector<std::vector<Side>> sides_;              ///< by block
  std::vector<std::vector<std::size_t>> neighbours_;  ///< by block
  std::vector<std::uint8_t> own_neighbour_;           ///< by block
};

/// Two masks of a network.
class BlockGains {
 public:
  /// Lists the kept parameters from both ends of their links. O(kept + mask words). Keeps references.
  BlockGains(const BlockLinks& network, const Mask& a, const Mask& b);

  /// gains(i, j): parameters at bundle i of `a` and at bundle j of `b` that both masks keep, given all other partners.
  /// Where a link ties the block to itself, its gains are those at the block's current partners (the derivative).
  /// O(Σ over the units and kernel places at the links' other ends of edges in `a` times edges in `b`).
  [[nodiscard]] Gains of(std::size_t block, const Partners& partners) const;
  /// Parameters that both masks keep, of all links.
  [[nodiscard]] std::int64_t kept_by_both(const Partners& partners) const;

 private:
  /// Vertices at one end of a link, by unit and kernel place at the other.
  class KeptLists {
   public:
    /// `for_each(entry)` calls entry(key, vertex) for each, in the same order every time.
    template <typename ForEach>
    KeptLists(std::size_t keys, ForEach&& for_each);
    [[nodiscard]] std::span<const std::int32_t> operator[](std::size_t key) const {
      return std::span(vertices_).subspan(ends_[key], ends_[key + 1] - ends_[key]);
    }

   private:
    std::vector<std::size_t> ends_;
    std::vector<std::int32_t> vertices_;
  };
  /// One mask's lists of a link.
  struct LinkLists {
    KeptLists targets, sources;
  };

  [[nodiscard]] static LinkLists lists_of(const LayeredGraph& graph, const Link& link, const BitMatrix& bits);
  void add(Gains& gains, std::size_t block, const BlockLinks::Side& side, const Partners& partners) const;

  const BlockLinks& network_;
  const Mask &a_mask_, &b_mask_;
  std::vector<LinkLists> a_, b_;       ///< by place in network_.links()
  std::vector<std::size_t> place_of_;  ///< by link
};

}  // namespace phew
