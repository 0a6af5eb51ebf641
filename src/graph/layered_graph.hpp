// LayeredGraph: a neural network as the layered DAG it is.
//
//        input        conv1      layer1.0.add       fc
//         (R) ───────► (0) ─────────► (0) ─────────► (0)      units are vertices, in layers
//         (G) ──────►  (1) ────────►  (1) ────────►  (1)      a weighted link is one parameter tensor;
//         (B)          (2)            (2)                     each of its edges carries one kernel
//                        └─ ─ fixed ─ ─►┘                     a fixed link is an identity shortcut
//
// Edges are computed from the weight tensors and the mask's bits, never stored. The class models Boost.Graph's
// VertexListGraph, BidirectionalGraph, EdgeListGraph and AdjacencyMatrix (graph/layered_graph_bgl.hpp), so BGL's
// algorithms run on it unmodified; the block kernels (reach, path_sums) work on rows of the tensors and are faster.
#pragma once

#include "graph/mask.hpp"
#include "graph/network.hpp"
#include "graph/weights.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace phew {

/// An ordered set of units: the input, the output of a weighted op, or of a join.
struct Layer {
  std::string name;        ///< the name of the op whose output it is
  std::int64_t first = 0;  ///< vertex of its unit 0; units are numbered layer by layer
  std::int64_t units = 0;
  bool input = false;   ///< its units are inputs of the network
  bool output = false;  ///< its units are outputs of the network
  bool copy = false;    ///< all in-links are fixed and there is one (Concat, Split, shuffle): not counted as hidden
  std::vector<std::size_t> in_links, out_links;  ///< indices into links(), ascending

  [[nodiscard]] bool hidden() const { return !input && !output; }
};

/// What ties one layer to a later one.
struct Link {
  std::string name;      ///< the weighted op's name, or "FROM->TO" for a fixed link
  std::size_t from = 0;  ///< indices into layers(); from < to
  std::size_t to = 0;
  std::size_t parameter = Network::no_parameter;  ///< index into parameters(); none for a fixed link
  std::size_t node = 0;                           ///< the weighted op, or the join of a fixed link

  // Weighted: target t of group g = t / group_targets reads the group_sources units from g · group_sources on.
  // Its row of the parameter holds their kernels one after another, `kernel` parameters each.
  std::int64_t kernel = 0;  ///< parameters per edge
  Size2 kernel_size{};      ///< kh × kw of a convolution, H × W of a flattened map, 1 × 1 of a dense layer
  std::int64_t groups = 1;
  std::int64_t group_sources = 0;  ///< sources of one target
  std::int64_t group_targets = 0;  ///< targets of one source

  // Fixed: each target unit copies one source unit, or none (−1).
  std::vector<std::int64_t> source_of;                ///< by target unit
  std::vector<std::vector<std::int64_t>> targets_of;  ///< by source unit, ascending

  [[nodiscard]] bool fixed() const { return parameter == Network::no_parameter; }
  /// First source unit of target t (weighted).
  [[nodiscard]] std::int64_t first_source(std::int64_t t) const { return t / group_targets * group_sources; }
  /// First target unit of source s (weighted).
  [[nodiscard]] std::int64_t first_target(std::int64_t s) const { return s / group_sources * group_targets; }
};

/// A unit by layer and index within it.
struct Unit {
  std::size_t layer = 0;
  std::int64_t index = 0;
};

/// A cheap handle: copies share structure, weights and mask. Immutable, so it may be read from many threads.
class LayeredGraph {
 public:
  /// Structure only: every edge is there, each parameter counts 1. Throws Error(unsupported) naming the op that the
  /// graph cannot express.
  explicit LayeredGraph(const Network& network);
  /// With weights, which must fit the network's parameters.
  LayeredGraph(const Network& network, Weights weights);

  /// The same network with the kept edges of `mask` only: an edge is there if a bit of its kernel is set. Fixed edges
  /// are never pruned. Throws Error(internal) if the mask does not fit.
  [[nodiscard]] LayeredGraph masked(Mask mask) const;
  /// The same structure and mask with these weights.
  [[nodiscard]] LayeredGraph weighted(Weights weights) const;

  [[nodiscard]] std::span<const Layer> layers() const { return structure_->layers; }  ///< topological order
  [[nodiscard]] std::span<const Link> links() const { return structure_->links; }     ///< by target layer, ascending
  [[nodiscard]] std::span<const Parameter> parameters() const { return structure_->parameters; }
  [[nodiscard]] std::int64_t unit_count() const { return structure_->units; }
  [[nodiscard]] std::int64_t prunable() const { return structure_->prunable; }

  [[nodiscard]] bool has_weights() const { return !weights_.empty(); }
  [[nodiscard]] bool has_mask() const { return mask_ != nullptr; }
  [[nodiscard]] const Weights& weights() const { return weights_; }
  /// Throws Error(internal) without a mask.
  [[nodiscard]] const Mask& mask() const;

  [[nodiscard]] Unit unit(std::int64_t vertex) const;  ///< O(log layers)
  [[nodiscard]] std::int64_t vertex(std::size_t layer, std::int64_t index) const {
    return layers()[layer].first + index;
  }
  /// "layer1.0.add[17]".
  [[nodiscard]] std::string unit_name(std::int64_t vertex) const;

  /// Whether a weighted link's edge from source unit s of column `column` = s − first_source(t) to target t is there.
  [[nodiscard]] bool has_edge(const Link& link, std::int64_t target, std::int64_t column) const;
  /// Edges that are there, both kinds. O(mask words) with a mask.
  [[nodiscard]] std::int64_t edge_count(const Link& link) const;
  /// Magnitude of an edge: Σ|w| over its kernel's kept parameters (their number without weights); 1 for a fixed edge.
  [[nodiscard]] double magnitude(const Link& link, std::int64_t target, std::int64_t column) const;
  /// Length of an edge: −ln max|w| over its kernel's kept parameters, so that a path's length is −ln of its best
  /// edge-weight product; +inf if all are zero, 0 for a fixed edge and without weights.
  [[nodiscard]] double length(const Link& link, std::int64_t target, std::int64_t column) const;
  /// A weighted link's kept edges by target: row = target unit, column = s − first_source(t). The mask's own bits where
  /// kernels have one parameter; else built on first use, in one read of the mask.
  [[nodiscard]] const BitMatrix& sources_by_target(std::size_t link) const;
  /// A weighted link's kept edges by source: row = source unit, column = t − first_target(s). Built on first use, by
  /// transposing the other.
  [[nodiscard]] const BitMatrix& targets_by_source(std::size_t link) const;
  /// The index of one of links().
  [[nodiscard]] std::size_t index_of(const Link& link) const {
    return static_cast<std::size_t>(&link - structure_->links.data());
  }

 private:
  struct Structure {
    std::vector<Layer> layers;
    std::vector<Link> links;
    std::vector<Parameter> parameters;
    std::int64_t units = 0;
    std::int64_t prunable = 0;
  };
  struct Masked;  // a mask and its edge bits
  class Builder;

  std::shared_ptr<const Structure> structure_;
  Weights weights_;
  std::shared_ptr<Masked> mask_;
};

/// Calls f(column, first, last) for each kept edge of a weighted link's target, in ascending column order; its kernel
/// is [first, last) of the parameter's row.
template <typename F>
void for_each_in_edge(const LayeredGraph& graph, const Link& link, std::int64_t target, F&& f) {
  if (!graph.has_mask()) {
    for (std::int64_t c = 0; c < link.group_sources; ++c) f(c, c * link.kernel, (c + 1) * link.kernel);
    return;
  }
  const BitMatrix& bits = graph.mask()[link.parameter];
  for (std::int64_t p = bits.next(target, 0); p < bits.columns();) {
    const std::int64_t c = p / link.kernel;
    f(c, c * link.kernel, (c + 1) * link.kernel);
    p = bits.next(target, (c + 1) * link.kernel);
  }
}

}  // namespace phew
