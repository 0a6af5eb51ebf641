#include "support/brute_force.hpp"

#include <bit>
#include <cmath>
#include <map>
#include <stdexcept>
#include <utility>

namespace phew::test {
namespace {

std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

void add_weighted(const LayeredGraph& graph, const Link& link, std::vector<ParameterEdge>& edges) {
  const Parameter& parameter = graph.parameters()[link.parameter];
  const std::int64_t sources = graph.layers()[link.from].first, targets = graph.layers()[link.to].first;
  for (std::int64_t row = 0; row < parameter.rows(); ++row) {
    const std::int64_t group = row / (parameter.rows() / link.groups);
    for (std::int64_t column = 0; column < parameter.row_length(); ++column) {
      if (graph.has_mask() && !graph.mask()[link.parameter].test(row, column)) continue;
      const std::int64_t source = group * (graph.layers()[link.from].units / link.groups) + column / link.kernel;
      const double w =
          graph.has_weights() ? graph.weights()[link.parameter][at(row * parameter.row_length() + column)] : 1.0;
      edges.push_back({sources + source, targets + row, link.parameter, row, column, std::abs(w),
                       static_cast<std::size_t>(&link - graph.links().data())});
    }
  }
}

/// Depth-first over all paths; `path` holds the edges taken so far.
class Enumeration {
 public:
  Enumeration(const LayeredGraph& graph, std::vector<ParameterEdge> edges, std::int64_t limit)
      : graph_(graph), edges_(std::move(edges)), leaving_(at(graph.unit_count())), limit_(limit) {
    for (const ParameterEdge& e : edges_) leaving_[at(e.from)].push_back(&e);
    result_.on_path.resize(at(graph.unit_count()));
    result_.unit_ewp.resize(at(graph.unit_count()));
    result_.link_ewp.resize(graph.links().size());
  }

  std::optional<BruteForce> run() {
    for (const Layer& layer : graph_.layers())
      for (std::int64_t v = layer.first; layer.input && v < layer.first + layer.units; ++v) visit(v);
    if (result_.paths > limit_ || steps_ > 50 * limit_) return std::nullopt;
    return std::move(result_);
  }

 private:
  void visit(std::int64_t v) {
    if (result_.paths > limit_ || ++steps_ > 50 * limit_) return;
    units_.push_back(v);
    if (graph_.layers()[graph_.unit(v).layer].output) record();
    for (const ParameterEdge* e : leaving_[at(v)]) {
      path_.push_back(e);
      visit(e->to);
      path_.pop_back();
    }
    units_.pop_back();
  }

  void record() {
    ++result_.paths;
    double product = 1;
    double log = 0;
    for (const ParameterEdge* e : path_) {
      product *= e->value;
      log += std::log(e->value);
    }
    result_.ewp_total += product;
    if (product > 0)
      result_.log_ewp.push_back(log);
    else
      ++result_.zero_paths;
    for (const ParameterEdge* e : path_) result_.link_ewp[e->link] += product;
    for (const ParameterEdge* left_out : path_) {
      if (left_out->parameter == Network::no_parameter) continue;
      result_.effective.insert({left_out->parameter, left_out->row, left_out->column});
      double others = 1;
      for (const ParameterEdge* e : path_)
        if (e != left_out) others *= e->value * e->value;
      result_.path_kernel_trace += others;
    }
    for (const std::int64_t v : units_) {
      result_.on_path[at(v)] = 1;
      result_.unit_ewp[at(v)] += product;
    }
    result_.unit_paths.insert(units_);
  }

  const LayeredGraph& graph_;
  std::vector<ParameterEdge> edges_;
  std::vector<std::vector<const ParameterEdge*>> leaving_;
  std::int64_t limit_;
  std::int64_t steps_ = 0;
  std::vector<const ParameterEdge*> path_;
  std::vector<std::int64_t> units_;
  BruteForce result_;
};

bool is_hidden(const LayeredGraph& graph, std::int64_t vertex) {
  const Layer& layer = graph.layers()[graph.unit(vertex).layer];
  bool only_fixed = !layer.in_links.empty();
  for (const std::size_t l : layer.in_links) only_fixed = only_fixed && graph.links()[l].fixed();
  return !layer.input && !layer.output && !only_fixed;
}

/// Whether a kept weighted edge leaves (enters) v, or it is an output (input), or some unit that it reaches along
/// fixed edges forward (backward) is such a unit.
bool goes_on(const LayeredGraph& graph, const std::vector<ParameterEdge>& edges, std::int64_t v, bool forward) {
  const Layer& layer = graph.layers()[graph.unit(v).layer];
  if (forward ? layer.output : layer.input) return true;
  for (const ParameterEdge& e : edges) {
    if ((forward ? e.from : e.to) != v) continue;
    if (e.parameter != Network::no_parameter) return true;
    if (goes_on(graph, edges, forward ? e.to : e.from, forward)) return true;
  }
  return false;
}

}  // namespace

std::vector<ParameterEdge> parameter_edges(const LayeredGraph& graph) {
  std::vector<ParameterEdge> edges;
  for (const Link& link : graph.links()) {
    if (!link.fixed()) {
      add_weighted(graph, link, edges);
      continue;
    }
    for (std::size_t t = 0; t < link.source_of.size(); ++t)
      if (link.source_of[t] >= 0)
        edges.push_back({graph.layers()[link.from].first + link.source_of[t],
                         graph.layers()[link.to].first + static_cast<std::int64_t>(t), Network::no_parameter, 0, 0, 1,
                         static_cast<std::size_t>(&link - graph.links().data())});
  }
  return edges;
}

std::vector<ParameterEdge> kernel_edges(const LayeredGraph& graph) {
  std::map<std::tuple<std::size_t, std::int64_t, std::int64_t>, ParameterEdge> kernels;
  for (const ParameterEdge& e : parameter_edges(graph)) {
    const auto [kernel, fresh] = kernels.try_emplace({e.link, e.from, e.to}, e);
    if (!fresh && graph.has_weights()) kernel->second.value += e.value;
  }
  std::vector<ParameterEdge> edges;
  for (const auto& [place, edge] : kernels) edges.push_back(edge);
  return edges;
}

std::optional<BruteForce> enumerate_paths(const LayeredGraph& graph, std::int64_t limit) {
  return Enumeration(graph, parameter_edges(graph), limit).run();
}

std::optional<BruteForce> enumerate_paths(const LayeredGraph& graph, std::vector<ParameterEdge> edges,
                                          std::int64_t limit) {
  return Enumeration(graph, std::move(edges), limit).run();
}

bool is_stub_by_search(const LayeredGraph& graph, const std::vector<ParameterEdge>& edges, std::int64_t vertex) {
  if (!is_hidden(graph, vertex)) return false;
  bool entered = false, left = false;
  for (const ParameterEdge& e : edges) {
    if (e.parameter == Network::no_parameter) continue;
    entered = entered || e.to == vertex;
    left = left || e.from == vertex;
  }
  return (entered && !goes_on(graph, edges, vertex, true)) || (left && !goes_on(graph, edges, vertex, false));
}

std::optional<std::int64_t> smallest_cut_by_subsets(const LayeredGraph& graph, const BruteForce& all) {
  std::vector<std::int64_t> bit_of(at(graph.unit_count()), -1);
  std::int64_t units = 0;
  for (std::int64_t v = 0; v < graph.unit_count(); ++v)
    if (all.on_path[at(v)] && is_hidden(graph, v)) bit_of[at(v)] = units++;
  if (units > 20) throw std::logic_error("smallest_cut_by_subsets: too many units");
  std::set<std::uint32_t> paths;  // each as the set of its hidden units
  for (const auto& path : all.unit_paths) {
    std::uint32_t bits = 0;
    for (const std::int64_t v : path)
      if (bit_of[at(v)] >= 0) bits |= 1U << bit_of[at(v)];
    if (bits == 0) return std::nullopt;
    paths.insert(bits);
  }
  std::int64_t smallest = units;
  for (std::uint32_t set = 0; set < 1U << units; ++set) {
    if (std::popcount(set) >= smallest) continue;
    bool meets_all = true;
    for (const std::uint32_t path : paths) meets_all = meets_all && (path & set) != 0;
    if (meets_all) smallest = std::popcount(set);
  }
  return paths.empty() ? 0 : smallest;
}

}  // namespace phew::test
