// LayeredGraph as a model of Boost.Graph's concepts: include this and BGL's algorithms run on it.
//
// Vertices are 0 … unit_count() − 1, numbered layer by layer, which is a topological order. An edge descriptor names
// its link, so the parallel edges of x + conv(x) are told apart. Iterators and property maps refer to the graph, which
// must outlive them. in_edges costs O(1) an edge and O(row words) a unit; out_edges of a masked graph read a transposed
// bit set that is built when first needed; degrees are counted.
#pragma once

#include "graph/layered_graph.hpp"

#include <boost/graph/graph_traits.hpp>
#include <boost/graph/properties.hpp>
#include <boost/iterator/counting_iterator.hpp>
#include <boost/iterator/iterator_facade.hpp>
#include <boost/property_map/function_property_map.hpp>
#include <boost/property_map/property_map.hpp>
#include <boost/range/iterator_range.hpp>

#include <compare>
#include <cstddef>
#include <iterator>
#include <utility>

namespace phew {

struct Edge {
  std::size_t link = 0;    ///< index into links()
  std::size_t source = 0;  ///< vertices
  std::size_t target = 0;
  friend auto operator<=>(const Edge&, const Edge&) = default;
};

/// The edge-weight tags beside boost::edge_weight (= length) and boost::vertex_index.
struct edge_magnitude_t {  ///< LayeredGraph::magnitude, double
  using kind = boost::edge_property_tag;
};
struct edge_link_t {  ///< index into links(), std::size_t
  using kind = boost::edge_property_tag;
};
struct vertex_layer_t {  ///< index into layers(), std::size_t
  using kind = boost::vertex_property_tag;
};
inline constexpr edge_magnitude_t edge_magnitude{};
inline constexpr edge_link_t edge_link{};
inline constexpr vertex_layer_t vertex_layer{};

/// The edges that enter a vertex (Direction in) or leave it (out), link by link, ascending within each.
enum class EdgeDirection { in, out };

template <EdgeDirection direction>
class IncidentEdgeIterator
    : public boost::iterator_facade<IncidentEdgeIterator<direction>, Edge, boost::forward_traversal_tag, Edge> {
 public:
  IncidentEdgeIterator() = default;
  /// At the first edge.
  IncidentEdgeIterator(const LayeredGraph& graph, std::size_t vertex) : graph_(&graph), vertex_(vertex) {
    const Unit unit = graph.unit(static_cast<std::int64_t>(vertex));
    layer_ = unit.layer;
    index_ = unit.index;
    advance();
  }
  /// Behind the last.
  static IncidentEdgeIterator end(const LayeredGraph& graph, std::size_t vertex) {
    IncidentEdgeIterator it;
    it.graph_ = &graph;
    it.vertex_ = vertex;
    it.layer_ = graph.unit(static_cast<std::int64_t>(vertex)).layer;
    it.link_ = it.link_indices().size();
    return it;
  }

 private:
  friend class boost::iterator_core_access;

  [[nodiscard]] const std::vector<std::size_t>& link_indices() const {
    const Layer& layer = graph_->layers()[layer_];
    return direction == EdgeDirection::in ? layer.in_links : layer.out_links;
  }

  void increment() { advance(); }
  [[nodiscard]] bool equal(const IncidentEdgeIterator& other) const {
    return vertex_ == other.vertex_ && link_ == other.link_ && position_ == other.position_;
  }
  [[nodiscard]] Edge dereference() const {
    const std::size_t index = link_indices()[link_];
    const Link& link = graph_->links()[index];
    if constexpr (direction == EdgeDirection::in) {
      const std::int64_t source =
          link.fixed() ? link.source_of[static_cast<std::size_t>(index_)] : link.first_source(index_) + position_;
      return {index, static_cast<std::size_t>(graph_->vertex(link.from, source)), vertex_};
    } else {
      const std::int64_t target =
          link.fixed() ? link.targets_of[static_cast<std::size_t>(index_)][static_cast<std::size_t>(position_)]
                       : link.first_target(index_) + position_;
      return {index, vertex_, static_cast<std::size_t>(graph_->vertex(link.to, target))};
    }
  }

  /// To the next position that holds an edge, in this link or a later one.
  void advance() {
    for (++position_; link_ < link_indices().size(); ++link_, position_ = 0)
      if ((position_ = next_edge(link_indices()[link_], position_)) >= 0) return;
    position_ = -1;
  }

  /// The first position ≥ from of a link that holds an edge, or −1.
  [[nodiscard]] std::int64_t next_edge(std::size_t index, std::int64_t from) const {
    const Link& link = graph_->links()[index];
    std::int64_t count = 0;
    std::int64_t found = from;
    if constexpr (direction == EdgeDirection::in) {
      count = link.fixed() ? (link.source_of[static_cast<std::size_t>(index_)] >= 0 ? 1 : 0) : link.group_sources;
      if (!link.fixed() && graph_->has_mask()) {
        const BitMatrix& bits = graph_->mask()[link.parameter];
        const std::int64_t bit = bits.next(index_, from * link.kernel);
        found = bit < bits.columns() ? bit / link.kernel : count;
      }
    } else {
      count = link.fixed() ? static_cast<std::int64_t>(link.targets_of[static_cast<std::size_t>(index_)].size())
                           : link.group_targets;
      if (!link.fixed() && graph_->has_mask()) found = graph_->targets_by_source(index).next(index_, from);
    }
    return found < count ? found : -1;
  }

  const LayeredGraph* graph_ = nullptr;
  std::size_t vertex_ = 0;
  std::size_t layer_ = 0;
  std::int64_t index_ = 0;      ///< of the unit in its layer
  std::size_t link_ = 0;        ///< position in link_indices(); their number at the end
  std::int64_t position_ = -1;  ///< column (in) or target within the group (out) of the edge; −1 at the end
};

/// All edges: the in-edges of vertex 0, of vertex 1, …
class EdgeIterator : public boost::iterator_facade<EdgeIterator, Edge, boost::forward_traversal_tag, Edge> {
  using InEdges = IncidentEdgeIterator<EdgeDirection::in>;

 public:
  EdgeIterator() = default;
  EdgeIterator(const LayeredGraph& graph, std::size_t vertex) : graph_(&graph), vertex_(vertex) {
    if (vertex_ < vertex_count()) enter();
    skip_empty();
  }

 private:
  friend class boost::iterator_core_access;

  [[nodiscard]] std::size_t vertex_count() const { return static_cast<std::size_t>(graph_->unit_count()); }
  void enter() {
    at_ = InEdges(*graph_, vertex_);
    end_ = InEdges::end(*graph_, vertex_);
  }
  void skip_empty() {
    while (vertex_ < vertex_count() && at_ == end_)
      if (++vertex_ < vertex_count()) enter();
    if (vertex_ == vertex_count()) at_ = end_ = InEdges();
  }
  void increment() {
    ++at_;
    skip_empty();
  }
  [[nodiscard]] bool equal(const EdgeIterator& other) const { return vertex_ == other.vertex_ && at_ == other.at_; }
  [[nodiscard]] Edge dereference() const { return *at_; }

  const LayeredGraph* graph_ = nullptr;
  std::size_t vertex_ = 0;
  InEdges at_, end_;
};

// Readable property maps.
struct EdgeLength {
  const LayeredGraph* graph;
  double operator()(const Edge& edge) const;
};
struct EdgeMagnitude {
  const LayeredGraph* graph;
  double operator()(const Edge& edge) const;
};
struct EdgeLink {
  std::size_t operator()(const Edge& edge) const { return edge.link; }
};
struct VertexLayer {
  const LayeredGraph* graph;
  std::size_t operator()(std::size_t vertex) const { return graph->unit(static_cast<std::int64_t>(vertex)).layer; }
};

}  // namespace phew

namespace boost {

template <>
struct graph_traits<phew::LayeredGraph> {
  using vertex_descriptor = std::size_t;
  using edge_descriptor = phew::Edge;
  using directed_category = bidirectional_tag;
  using edge_parallel_category = allow_parallel_edge_tag;
  struct traversal_category : vertex_list_graph_tag,
                              edge_list_graph_tag,
                              bidirectional_graph_tag,
                              adjacency_matrix_tag {};
  using vertex_iterator = counting_iterator<std::size_t>;
  using in_edge_iterator = phew::IncidentEdgeIterator<phew::EdgeDirection::in>;
  using out_edge_iterator = phew::IncidentEdgeIterator<phew::EdgeDirection::out>;
  using edge_iterator = phew::EdgeIterator;
  using vertices_size_type = std::size_t;
  using edges_size_type = std::size_t;
  using degree_size_type = std::size_t;
  static vertex_descriptor null_vertex() { return static_cast<std::size_t>(-1); }
};

template <typename Map>
struct phew_property_map {
  using type = Map;
  using const_type = Map;
};
template <>
struct property_map<phew::LayeredGraph, vertex_index_t> : phew_property_map<typed_identity_property_map<std::size_t>> {
};
template <>
struct property_map<phew::LayeredGraph, edge_weight_t>
    : phew_property_map<function_property_map<phew::EdgeLength, phew::Edge, double>> {};
template <>
struct property_map<phew::LayeredGraph, phew::edge_magnitude_t>
    : phew_property_map<function_property_map<phew::EdgeMagnitude, phew::Edge, double>> {};
template <>
struct property_map<phew::LayeredGraph, phew::edge_link_t>
    : phew_property_map<function_property_map<phew::EdgeLink, phew::Edge, std::size_t>> {};
template <>
struct property_map<phew::LayeredGraph, phew::vertex_layer_t>
    : phew_property_map<function_property_map<phew::VertexLayer, std::size_t, std::size_t>> {};

}  // namespace boost

namespace phew {

using GraphTraits = boost::graph_traits<LayeredGraph>;

inline std::pair<GraphTraits::vertex_iterator, GraphTraits::vertex_iterator> vertices(const LayeredGraph& g) {
  return {GraphTraits::vertex_iterator(0), GraphTraits::vertex_iterator(static_cast<std::size_t>(g.unit_count()))};
}
inline std::size_t num_vertices(const LayeredGraph& g) { return static_cast<std::size_t>(g.unit_count()); }

inline std::pair<EdgeIterator, EdgeIterator> edges(const LayeredGraph& g) {
  return {EdgeIterator(g, 0), EdgeIterator(g, num_vertices(g))};
}
/// O(links) dense, O(mask words) masked.
inline std::size_t num_edges(const LayeredGraph& g) {
  std::int64_t count = 0;
  for (const Link& link : g.links()) count += g.edge_count(link);
  return static_cast<std::size_t>(count);
}

inline std::pair<GraphTraits::in_edge_iterator, GraphTraits::in_edge_iterator> in_edges(std::size_t v,
                                                                                        const LayeredGraph& g) {
  return {GraphTraits::in_edge_iterator(g, v), GraphTraits::in_edge_iterator::end(g, v)};
}
inline std::pair<GraphTraits::out_edge_iterator, GraphTraits::out_edge_iterator> out_edges(std::size_t v,
                                                                                           const LayeredGraph& g) {
  return {GraphTraits::out_edge_iterator(g, v), GraphTraits::out_edge_iterator::end(g, v)};
}
inline std::size_t in_degree(std::size_t v, const LayeredGraph& g) {
  const auto [first, last] = in_edges(v, g);
  return static_cast<std::size_t>(std::distance(first, last));
}
inline std::size_t out_degree(std::size_t v, const LayeredGraph& g) {
  const auto [first, last] = out_edges(v, g);
  return static_cast<std::size_t>(std::distance(first, last));
}
inline std::size_t degree(std::size_t v, const LayeredGraph& g) { return in_degree(v, g) + out_degree(v, g); }
inline std::size_t source(const Edge& e, const LayeredGraph&) { return e.source; }
inline std::size_t target(const Edge& e, const LayeredGraph&) { return e.target; }

/// The edge from u to v of the first link that has one. O(links between their layers).
[[nodiscard]] std::pair<Edge, bool> edge(std::size_t u, std::size_t v, const LayeredGraph& g);

inline auto get(boost::vertex_index_t, const LayeredGraph&) {
  return boost::typed_identity_property_map<std::size_t>();
}
inline auto get(boost::edge_weight_t, const LayeredGraph& g) {
  return boost::make_function_property_map<Edge, double>(EdgeLength{&g});
}
inline auto get(edge_magnitude_t, const LayeredGraph& g) {
  return boost::make_function_property_map<Edge, double>(EdgeMagnitude{&g});
}
inline auto get(edge_link_t, const LayeredGraph&) {
  return boost::make_function_property_map<Edge, std::size_t>(EdgeLink{});
}
inline auto get(vertex_layer_t, const LayeredGraph& g) {
  return boost::make_function_property_map<std::size_t, std::size_t>(VertexLayer{&g});
}
/// get(tag, graph, key) for any of them.
template <typename Tag, typename Key>
auto get(Tag tag, const LayeredGraph& g, const Key& key) {
  return get(tag, g)[key];
}
inline std::size_t get(boost::vertex_index_t, const LayeredGraph&, std::size_t v) { return v; }

}  // namespace phew

// Graph functions are found by their arguments; these let boost::num_vertices(g) and the like be written, too.
namespace boost {
using phew::degree;
using phew::edge;
using phew::edges;
using phew::get;
using phew::in_degree;
using phew::in_edges;
using phew::num_edges;
using phew::num_vertices;
using phew::out_degree;
using phew::out_edges;
using phew::source;
using phew::target;
using phew::vertices;
}  // namespace boost
