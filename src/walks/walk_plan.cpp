#include "walks/walk_plan.hpp"

#include "graph/error.hpp"
#include "graph/parallel.hpp"
#include "graph/random_stream.hpp"

#include <algorithm>
#include <cmath>
#include <map>

namespace phew {
namespace {

std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

constexpr std::array directions{Direction::forward, Direction::reverse};

bool all_set(std::span<const std::uint8_t> flags) { return std::ranges::find(flags, 0) == flags.end(); }

}  // namespace

WalkPlan::WalkPlan(const LayeredGraph& graph, const WalkOptions& options, int threads)
    : graph_(graph), options_(options), links_(graph.links().size()) {
  if (options.bias != Bias::uniform && !graph.has_weights()) fail(ExitCode::internal, "walks by weight need weights");
  std::vector<std::size_t> weighted;
  for (std::size_t l = 0; l < links_.size(); ++l)
    if (!graph_.links()[l].fixed()) {
      links_[l].emplace(graph_, graph_.links()[l], options.bias);
      weighted.push_back(l);
    }
  prepare(weighted, threads);
  find_leading();
  find_starts();
  drop_dead_ends(threads);
  find_hops();
  if (options.shortcuts == Shortcuts::weigh) find_magnitudes();
}

// --- Preparation ---------------------------------------------------------------------------------------------------

void WalkPlan::prepare(const std::vector<std::size_t>& links, int threads) {
  std::vector<std::pair<std::size_t, std::int64_t>> tiles;  // link, tile
  for (const std::size_t l : links)
    for (std::int64_t tile = 0; tile < links_[l]->tiles(); ++tile) tiles.emplace_back(l, tile);
  parallel_for(threads, static_cast<std::int64_t>(tiles.size()), [&](std::int64_t i) {
    const auto [link, tile] = tiles[at(i)];
    links_[link]->prepare(tile);
  });
  for (const std::size_t l : links) {
    if ((*links_[l])[Direction::forward].leaf == EdgeChoices::Leaf::equal) continue;
    const Link& link = graph_.links()[l];
    for (std::int64_t s = 0; s < units(link.from); ++s) links_[l]->accumulate(Direction::forward, s);
    for (std::int64_t t = 0; t < units(link.to); ++t) links_[l]->accumulate(Direction::reverse, t);
  }
  check_totals(links);
}

/// A NaN or an infinity shows in the totals by target, which are sums; those by source may be of largest values.
void WalkPlan::check_totals(const std::vector<std::size_t>& links) const {
  for (const std::size_t l : links)
    for (const Direction d : directions) {
      const Link& link = graph_.links()[l];
      for (std::int64_t u = 0; u < units(d == Direction::forward ? link.from : link.to); ++u) {
        if (std::isfinite(links_[l]->total(d, u))) continue;
        graph_.weights().require_finite(link.parameter);
        fail(ExitCode::data, "{}: found weights whose sums overflow float32, expected smaller ones",
             graph_.weights().place(link.parameter));
      }
    }
}

std::span<const std::uint8_t> WalkPlan::leading(const std::vector<std::uint8_t>& all, std::size_t layer) const {
  return std::span(all).subspan(at(graph_.layers()[layer].first), at(units(layer)));
}

/// Which units an input leads to and which lead to an output, along edges of non-zero bias and fixed edges.
void WalkPlan::find_leading() {
  from_input_.assign(at(graph_.unit_count()), 0);
  to_output_ = from_input_;
  for (const Layer& layer : graph_.layers()) {
    if (layer.input) std::fill_n(from_input_.begin() + layer.first, layer.units, std::uint8_t{1});
    if (layer.output) std::fill_n(to_output_.begin() + layer.first, layer.units, std::uint8_t{1});
  }
  for (std::size_t l = 0; l < links_.size(); ++l) spread_forward(l);
  for (std::size_t l = links_.size(); l-- > 0;) spread_backward(l);
}

void WalkPlan::spread_forward(std::size_t l) {
  const Link& link = graph_.links()[l];
  const bool from_all = all_set(leading(from_input_, link.from));
  for (std::int64_t t = 0; t < units(link.to); ++t) {
    std::uint8_t& reached = from_input_[at(graph_.vertex(link.to, t))];
    if (link.fixed()) {
      if (const std::int64_t s = link.source_of[at(t)]; s >= 0) reached |= from_input_[at(graph_.vertex(link.from, s))];
    } else if (from_all) {
      if (links_[l]->total(Direction::reverse, t) > 0) reached = 1;
    } else {
      const std::int64_t first = graph_.vertex(link.from, link.first_source(t));
      for (std::int64_t c = 0; c < link.group_sources && reached == 0; ++c)
        reached = from_input_[at(first + c)] != 0 && links_[l]->has_edge(t, c) ? 1 : 0;
    }
  }
}

void WalkPlan::spread_backward(std::size_t l) {
  const Link& link = graph_.links()[l];
  if (!link.fixed() && all_set(leading(to_output_, link.to))) {
    for (std::int64_t s = 0; s < units(link.from); ++s)
      if (links_[l]->total(Direction::forward, s) > 0) to_output_[at(graph_.vertex(link.from, s))] = 1;
    return;
  }
  for (std::int64_t t = 0; t < units(link.to); ++t) {
    if (to_output_[at(graph_.vertex(link.to, t))] == 0) continue;
    if (link.fixed()) {
      if (const std::int64_t s = link.source_of[at(t)]; s >= 0) to_output_[at(graph_.vertex(link.from, s))] = 1;
      continue;
    }
    const std::int64_t first = graph_.vertex(link.from, link.first_source(t));
    for (std::int64_t c = 0; c < link.group_sources; ++c)
      if (to_output_[at(first + c)] == 0 && links_[l]->has_edge(t, c)) to_output_[at(first + c)] = 1;
  }
}

/// An edge from a unit that no input leads to, or to one that leads to no output, is in no walk's choice.
void WalkPlan::drop_dead_ends(int threads) {
  std::vector<std::size_t> changed;
  for (std::size_t l = 0; l < links_.size(); ++l) {
    if (!links_[l]) continue;
    const Link& link = graph_.links()[l];
    const auto sources = leading(from_input_, link.from), targets = leading(to_output_, link.to);
    if (all_set(sources) && all_set(targets)) continue;
    links_[l]->keep_alive({sources.begin(), sources.end()}, {targets.begin(), targets.end()});
    changed.push_back(l);
  }
  prepare(changed, threads);
}

void WalkPlan::find_starts() {
  for (const Layer& layer : graph_.layers())
    for (std::int64_t v = layer.first; v < layer.first + layer.units; ++v) {
      if (layer.input && to_output_[at(v)] != 0) starts_[index(Direction::forward)].push_back(v);
      if (layer.output && from_input_[at(v)] != 0) starts_[index(Direction::reverse)].push_back(v);
    }
  if (starts_[0].empty() || starts_[1].empty()) no_path();
}

void WalkPlan::no_path() const {
  const bool has_weights = graph_.has_weights();
  const std::string what = options_.bias == Bias::uniform ? "edges" : "non-zero weights";
  for (std::size_t l = 0; l < links_.size(); ++l) {
    if (!links_[l]) continue;
    const Link& link = graph_.links()[l];
    bool any = false;
    for (std::int64_t t = 0; t < units(link.to) && !any; ++t) any = links_[l]->total(Direction::reverse, t) > 0;
    if (!any)
      fail(ExitCode::data, "{}: found only {}, expected a path of {} from an input to an output",
           has_weights ? graph_.weights().place(link.parameter) : graph_.parameters()[link.parameter].name,
           graph_.has_mask() ? "pruned or zero parameters" : "zeros", what);
  }
  const std::string& file = graph_.weights().source();
  fail(ExitCode::data, "{}: found no path of {} from an input to an output, expected one",
       file.empty() ? graph_.has_mask() ? "mask" : "weights" : file, what);
}

namespace {

Hop make_hop(const LinkChoices& choices, Direction d, std::size_t link_index) {
  const Link& link = choices.link();
  const EdgeChoices& edges = choices[d];
  Hop hop;
  hop.leaf = edges.leaf;
  hop.grouped = link.groups > 1;
  hop.link = static_cast<std::uint32_t>(link_index);
  hop.next_layer = static_cast<std::uint32_t>(d == Direction::forward ? link.to : link.from);
  hop.block = static_cast<std::uint32_t>(edges.block);
  hop.leaf_count = edges.leaves;
  hop.kernels = choices.raw_kernels();
  hop.row_length = choices.row_length();
  hop.kernel = link.kernel;
  hop.choices = &choices;
  if (edges.leaf == EdgeChoices::Leaf::equal) return hop;
  const auto levels = edges.tree.levels();
  if (levels.size() > Hop::most_levels) fail(ExitCode::unsupported, "{}: found too wide a layer to walk", link.name);
  hop.levels = edges.tree.blocks() == 1 ? 0 : static_cast<std::uint8_t>(levels.size());
  hop.total = static_cast<std::uint32_t>(levels.front().padded - 1);
  for (std::size_t l = 0; l < levels.size(); ++l) {
    hop.level_offset[l] = static_cast<std::uint32_t>(levels[l].offset);
    hop.level_size[l] = static_cast<std::uint32_t>(levels[l].padded);
  }
  hop.tree = edges.tree.row(0);
  hop.tree_stride = edges.tree.stride();
  hop.leaves = edges.leaf == EdgeChoices::Leaf::cumulative ? edges.sums.data() : edges.weights;
  hop.leaf_stride = edges.stride;
  return hop;
}

}  // namespace

void WalkPlan::find_hops() {
  for (const Direction d : directions) {
    auto& hops = hops_[index(d)];
    hops.resize(links_.size());
    for (std::size_t l = 0; l < links_.size(); ++l)
      if (links_[l]) hops[l] = make_hop(*links_[l], d, l);
    for (const Layer& layer : graph_.layers()) {
      const auto& fair = fair_hops_[index(d)].emplace_back(find_fair_hops(d, layer));
      only_hop_[index(d)].push_back(fair.size() == 1 ? fair.front() : nullptr);
    }
  }
}

void WalkPlan::find_magnitudes() {
  for (const Direction d : directions)
    for (std::size_t l = 0; l < links_.size(); ++l) {
      auto& magnitudes = magnitudes_[index(d)].emplace_back();
      if (!links_[l]) continue;
      const Link& link = graph_.links()[l];
      for (std::int64_t u = 0; u < units(d == Direction::forward ? link.from : link.to); ++u)
        magnitudes.push_back(links_[l]->magnitude(d, u));
    }
}

std::vector<const Hop*> WalkPlan::find_fair_hops(Direction d, const Layer& layer) const {
  std::vector<const Hop*> fair;
  bool fixed = false;
  for (const std::size_t l : d == Direction::forward ? layer.out_links : layer.in_links) {
    fixed |= !links_[l];
    if (!links_[l]) continue;
    for (std::int64_t u = 0; u < layer.units; ++u)
      if (walks_pass(layer.first + u) && !usable(d, l, u)) return {};
    fair.push_back(&hop(d, l));
  }
  const bool simple = options_.shortcuts == Shortcuts::skip || (!fixed && options_.shortcuts == Shortcuts::walk) ||
                      (!fixed && fair.size() == 1);
  return simple ? fair : std::vector<const Hop*>{};
}

// --- Walking -------------------------------------------------------------------------------------------------------

bool WalkPlan::usable(Direction d, std::size_t link, std::int64_t unit) const {
  return links_[link] ? links_[link]->total(d, unit) > 0 : fixed_count(d, graph_.links()[link], unit) > 0;
}

std::optional<std::size_t> WalkPlan::choose_link(Direction d, Unit unit, std::uint32_t bits) const {
  const Layer& layer = graph_.layers()[unit.layer];
  const auto& links = d == Direction::forward ? layer.out_links : layer.in_links;
  if (options_.shortcuts == Shortcuts::weigh) return weigh_links(d, links, unit.index, bits);
  const auto pick = [&](auto&& allowed) -> std::optional<std::size_t> {
    const auto count = std::ranges::count_if(links, allowed);
    if (count == 0) return std::nullopt;
    auto skip = below(static_cast<std::uint32_t>(count), bits);
    return *std::ranges::find_if(links, [&](std::size_t l) { return allowed(l) && skip-- == 0; });
  };
  if (options_.shortcuts == Shortcuts::skip) {
    const auto weighted = pick([&](std::size_t l) { return links_[l] && usable(d, l, unit.index); });
    if (weighted) return weighted;
  }
  return pick([&](std::size_t l) { return usable(d, l, unit.index); });
}

std::optional<std::size_t> WalkPlan::weigh_links(Direction d, const std::vector<std::size_t>& links, std::int64_t unit,
                                                 std::uint32_t bits) const {
  const auto weight = [&](std::size_t l) {
    if (!usable(d, l, unit)) return 0.0;
    return links_[l] ? magnitudes_[index(d)][l][at(unit)] : 1.0;
  };
  double sum = 0;
  for (const std::size_t l : links) sum += weight(l);
  if (sum == 0) return std::nullopt;
  const double point = unit_interval(bits) * sum;
  double before = 0;
  std::optional<std::size_t> chosen;  // by rounding the last one's sum may fall short of the point
  for (const std::size_t l : links) {
    const double mine = weight(l);
    if (mine == 0) continue;
    chosen = l;
    if ((before += mine) > point) break;
  }
  return chosen;
}

/// Number of a unit's fixed edges in a link that lead on.
std::int64_t WalkPlan::fixed_count(Direction d, const Link& link, std::int64_t unit) const {
  if (d == Direction::reverse) {
    const std::int64_t s = link.source_of[at(unit)];
    return s >= 0 && leads_on(d, graph_.vertex(link.from, s)) ? 1 : 0;
  }
  return std::ranges::count_if(link.targets_of[at(unit)],
                               [&](std::int64_t t) { return leads_on(d, graph_.vertex(link.to, t)); });
}

Unit WalkPlan::follow_fixed(Direction d, std::size_t l, Unit unit, std::uint32_t bits) const {
  const Link& link = graph_.links()[l];
  if (d == Direction::reverse) return {link.from, link.source_of[at(unit.index)]};
  auto skip = below(static_cast<std::uint32_t>(fixed_count(d, link, unit.index)), bits);
  return {link.to, *std::ranges::find_if(link.targets_of[at(unit.index)], [&](std::int64_t t) {
            return leads_on(d, graph_.vertex(link.to, t)) && skip-- == 0;
          })};
}

// --- What walks can keep -------------------------------------------------------------------------------------------

std::int64_t WalkPlan::reachable() const {
  std::map<std::size_t, BitMatrix> reached;  // by parameter: what two links reach is one set of parameters
  for (std::size_t l = 0; l < links_.size(); ++l) {
    if (!links_[l]) continue;
    const Link& link = graph_.links()[l];
    const Parameter& parameter = graph_.parameters()[link.parameter];
    BitMatrix& bits = reached.try_emplace(link.parameter, parameter.rows(), parameter.row_length()).first->second;
    const BitMatrix* mask = graph_.has_mask() ? &graph_.mask()[link.parameter] : nullptr;
    for (std::int64_t t = 0; t < units(link.to); ++t) {
      if (to_output_[at(graph_.vertex(link.to, t))] == 0) continue;
      const std::int64_t sources = graph_.vertex(link.from, link.first_source(t));
      for (std::int64_t c = 0; c < link.group_sources; ++c) {
        if (from_input_[at(sources + c)] == 0 || !links_[l]->has_edge(t, c)) continue;
        for (std::int64_t p = c * link.kernel; p < (c + 1) * link.kernel; ++p)
          if (options_.granularity == Granularity::kernel ? mask == nullptr || mask->test(t, p)
                                                          : links_[l]->parameter(t, p) > 0)
            bits.set(t, p);
      }
    }
  }
  std::int64_t count = 0;
  for (const auto& [parameter, bits] : reached) count += bits.count();
  return count;
}

std::int64_t WalkPlan::memory() const {
  std::int64_t floats = 0;
  for (const auto& choices : links_)
    if (choices)
      for (const Direction d : directions) floats += (*choices)[d].sums.size() + (*choices)[d].tree.size();
  return floats * static_cast<std::int64_t>(sizeof(float)) + 2 * graph_.unit_count();
}

}  // namespace phew
