// Topologies: which edges a link has, by structure alone. A kept edge keeps its whole kernel. These are the
// network-science relatives of pruning that the paper names (Sec. 3).
//
// A link's edges are a matrix of targets × sources, one a group. The construction says which densities it allows; each
// link takes the nearest, and what rounding leaves over or takes too much is the next link's. A tied tensor is
// constructed once, as its first link.
#pragma once

#include "graph/layered_graph.hpp"
#include "graph/mask.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace phew {

struct Topology {
  Mask mask;
  std::int64_t edges = 0;
  std::vector<std::int64_t> radices{};  ///< by parameter tensor; radix-net only
};

/// A mixed-radix topology after RadiX-Net (Kepner & Robinett 2019). With M = min(sources, targets) of a link (of one of
/// its groups), units fall into M classes of equal size, or sizes that differ by one, and class c is joined to the
/// classes c + k·v modulo M, k = 0 … r − 1: a digit of radix r and place value v. Along the depth, the place value is
/// the product of the radices before it, until no further digit fits below M and the next system of digits begins. A
/// radix is the divisor of M / v whose density is nearest to the wanted one. Where all M are equal and the radices
/// multiply up to M, every input is joined to every output by the same number of paths. A link with another M goes on
/// at the place value of the same share of the circle, rounded; where that does not divide M, any radix will do that
/// does not wrap. A function of structure and target alone. O(edges kept).
[[nodiscard]] Topology radix_net(const LayeredGraph& graph, std::int64_t target);

/// Random regular links (X-Net's expanders, Prabhu et al. 2018, made regular on both sides): the sources of one target,
/// and the targets of one source, differ in number by at most one within a link. Dealt from shuffled sources, then
/// mixed by eight attempted switches of two edges' ends for each edge: the chain whose limit has all such graphs
/// equally likely. O(edges kept + units).
[[nodiscard]] Topology random_regular(const LayeredGraph& graph, std::int64_t target, std::uint64_t seed);

/// Erdős–Rényi links (Mocanu et al. 2018, with one density for all): a fixed number of a link's edges, all equally
/// likely. One topology a target; targets must not rise, and each lies inside the one before.
[[nodiscard]] std::vector<Topology> erdos_renyi(const LayeredGraph& graph, std::span<const std::int64_t> targets,
                                                std::uint64_t seed);

}  // namespace phew
