#include "graph/layered_graph.hpp"

#include "graph/bit_kernels.hpp"
#include "graph/error.hpp"

#include <algorithm>
#include <cmath>
#include <deque>
#include <limits>
#include <mutex>
#include <utility>

namespace phew {

struct LayeredGraph::Masked {
  Masked(Mask bits, std::size_t links) : mask(std::move(bits)), by_target(links), by_source(links) {}

  /// Edges of one link, built once.
  struct EdgeBits {
    std::once_flag built;
    BitMatrix bits;
  };

  Mask mask;
  std::deque<EdgeBits> by_target;  ///< by link: [target][source within group]; none where the mask's own bits serve
  std::deque<EdgeBits> by_source;  ///< by link: [source][target within group]
};

/// Walks over a network's ops in topological order and turns them into layers and links.
class LayeredGraph::Builder {
 public:
  explicit Builder(const Network& network) : network_(network), units_of_(network.node_count()) {}

  Structure build() {
    out_.parameters.assign(network_.parameters().begin(), network_.parameters().end());
    out_.prunable = network_.prunable();
    for (Vertex v = 0; v < network_.node_count(); ++v)
      std::visit([&](const auto& op) { visit(v, op); }, network_.node(v).op);
    connect();
    return std::move(out_);
  }

 private:
  using Vertex = Network::Vertex;

  /// Which units an op's output carries. A flattened map carries each unit `map.height · map.width` times.
  struct Units {
    std::size_t layer = 0;
    Size2 map{};
    bool pending = false;  ///< not yet a layer: a weighted op whose only consumer is a join
    Vertex weighted = 0;   ///< that op

    [[nodiscard]] std::int64_t repeats() const { return map.height * map.width; }
  };

  [[nodiscard]] const Units& input(Vertex v) const { return units_of_[network_.inputs(v).front()]; }

  std::size_t add_layer(Vertex v, std::int64_t units) {
    Layer layer;
    layer.name = network_.node(v).name;
    layer.first = out_.units;
    layer.units = units;
    out_.units += units;
    out_.layers.push_back(std::move(layer));
    units_of_[v] = {out_.layers.size() - 1, {}};
    return out_.layers.size() - 1;
  }

  /// The weighted link of op v from the layer that it reads into layer `to`.
  void add_weighted_link(Vertex v, std::size_t to) {
    const Network::Node& node = network_.node(v);
    const Units& source = input(v);
    const std::int64_t sources = out_.layers[source.layer].units;
    Link link;
    link.name = node.name;
    link.from = source.layer;
    link.to = to;
    link.parameter = node.parameter;
    link.node = v;
    if (const auto* conv = std::get_if<op::Conv2d>(&node.op)) {
      if (source.repeats() != 1)
        fail(ExitCode::unsupported, "{}: Conv2d of a flattened map cannot be expressed as a layered graph", node.name);
      link.kernel_size = conv->kernel;
      link.groups = conv->groups;
    } else {
      link.kernel_size = source.map;
    }
    link.kernel = link.kernel_size.height * link.kernel_size.width;
    link.group_sources = sources / link.groups;
    link.group_targets = node.output.channels / link.groups;
    out_.links.push_back(std::move(link));
  }

  /// A fixed link into layer `to`; target unit t copies source unit source_of[t].
  void add_fixed_link(Vertex v, const Units& source, std::size_t to, std::vector<std::int64_t> source_of) {
    Link link;
    link.from = source.layer;
    link.to = to;
    link.node = v;
    link.name = out_.layers[link.from].name + "->" + out_.layers[to].name;
    link.targets_of.resize(static_cast<std::size_t>(out_.layers[link.from].units));
    for (std::size_t t = 0; t < source_of.size(); ++t)
      if (source_of[t] >= 0)
        link.targets_of[static_cast<std::size_t>(source_of[t])].push_back(static_cast<std::int64_t>(t));
    link.source_of = std::move(source_of);
    out_.links.push_back(std::move(link));
  }

  void visit(Vertex v, const op::Input& op) { out_.layers[add_layer(v, op.extent.channels)].input = true; }

  void visit(Vertex v, const op::Conv2d&) { visit_weighted(v); }
  void visit(Vertex v, const op::Linear&) { visit_weighted(v); }
  void visit_weighted(Vertex v) {
    if (feeds_one_join(v)) {
      units_of_[v] = {0, {}, true, v};
      return;
    }
    add_layer(v, network_.node(v).output.channels);
    add_weighted_link(v, out_.layers.size() - 1);
  }

  /// Whether the only consumer of v, through pass-through ops, is a join (Add, Mul, …) that does not broadcast its
  /// channels.
  [[nodiscard]] bool feeds_one_join(Vertex v) const {
    const auto& graph = network_.graph();
    const std::int64_t channels = network_.node(v).output.channels;
    while (boost::out_degree(v, graph) == 1) {
      v = boost::target(*boost::out_edges(v, graph).first, graph);
      const Network::Node& node = network_.node(v);
      if (is_join(node.op)) return node.output.channels == channels;
      if (!keeps_units(node.op)) return false;
    }
    return false;
  }

  void visit(Vertex v, const op::Add&) { visit_join(v); }
  void visit(Vertex v, const op::Mul&) { visit_join(v); }
  void visit(Vertex v, const op::Join&) { visit_join(v); }
  void visit_join(Vertex v) {
    const std::int64_t units = network_.node(v).output.channels;
    const std::size_t layer = add_layer(v, units);
    for (const Vertex in : network_.inputs(v)) {
      const Units source = units_of_[in];
      if (source.pending) {
        add_weighted_link(source.weighted, layer);
        continue;
      }
      const bool broadcast = network_.node(in).output.channels == 1;
      std::vector<std::int64_t> source_of(static_cast<std::size_t>(units));
      for (std::int64_t t = 0; t < units; ++t)
        source_of[static_cast<std::size_t>(t)] = broadcast ? 0 : t / source.repeats();
      add_fixed_link(v, source, layer, std::move(source_of));
    }
  }

  void visit(Vertex v, const op::Concat&) {
    const std::int64_t units = network_.node(v).output.channels;
    const std::size_t layer = add_layer(v, units);
    std::int64_t offset = 0;
    for (const Vertex in : network_.inputs(v)) {
      std::vector<std::int64_t> source_of(static_cast<std::size_t>(units), -1);
      const std::int64_t channels = network_.node(in).output.channels;
      for (std::int64_t c = 0; c < channels; ++c)
        source_of[static_cast<std::size_t>(offset + c)] = c / units_of_[in].repeats();
      add_fixed_link(v, units_of_[in], layer, std::move(source_of));
      offset += channels;
    }
  }

  void visit(Vertex v, const op::Split& op) {
    add_copy(v, op.count, [&](std::int64_t t) { return op.first + t; });
  }
  void visit(Vertex v, const op::ChannelShuffle& op) {
    const std::int64_t units = network_.node(v).output.channels;
    add_copy(v, units, [&](std::int64_t t) { return t % op.groups * (units / op.groups) + t / op.groups; });
  }

  void visit(Vertex v, const op::Select& op) {
    add_copy(v, static_cast<std::int64_t>(op.channels.size()),
             [&](std::int64_t t) { return op.channels[static_cast<std::size_t>(t)]; });
  }

  /// A layer whose unit t copies channel `channel_of(t)` of op v's input; none if that is −1.
  template <typename ChannelOf>
  void add_copy(Vertex v, std::int64_t units, ChannelOf channel_of) {
    const Units source = input(v);
    std::vector<std::int64_t> source_of;
    for (std::int64_t t = 0; t < units; ++t) {
      const std::int64_t channel = channel_of(t);
      source_of.push_back(channel < 0 ? -1 : channel / source.repeats());
    }
    add_fixed_link(v, source, add_layer(v, units), std::move(source_of));
  }

  void visit(Vertex v, const op::Flatten&) {
    const Extent& map = network_.node(network_.inputs(v).front()).output;
    units_of_[v] = input(v);
    if (units_of_[v].repeats() == 1) units_of_[v].map = {map.height, map.width};
  }
  void visit(Vertex v, const op::Output&) {
    units_of_[v] = input(v);
    out_.layers[units_of_[v].layer].output = true;
  }
  template <typename PassThrough>
  void visit(Vertex v, const PassThrough&) {
    units_of_[v] = input(v);
  }

  /// Lists each layer's links and finds the layers that only copy.
  void connect() {
    for (std::size_t i = 0; i < out_.links.size(); ++i) {
      out_.layers[out_.links[i].from].out_links.push_back(i);
      out_.layers[out_.links[i].to].in_links.push_back(i);
    }
    for (Layer& layer : out_.layers)
      layer.copy = !layer.in_links.empty() &&
                   std::ranges::all_of(layer.in_links, [&](std::size_t i) { return out_.links[i].fixed(); });
  }

  const Network& network_;
  Structure out_;
  std::vector<Units> units_of_;
};

LayeredGraph::LayeredGraph(const Network& network)
    : structure_(std::make_shared<const Structure>(Builder(network).build())) {}

LayeredGraph::LayeredGraph(const Network& network, Weights weights)
    : LayeredGraph(LayeredGraph(network).weighted(std::move(weights))) {}

LayeredGraph LayeredGraph::weighted(Weights weights) const {
  for (std::size_t i = 0; i < weights.tensor_count(); ++i)
    if (i >= parameters().size() || weights.tensor(i).shape != parameters()[i].shape)
      fail(ExitCode::internal, "weights do not fit the layered graph");
  LayeredGraph graph = *this;
  graph.weights_ = std::move(weights);
  return graph;
}

LayeredGraph LayeredGraph::masked(Mask mask) const {
  bool fits = mask.tensor_count() == parameters().size();
  for (std::size_t i = 0; fits && i < parameters().size(); ++i)
    fits = mask[i].rows() == parameters()[i].rows() && mask[i].columns() == parameters()[i].row_length();
  if (!fits) fail(ExitCode::internal, "mask does not fit the layered graph");
  LayeredGraph graph = *this;
  graph.mask_ = std::make_shared<Masked>(std::move(mask), links().size());
  return graph;
}

const Mask& LayeredGraph::mask() const {
  if (!mask_) fail(ExitCode::internal, "the layered graph has no mask");
  return mask_->mask;
}

Unit LayeredGraph::unit(std::int64_t vertex) const {
  const auto after = std::ranges::upper_bound(layers(), vertex, {}, &Layer::first);
  const auto layer = static_cast<std::size_t>(after - layers().begin()) - 1;
  return {layer, vertex - layers()[layer].first};
}

std::string LayeredGraph::unit_name(std::int64_t vertex) const {
  const Unit u = unit(vertex);
  return fmt::format("{}[{}]", layers()[u.layer].name, u.index);
}

bool LayeredGraph::has_edge(const Link& link, std::int64_t target, std::int64_t column) const {
  if (!mask_) return true;
  return mask_->mask[link.parameter].next(target, column * link.kernel) < (column + 1) * link.kernel;
}

std::int64_t LayeredGraph::edge_count(const Link& link) const {
  if (link.fixed()) return std::ranges::count_if(link.source_of, [](std::int64_t s) { return s >= 0; });
  const std::int64_t targets = layers()[link.to].units;
  if (!mask_) return targets * link.group_sources;
  std::int64_t count = 0;
  for (std::int64_t t = 0; t < targets; ++t)
    for_each_in_edge(*this, link, t, [&](std::int64_t, std::int64_t, std::int64_t) { ++count; });
  return count;
}

namespace {

/// Calls f(|w|) for each kept parameter of an edge's kernel; 1 for |w| without weights.
template <typename F>
void for_each_magnitude(const LayeredGraph& graph, const Link& link, std::int64_t target, std::int64_t column, F&& f) {
  const std::int64_t row = target * graph.parameters()[link.parameter].row_length();
  for (std::int64_t p = column * link.kernel; p < (column + 1) * link.kernel; ++p) {
    if (graph.has_mask() && !graph.mask()[link.parameter].test(target, p)) continue;
    f(graph.has_weights()
          ? std::abs(static_cast<double>(graph.weights()[link.parameter][static_cast<std::size_t>(row + p)]))
          : 1.0);
  }
}

}  // namespace

double LayeredGraph::magnitude(const Link& link, std::int64_t target, std::int64_t column) const {
  if (link.fixed()) return 1;
  double sum = 0;
  for_each_magnitude(*this, link, target, column, [&](double w) { sum += w; });
  return sum;
}

double LayeredGraph::length(const Link& link, std::int64_t target, std::int64_t column) const {
  if (link.fixed()) return 0;
  double largest = 0;
  for_each_magnitude(*this, link, target, column, [&](double w) { largest = std::max(largest, w); });
  return largest > 0 ? -std::log(largest) : std::numeric_limits<double>::infinity();
}

namespace {

/// One bit for each kernel of a row of the mask with a parameter kept.
void find_edges(const BitMatrix& mask, std::int64_t kernel, BitMatrix& edges) {
  for (std::int64_t r = 0; r < edges.rows(); ++r) {
    if (kernel == 9) {
      any_of_nine(mask.row(r), edges.row(r));
      continue;
    }
    for (std::int64_t p = mask.next(r, 0); p < mask.columns(); p = mask.next(r, p / kernel * kernel + kernel))
      edges.set(r, p / kernel);
  }
}

}  // namespace

const BitMatrix& LayeredGraph::sources_by_target(std::size_t link_index) const {
  const Link& link = links()[link_index];
  const BitMatrix& kept = mask()[link.parameter];
  if (link.kernel == 1) return kept;
  Masked::EdgeBits& edges = mask_->by_target[link_index];
  std::call_once(edges.built, [&] {
    BitMatrix bits(layers()[link.to].units, link.group_sources);
    find_edges(kept, link.kernel, bits);
    edges.bits = std::move(bits);
  });
  return edges.bits;
}

const BitMatrix& LayeredGraph::targets_by_source(std::size_t link_index) const {
  const Link& link = links()[link_index];
  const BitMatrix& by_target = sources_by_target(link_index);
  Masked::EdgeBits& edges = mask_->by_source[link_index];
  std::call_once(edges.built, [&] {
    BitMatrix bits(layers()[link.from].units, link.group_targets);
    for (std::int64_t g = 0; g < link.groups; ++g)
      transpose_bits(by_target, g * link.group_targets, link.group_targets, bits, g * link.group_sources);
    edges.bits = std::move(bits);
  });
  return edges.bits;
}

}  // namespace phew
