#include "reference_rule.hpp"

#include <algorithm>
#include <cmath>
#include <map>

namespace phew::test {
namespace {

bool is_end(const LayeredGraph& graph, std::int64_t vertex, bool output) {
  const Layer& layer = graph.layers()[graph.unit(vertex).layer];
  return output ? layer.output : layer.input;
}

}  // namespace

ReferenceRule::ReferenceRule(const LayeredGraph& graph, const WalkOptions& options) : graph_(graph), options_(options) {
  for (std::size_t l = 0; l < graph.links().size(); ++l) {
    const Link& link = graph.links()[l];
    for (std::int64_t t = 0; t < graph.layers()[link.to].units; ++t) {
      RuleEdge edge{l, 0, graph.vertex(link.to, t), t, 0, 1};
      if (link.fixed()) {
        const std::int64_t s = link.source_of[static_cast<std::size_t>(t)];
        if (s >= 0) edges_.push_back({l, graph.vertex(link.from, s), edge.to, 0, 0, 1});
        continue;
      }
      for (std::int64_t c = 0; c < link.group_sources; ++c) {
        edge.from = graph.vertex(link.from, t / link.group_targets * link.group_sources + c);
        edge.first = c * link.kernel;
        double sum = 0;  // of |w|, or the number of kept parameters
        for (std::int64_t p = edge.first; p < edge.first + link.kernel; ++p) {
          const double bias = parameter_bias(edge, p);
          if (bias > 0) sum += options.bias == Bias::inverse ? 1 / bias : bias;
        }
        if (sum == 0) continue;
        edge.bias = options.bias == Bias::weight ? sum : options.bias == Bias::inverse ? 1 / sum : 1;
        edges_.push_back(edge);
      }
    }
  }
  drop_dead_ends();
}

double ReferenceRule::parameter_bias(const RuleEdge& edge, std::int64_t position) const {
  const std::size_t parameter = graph_.links()[edge.link].parameter;
  if (graph_.has_mask() && !graph_.mask()[parameter].test(edge.row, position)) return 0;
  if (options_.bias == Bias::uniform) return 1;
  const std::int64_t length = graph_.parameters()[parameter].row_length();
  const double w = std::abs(graph_.weights()[parameter][static_cast<std::size_t>(edge.row * length + position)]);
  return options_.bias == Bias::weight || w == 0 ? w : 1 / w;
}

/// Takes away, again and again, every edge that enters a unit without a way out or leaves one without a way in.
void ReferenceRule::drop_dead_ends() {
  for (std::size_t before = edges_.size() + 1; before != edges_.size();) {
    before = edges_.size();
    std::vector<int> in(static_cast<std::size_t>(graph_.unit_count())), out = in;
    for (const RuleEdge& e : edges_) {
      ++in[static_cast<std::size_t>(e.to)];
      ++out[static_cast<std::size_t>(e.from)];
    }
    std::erase_if(edges_, [&](const RuleEdge& e) {
      return (out[static_cast<std::size_t>(e.to)] == 0 && !is_end(graph_, e.to, true)) ||
             (in[static_cast<std::size_t>(e.from)] == 0 && !is_end(graph_, e.from, false));
    });
  }
}

/// First the link, as the option says; within a link by bias.
std::vector<ReferenceRule::Choice> ReferenceRule::choices(Direction direction, std::int64_t unit) const {
  std::vector<const RuleEdge*> candidates;
  for (const RuleEdge& e : edges_)
    if ((direction == Direction::forward ? e.from : e.to) == unit) candidates.push_back(&e);
  const auto fixed = [&](const RuleEdge* e) { return graph_.links()[e->link].fixed(); };
  if (options_.shortcuts == Shortcuts::skip && !std::ranges::all_of(candidates, fixed))
    std::erase_if(candidates, fixed);

  std::map<std::size_t, double> totals;  // bias of the unit's edges, by link
  for (const RuleEdge* e : candidates) totals[e->link] += e->bias;
  const auto weight = [&](std::size_t link) {
    return options_.shortcuts != Shortcuts::weigh || graph_.links()[link].fixed() ? 1.0 : totals[link];
  };
  double all = 0;
  for (const auto& [link, total] : totals) all += weight(link);
  std::vector<Choice> result;
  for (const RuleEdge* e : candidates) result.push_back({e, e->bias / totals[e->link] * weight(e->link) / all});
  return result;
}

void ReferenceRule::spread(const RuleEdge& edge, double chance, std::vector<double>& visits) const {
  const Link& link = graph_.links()[edge.link];
  if (link.fixed()) return;
  double sum = 0;
  for (std::int64_t p = edge.first; p < edge.first + link.kernel; ++p) sum += parameter_bias(edge, p);
  const std::int64_t row = edge.row * graph_.parameters()[link.parameter].row_length();
  for (std::int64_t p = edge.first; p < edge.first + link.kernel; ++p)
    visits[static_cast<std::size_t>(row + p)] += chance * parameter_bias(edge, p) / sum;
}

std::vector<std::vector<double>> ReferenceRule::visits(Direction direction) const {
  const bool forward = direction == Direction::forward;
  std::vector<std::vector<double>> visits;
  for (const Link& link : graph_.links())
    visits.emplace_back(link.fixed() ? 0 : static_cast<std::size_t>(graph_.parameters()[link.parameter].size()));

  std::map<std::int64_t, double> mass;  // chance that a walk comes by, by vertex
  for (const RuleEdge& e : edges_)
    if (const std::int64_t start = forward ? e.from : e.to; is_end(graph_, start, !forward)) mass[start] = 1;
  const double starts = static_cast<double>(mass.size());
  for (auto& [vertex, chance] : mass) chance = 1 / starts;

  for (std::int64_t n = 0; n < graph_.unit_count(); ++n) {
    const std::int64_t vertex = forward ? n : graph_.unit_count() - 1 - n;
    if (!mass.contains(vertex)) continue;
    for (const Choice& choice : choices(direction, vertex)) {
      const double chance = mass[vertex] * choice.chance;
      mass[forward ? choice.edge->to : choice.edge->from] += chance;
      spread(*choice.edge, chance, visits[choice.edge->link]);
    }
  }
  return visits;
}

Mask ReferenceRule::reachable() const {
  Mask mask(graph_.parameters());
  for (const RuleEdge& e : edges_) {
    const Link& link = graph_.links()[e.link];
    for (std::int64_t p = e.first; !link.fixed() && p < e.first + link.kernel; ++p) {
      const bool kept = !graph_.has_mask() || graph_.mask()[link.parameter].test(e.row, p);
      if (options_.granularity == Granularity::kernel ? kept : parameter_bias(e, p) > 0)
        mask[link.parameter].set(e.row, p);
    }
  }
  return mask;
}

}  // namespace phew::test
