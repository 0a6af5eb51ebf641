#include "graph/best_paths.hpp"

#include "graph/row_kernels.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>
#include <utility>

namespace phew {
namespace {

constexpr std::size_t first_edges = 8;  ///< of a unit that are sorted at first; four times as many when they run out
constexpr std::int64_t ahead = 48;      ///< targets from whose rows a unit's kernels are fetched in advance

/// What a weighted link brings to its sources in the sweep: max |w| · (target's best product).
class LinkMaxima {
 public:
  LinkMaxima(const LayeredGraph& graph, const Link& link) : graph_(graph), link_(link) {}

  void operator()(const std::vector<double>& targets, std::vector<double>& sources) const {
    std::vector<double> by_column(static_cast<std::size_t>(link_.group_sources * link_.kernel));
    for (std::int64_t g = 0; g < link_.groups; ++g) {
      std::ranges::fill(by_column, 0.0);
      raise_rows(g * link_.group_targets, targets, by_column);
      double* source = sources.data() + g * link_.group_sources;
      for (auto p = by_column.begin(); p != by_column.end(); p += link_.kernel)
        *source++ = *std::max_element(p, p + link_.kernel);
    }
  }

 private:
  /// The rows of one group, from `first` on.
  void raise_rows(std::int64_t first, const std::vector<double>& targets, std::vector<double>& by_column) const {
    const auto columns = static_cast<std::int64_t>(by_column.size());
    const double* b = targets.data() + first;
    if (graph_.has_mask() || !graph_.has_weights()) {
      for (std::int64_t t = 0; t < link_.group_targets; ++t) raise_row(first + t, b[t], by_column);
      return;
    }
    const float* w = graph_.weights()[link_.parameter].data() + first * columns;
    if (!rows_raise(w, link_.group_targets, columns, b, by_column.data()))
      graph_.weights().require_finite(link_.parameter);
  }

  void raise_row(std::int64_t t, double b, std::vector<double>& by_column) const {
    const auto columns = static_cast<std::int64_t>(by_column.size());
    const auto raise = [&](std::int64_t p) {
      double w = 1;
      if (graph_.has_weights())
        w = std::abs(graph_.weights()[link_.parameter][static_cast<std::size_t>(t * columns + p)]);
      if (!std::isfinite(w)) graph_.weights().require_finite(link_.parameter);
      double& most = by_column[static_cast<std::size_t>(p)];
      most = std::max(most, w * b);
    };
    if (graph_.has_mask()) return for_each_set(graph_.mask()[link_.parameter].row(t), raise);
    for (std::int64_t p = 0; p < columns; ++p) raise(p);
  }

  const LayeredGraph& graph_;
  const Link& link_;
};

/// The same of whole kernels.
void raise_kernels(const LayeredGraph& graph, const Link& link, const std::vector<double>& targets,
                   std::vector<double>& sources) {
  for (std::size_t t = 0; t < targets.size(); ++t)
    for_each_step(graph, link, PathLevel::kernel, static_cast<std::int64_t>(t),
                  [&](std::int64_t source, std::int64_t, double value) {
                    if (!std::isfinite(value)) graph.weights().require_finite(link.parameter);
                    double& most = sources[static_cast<std::size_t>(source)];
                    most = std::max(most, value * targets[t]);
                  });
}

std::vector<ScaledSums> best_products(const LayeredGraph& graph, PathLevel level) {
  const auto product = [&](std::size_t l, const std::vector<double>& targets, std::vector<double>& sources) {
    const Link& link = graph.links()[l];
    if (link.fixed())
      copy_backward(link, &ScaledSums::raise, targets, sources);
    else if (level == PathLevel::kernel)
      raise_kernels(graph, link, targets, sources);
    else
      LinkMaxima(graph, link)(targets, sources);
    return std::int64_t{0};
  };
  return sweep_backward(graph, &ScaledSums::raise, product);
}

}  // namespace

ScaledProduct ScaledProduct::of(double value, std::int64_t exponent) {
  if (value == 0) return {};
  int shift = 0;
  const double normal = std::frexp(value, &shift);
  return {normal, exponent + shift};
}

double ScaledProduct::log() const {
  return value == 0 ? -std::numeric_limits<double>::infinity()
                    : std::log(value) + static_cast<double>(exponent) * std::numbers::ln2;
}

/// A unit's ways to the outputs.
struct BestPaths::Node {
  std::int64_t vertex = -1;
  std::vector<Step> found;    ///< the best ways so far, best first
  std::vector<Step> edges;    ///< the best edges, each with the best way behind it, best first …
  std::size_t next_edge = 0;  ///< … of which this one is the first that is not in `found`
  bool complete = true;       ///< whether `edges` are all that lead to an output
  std::vector<Step> later;    ///< a heap: edges that are in `found`, with the next rank behind them
};

/// Collects the best edges of one unit, given how many are wanted.
class BestPaths::EdgeList {
 public:
  EdgeList(const BestPaths& paths, std::int64_t vertex, std::size_t wanted)
      : paths_(paths), graph_(paths.graph_), unit_(graph_.unit(vertex)), wanted_(wanted) {
    const Layer& layer = graph_.layers()[unit_.layer];
    if (layer.output) edges_.push_back({ScaledProduct::of(1, 0)});
    for (const std::size_t l : layer.out_links) {
      start_link(l);
      graph_.links()[l].fixed() ? add_fixed() : add_weighted();
    }
    keep_best();
    std::ranges::sort(edges_, before);
  }

  /// Whether there are no more edges that lead to an output.
  [[nodiscard]] bool complete() const { return complete_; }
  [[nodiscard]] std::vector<Step> take() { return std::move(edges_); }

 private:
  void start_link(std::size_t l) {
    link_ = l;
    targets_ = &paths_.best_[graph_.links()[l].to];
    set_floor();
  }

  void add_fixed() {
    for (const std::int64_t t : graph_.links()[link_].targets_of[static_cast<std::size_t>(unit_.index)]) add(t, -1, 1);
  }

  void add_weighted() {
    const Link& link = graph_.links()[link_];
    const std::int64_t first = link.first_target(unit_.index);
    if (graph_.has_mask()) {
      for_each_set(graph_.targets_by_source(link_).row(unit_.index), [&](std::int64_t t) { add_kernel(first + t); });
      return;
    }
    for (std::int64_t t = first; t < first + link.group_targets; ++t) add_kernel(t);
  }

  void add_kernel(std::int64_t t) {
    const Link& link = graph_.links()[link_];
    const std::int64_t row = link.group_sources * link.kernel;
    const std::int64_t begin = unit_.index % link.group_sources * link.kernel;
    if (paths_.level_ == PathLevel::kernel) return add(t, begin, paths_.kernel_value(link, t, begin));
    if (!graph_.has_weights() || graph_.has_mask()) return add_kept(t, begin, begin + link.kernel);
    const float* w = graph_.weights()[link.parameter].data() + t * row + begin;
    if (t + ahead < graph_.layers()[link.to].units) {
      __builtin_prefetch(w + ahead * row);
      __builtin_prefetch(w + ahead * row + link.kernel - 1);
    }
    float most = 0;
    for (std::int64_t p = 0; p < link.kernel; ++p) most = std::max(most, std::abs(w[p]));
    const double best = static_cast<double>(most) * targets_->value[static_cast<std::size_t>(t)];
    if (best < floor_)
      complete_ = complete_ && best == 0;
    else
      for (std::int64_t p = 0; p < link.kernel; ++p) add(t, begin + p, w[p]);
  }

  /// Kept parameters of positions [begin, end).
  void add_kept(std::int64_t t, std::int64_t begin, std::int64_t end) {
    const std::size_t parameter = graph_.links()[link_].parameter;
    for (std::int64_t p = begin; p < end; ++p) {
      if (graph_.has_mask() && !graph_.mask()[parameter].test(t, p)) continue;
      const std::int64_t at = t * graph_.parameters()[parameter].row_length() + p;
      add(t, p, graph_.has_weights() ? double{graph_.weights()[parameter][static_cast<std::size_t>(at)]} : 1.0);
    }
  }

  void add(std::int64_t target, std::int64_t position, double weight) {
    const double product = std::abs(weight) * targets_->value[static_cast<std::size_t>(target)];
    if (product == 0) return;
    if (product < floor_) {
      complete_ = false;
      return;
    }
    edges_.push_back({ScaledProduct::of(product, targets_->exponent), graph_.vertex(graph_.links()[link_].to, target),
                      position, static_cast<std::uint32_t>(link_)});
    if (edges_.size() >= 4 * wanted_) keep_best();
  }

  /// Drops all but the best `wanted_` of what is there, and with them whatever will not be among them.
  void keep_best() {
    if (edges_.size() <= wanted_) return;
    complete_ = false;
    const auto last = edges_.begin() + static_cast<std::ptrdiff_t>(wanted_) - 1;
    std::ranges::nth_element(edges_, last, before);
    least_ = last->product;
    edges_.resize(wanted_);
    set_floor();
  }

  /// The least product that may still be among the best, on the scale of this link's targets.
  void set_floor() {
    const std::int64_t shift = least_.exponent - targets_->exponent;
    floor_ = least_.value == 0 || shift < -1000
                 ? 0
                 : std::ldexp(least_.value, static_cast<int>(std::min<std::int64_t>(shift, 2000)));
  }

  const BestPaths& paths_;
  const LayeredGraph& graph_;
  Unit unit_;
  std::size_t wanted_;
  bool complete_ = true;
  std::vector<Step> edges_;
  std::size_t link_ = 0;
  const ScaledSums* targets_ = nullptr;
  ScaledProduct least_{};
  double floor_ = 0;
};

BestPaths::BestPaths(LayeredGraph graph, PathLevel level)
    : graph_(std::move(graph)),
      level_(level),
      best_(best_products(graph_, level)),
      nodes_(static_cast<std::size_t>(graph_.unit_count())),
      start_(std::make_unique<Node>()) {
  for (const Layer& layer : graph_.layers())
    for (std::int64_t v = layer.first; layer.input && v < layer.first + layer.units; ++v)
      if (best(v).value > 0) start_->edges.push_back({best(v), v});
  std::ranges::sort(start_->edges, before);
}

BestPaths::~BestPaths() = default;

bool BestPaths::before(const Step& a, const Step& b) {
  if (a.product != b.product) return a.product > b.product;
  const auto place = [](const Step& s) { return std::tuple(s.target >= 0, s.link, s.target, s.position, s.rank); };
  return place(a) < place(b);
}

ScaledProduct BestPaths::best(std::int64_t vertex) const {
  const Unit unit = graph_.unit(vertex);
  const ScaledSums& layer = best_[unit.layer];
  return ScaledProduct::of(layer.value[static_cast<std::size_t>(unit.index)], layer.exponent);
}

double BestPaths::kernel_value(const Link& link, std::int64_t row, std::int64_t position) const {
  return graph_.has_weights() ? graph_.magnitude(link, row, position / link.kernel) : 1;
}

double BestPaths::value_of(const Step& step) const {
  if (step.position < 0 || !graph_.has_weights()) return 1;
  const Link& link = graph_.links()[step.link];
  const std::int64_t row = step.target - graph_.layers()[link.to].first;
  if (level_ == PathLevel::kernel) return kernel_value(link, row, step.position);
  const std::int64_t at = row * link.group_sources * link.kernel + step.position;
  return std::abs(graph_.weights()[link.parameter][static_cast<std::size_t>(at)]);
}

BestPaths::Node& BestPaths::node(std::int64_t vertex) {
  auto& node = nodes_[static_cast<std::size_t>(vertex)];
  if (!node) {
    node = std::make_unique<Node>();
    node->vertex = vertex;
    list_edges(*node);
  }
  return *node;
}

void BestPaths::list_edges(Node& node) {
  EdgeList list(*this, node.vertex, std::max(first_edges, 4 * node.edges.size()));
  steps_ -= node.edges.size();
  node.complete = list.complete();
  node.edges = list.take();
  steps_ += node.edges.size();
}

/// Puts the way that follows the last one found through the same edge among those to choose from.
void BestPaths::push_successor(Node& node) {
  const Step& last = node.found.back();
  const std::size_t rank = std::size_t{last.rank} + 1;
  if (last.target < 0 || !ensure(last.target, rank)) return;
  Step step = last;
  step.rank = static_cast<std::uint32_t>(rank);
  step.product = this->node(last.target).found[rank].product.times(value_of(step));
  node.later.push_back(step);
  std::ranges::push_heap(node.later, [](const Step& a, const Step& b) { return before(b, a); });
  ++steps_;
}

/// Finds one more way from a unit; returns whether there was one.
bool BestPaths::extend(Node& node) {
  if (!node.found.empty()) push_successor(node);
  if (node.next_edge == node.edges.size() && !node.complete) list_edges(node);
  const bool has_edge = node.next_edge < node.edges.size();
  if (!has_edge && node.later.empty()) return false;
  ++steps_;
  if (has_edge && (node.later.empty() || before(node.edges[node.next_edge], node.later.front()))) {
    node.found.push_back(node.edges[node.next_edge++]);
    return true;
  }
  std::ranges::pop_heap(node.later, [](const Step& a, const Step& b) { return before(b, a); });
  node.found.push_back(node.later.back());
  node.later.pop_back();
  --steps_;
  return true;
}

/// Whether a unit has more than `rank` ways; finds them.
bool BestPaths::ensure(std::int64_t vertex, std::size_t rank) {
  Node& node = this->node(vertex);
  while (node.found.size() <= rank)
    if (!extend(node)) return false;
  return true;
}

std::optional<BestPath> BestPaths::next() {
  if (!extend(*start_)) return std::nullopt;
  const Step* step = &start_->found.back();
  BestPath path{step->product, step->target, {}};
  for (;;) {
    (void)ensure(step->target, step->rank);
    step = &node(step->target).found[step->rank];
    if (step->target < 0) return path;
    path.edges.push_back({step->link, step->target, step->position});
  }
}

}  // namespace phew
