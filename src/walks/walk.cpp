#include "walks/walk.hpp"

#include "graph/error.hpp"
#include "graph/parallel.hpp"
#include "walks/choice_tree.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>

namespace phew {
namespace {

std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

/// One weighted link: the biases of its edges, and for each end of it the choice among a unit's edges.
struct LinkChoices {
  EdgeBias bias;
  ChoiceTree by_source;  ///< row = source unit, leaf = target within the group (forward walks)
  ChoiceTree by_target;  ///< row = target unit, leaf = column (reverse walks)
};

}  // namespace

class Walker::Impl {
 public:
  Impl(const LayeredGraph& graph, const WalkOptions& options, int threads)
      : graph_(graph), options_(options), links_(graph.links().size()) {
    if (options.bias != Bias::uniform && !graph.has_weights()) fail(ExitCode::internal, "walks by weight need weights");
    parallel_for(threads, static_cast<std::int64_t>(links_.size()), [&](std::int64_t l) {
      const Link& link = graph_.links()[at(l)];
      if (!link.fixed()) links_[at(l)].emplace(LinkChoices{EdgeBias(graph_, link, options_.bias), {}, {}});
    });
    find_leading();
    for (std::size_t l = 0; l < links_.size(); ++l)
      if (links_[l]) build_choices(graph_.links()[l], *links_[l], threads);
    find_starts();
  }

  void walk(std::uint64_t seed, std::uint64_t number, std::vector<Kept>& out) const {
    const Direction direction = number % 2 == 0 ? Direction::forward : Direction::reverse;
    const auto& starts = direction == Direction::forward ? inputs_ : outputs_;
    Unit unit = graph_.unit(starts[at(static_cast<std::int64_t>(number / 2 % starts.size()))]);
    const RandomStream stream(seed, Purpose::walk, number);
    for (std::uint32_t step = 0; advance(direction, stream.block(step), unit, out); ++step) {
    }
  }

  [[nodiscard]] std::int64_t reachable() const {
    std::vector<std::int64_t> uses(graph_.parameters().size());
    for (const Link& link : graph_.links())
      if (!link.fixed()) ++uses[link.parameter];
    std::int64_t count = 0;
    std::map<std::size_t, BitMatrix> tied;  // what two links reach is one set of parameters
    for (std::size_t l = 0; l < links_.size(); ++l) {
      if (!links_[l]) continue;
      const std::size_t p = graph_.links()[l].parameter;
      const Parameter& parameter = graph_.parameters()[p];
      if (uses[p] == 1) {
        for_each_reachable(l, [&](std::int64_t, std::int64_t) { ++count; });
      } else {
        BitMatrix& bits = tied.try_emplace(p, parameter.rows(), parameter.row_length()).first->second;
        for_each_reachable(l,
                           [&](std::int64_t row, std::int64_t position) { count += bits.set(row, position) ? 1 : 0; });
      }
    }
    return count;
  }

  [[nodiscard]] std::int64_t max_walks() const {
    return options_.max_walks > 0 ? options_.max_walks : 64 * graph_.prunable() + 1'000'000;
  }
  [[nodiscard]] const LayeredGraph& graph() const { return graph_; }

 private:
  // --- Preparation -------------------------------------------------------------------------------------------------

  /// Which units an input leads to and which lead to an output, along edges of non-zero bias and fixed edges.
  void find_leading() {
    from_input_.assign(at(graph_.unit_count()), 0);
    to_output_ = from_input_;
    for (const Layer& layer : graph_.layers()) {
      if (layer.input) std::fill_n(from_input_.begin() + layer.first, layer.units, std::uint8_t{1});
      if (layer.output) std::fill_n(to_output_.begin() + layer.first, layer.units, std::uint8_t{1});
    }
    for (std::size_t l = 0; l < links_.size(); ++l) spread_forward(l);
    for (std::size_t l = links_.size(); l-- > 0;) spread_backward(l);
  }

  void spread_forward(std::size_t l) {
    const Link& link = graph_.links()[l];
    for (std::int64_t t = 0; t < graph_.layers()[link.to].units; ++t) {
      std::uint8_t& reached = from_input_[at(graph_.vertex(link.to, t))];
      if (link.fixed()) {
        if (const std::int64_t s = link.source_of[at(t)]; s >= 0)
          reached |= from_input_[at(graph_.vertex(link.from, s))];
        continue;
      }
      const std::int64_t first = graph_.vertex(link.from, link.first_source(t));
      for (std::int64_t c = 0; c < link.group_sources && reached == 0; ++c)
        reached = from_input_[at(first + c)] != 0 && links_[l]->bias.edge(t, c) > 0 ? 1 : 0;
    }
  }

  void spread_backward(std::size_t l) {
    const Link& link = graph_.links()[l];
    std::int64_t unreached = graph_.layers()[link.from].units;  // an upper bound: enough to stop early
    for (std::int64_t s = 0; s < graph_.layers()[link.from].units; ++s)
      unreached -= to_output_[at(graph_.vertex(link.from, s))];
    for (std::int64_t t = 0; t < graph_.layers()[link.to].units && unreached > 0; ++t) {
      if (to_output_[at(graph_.vertex(link.to, t))] == 0) continue;
      const auto reach = [&](std::int64_t source) {
        std::uint8_t& leads = to_output_[at(graph_.vertex(link.from, source))];
        unreached -= leads == 0 ? 1 : 0;
        leads = 1;
      };
      if (link.fixed()) {
        if (link.source_of[at(t)] >= 0) reach(link.source_of[at(t)]);
        continue;
      }
      for (std::int64_t c = 0; c < link.group_sources; ++c)
        if (links_[l]->bias.edge(t, c) > 0) reach(link.first_source(t) + c);
    }
  }

  [[nodiscard]] bool leads_on(Direction direction, std::int64_t vertex) const {
    return (direction == Direction::forward ? to_output_ : from_input_)[at(vertex)] != 0;
  }

  /// Block sums of a link's edges both ways, in one pass over its biases.
  void build_choices(const Link& link, LinkChoices& choices, int threads) const {
    constexpr std::int64_t fan = ChoiceTree::fan;
    choices.by_target = ChoiceTree(graph_.layers()[link.to].units, link.group_sources);
    choices.by_source = ChoiceTree(graph_.layers()[link.from].units, link.group_targets);
    const std::int64_t blocks = (link.group_targets + fan - 1) / fan;
    parallel_for(threads, link.groups * blocks, [&](std::int64_t task) {
      const std::int64_t first = task / blocks * link.group_targets + task % blocks * fan;
      const std::int64_t last = std::min(first + fan, (task / blocks + 1) * link.group_targets);
      sum_rows(link, choices, first, last);
    });
    for (std::int64_t s = 0; s < graph_.layers()[link.from].units; ++s) {
      choices.by_source.accumulate(s);
      if (!std::isfinite(choices.by_source.total(s))) overflow(link);
    }
    for (std::int64_t t = 0; t < graph_.layers()[link.to].units; ++t)
      if (!std::isfinite(choices.by_target.total(t))) overflow(link);
  }

  /// Targets [first, last) are one block of their group.
  void sum_rows(const Link& link, LinkChoices& choices, std::int64_t first, std::int64_t last) const {
    constexpr std::int64_t fan = ChoiceTree::fan;
    const std::int64_t sources = graph_.vertex(link.from, link.first_source(first));
    std::vector<double> by_source(at(link.group_sources));
    for (std::int64_t t = first; t < last; ++t) {
      const bool leads = to_output_[at(graph_.vertex(link.to, t))] != 0;
      for (std::int64_t block = 0; block * fan < link.group_sources; ++block) {
        double sum = 0;
        for (std::int64_t c = block * fan; c < std::min(link.group_sources, (block + 1) * fan); ++c) {
          const double bias = choices.bias.edge(t, c);
          if (from_input_[at(sources + c)] != 0) sum += bias;
          if (leads) by_source[at(c)] += bias;
        }
        choices.by_target.set(t, block, static_cast<float>(sum));
      }
      choices.by_target.accumulate(t);
    }
    const std::int64_t block = (first - link.first_target(link.first_source(first))) / fan;
    for (std::int64_t c = 0; c < link.group_sources; ++c)
      choices.by_source.set(link.first_source(first) + c, block, static_cast<float>(by_source[at(c)]));
  }

  [[noreturn]] void overflow(const Link& link) const {
    graph_.weights().require_finite(link.parameter);
    fail(ExitCode::data, "{}: found weights whose sums overflow float32, expected smaller ones",
         graph_.weights().place(link.parameter));
  }

  void find_starts() {
    for (const Layer& layer : graph_.layers())
      for (std::int64_t v = layer.first; v < layer.first + layer.units; ++v) {
        if (layer.input && to_output_[at(v)] != 0) inputs_.push_back(v);
        if (layer.output && from_input_[at(v)] != 0) outputs_.push_back(v);
      }
    if (inputs_.empty() || outputs_.empty()) no_path();
  }

  [[noreturn]] void no_path() const {
    for (std::size_t l = 0; l < links_.size(); ++l) {
      if (!links_[l]) continue;
      const Link& link = graph_.links()[l];
      if (graph_.has_weights()) graph_.weights().require_finite(link.parameter);
      bool any = false;
      for (std::int64_t t = 0; t < graph_.layers()[link.to].units && !any; ++t)
        for (std::int64_t c = 0; c < link.group_sources && !any; ++c) any = links_[l]->bias.edge(t, c) > 0;
      if (!any)
        fail(ExitCode::data, "{}: found only zeros, expected a path of non-zero weights from an input to an output",
             graph_.has_weights() ? graph_.weights().place(link.parameter) : graph_.parameters()[link.parameter].name);
    }
    fail(ExitCode::data, "{}: found no path of non-zero weights from an input to an output, expected one",
         graph_.weights().source().empty() ? "weights" : graph_.weights().source());
  }

  /// Calls f(row, position) for each parameter of a link that some walk keeps.
  template <typename F>
  void for_each_reachable(std::size_t l, F&& f) const {
    const Link& link = graph_.links()[l];
    const EdgeBias& bias = links_[l]->bias;
    const BitMatrix* mask = graph_.has_mask() ? &graph_.mask()[link.parameter] : nullptr;
    for (std::int64_t t = 0; t < graph_.layers()[link.to].units; ++t) {
      if (to_output_[at(graph_.vertex(link.to, t))] == 0) continue;
      const std::int64_t sources = graph_.vertex(link.from, link.first_source(t));
      for (std::int64_t c = 0; c < link.group_sources; ++c) {
        if (from_input_[at(sources + c)] == 0 || bias.edge(t, c) == 0) continue;
        for (std::int64_t p = c * link.kernel; p < (c + 1) * link.kernel; ++p)
          if (options_.granularity == Granularity::kernel ? mask == nullptr || mask->test(t, p)
                                                          : bias.parameter(t, p) > 0)
            f(t, p);
      }
    }
  }

  // --- Walking -----------------------------------------------------------------------------------------------------

  /// One step on from `unit`, which it moves. False at the walk's end: a unit with nothing left ahead.
  bool advance(Direction direction, const RandomStream::Block& bits, Unit& unit, std::vector<Kept>& out) const {
    const Layer& layer = graph_.layers()[unit.layer];
    const auto& candidates = direction == Direction::forward ? layer.out_links : layer.in_links;
    const std::optional<std::size_t> chosen = choose_link(direction, candidates, unit.index, bits[3]);
    if (!chosen) return false;
    const Link& link = graph_.links()[*chosen];
    if (link.fixed())
      unit = {direction == Direction::forward ? link.to : link.from,
              choose_fixed(direction, link, unit.index, bits[2])};
    else
      unit = choose_weighted(direction, *chosen, unit.index, bits, out);
    return true;
  }

  [[nodiscard]] float total(Direction direction, std::size_t link, std::int64_t unit) const {
    return direction == Direction::forward ? links_[link]->by_source.total(unit) : links_[link]->by_target.total(unit);
  }

  /// A fair choice among the links with an edge left: the weighted ones, or else the fixed ones.
  [[nodiscard]] std::optional<std::size_t> choose_link(Direction direction, const std::vector<std::size_t>& candidates,
                                                       std::int64_t unit, std::uint32_t bits) const {
    const auto pick = [&](auto&& usable) -> std::optional<std::size_t> {
      const auto count = std::ranges::count_if(candidates, usable);
      if (count == 0) return std::nullopt;
      auto skip = below(static_cast<std::uint32_t>(count), bits);
      return *std::ranges::find_if(candidates, [&](std::size_t l) { return usable(l) && skip-- == 0; });
    };
    const auto weighted = pick([&](std::size_t l) { return links_[l] && total(direction, l, unit) > 0; });
    if (weighted) return weighted;
    return pick([&](std::size_t l) { return !links_[l] && fixed_count(direction, graph_.links()[l], unit) > 0; });
  }

  /// Number of a unit's fixed edges in a link that lead on.
  [[nodiscard]] std::int64_t fixed_count(Direction direction, const Link& link, std::int64_t unit) const {
    if (direction == Direction::reverse) {
      const std::int64_t s = link.source_of[at(unit)];
      return s >= 0 && leads_on(direction, graph_.vertex(link.from, s)) ? 1 : 0;
    }
    return std::ranges::count_if(link.targets_of[at(unit)],
                                 [&](std::int64_t t) { return leads_on(direction, graph_.vertex(link.to, t)); });
  }

  [[nodiscard]] std::int64_t choose_fixed(Direction direction, const Link& link, std::int64_t unit,
                                          std::uint32_t bits) const {
    if (direction == Direction::reverse) return link.source_of[at(unit)];
    auto skip = below(static_cast<std::uint32_t>(fixed_count(direction, link, unit)), bits);
    return *std::ranges::find_if(link.targets_of[at(unit)], [&](std::int64_t t) {
      return leads_on(direction, graph_.vertex(link.to, t)) && skip-- == 0;
    });
  }

  /// Draws the edge and the parameter, records what is kept, and returns the unit at the edge's other end.
  Unit choose_weighted(Direction direction, std::size_t l, std::int64_t unit, const RandomStream::Block& bits,
                       std::vector<Kept>& out) const {
    constexpr std::int64_t fan = ChoiceTree::fan;
    const Link& link = graph_.links()[l];
    const LinkChoices& choices = *links_[l];
    const bool forward = direction == Direction::forward;
    const std::int64_t leaves = forward ? link.group_targets : link.group_sources;
    const auto [block, rest] =
        (forward ? choices.by_source : choices.by_target).find(unit, unit_interval(bits[0], bits[1]));

    const std::int64_t first_target = forward ? link.first_target(unit) : unit;
    const std::int64_t first_source = link.first_source(first_target);
    const std::int64_t begin = block * fan;
    const std::int64_t leaf = begin + scan(std::min(fan, leaves - begin), rest, [&](std::int64_t i) -> double {
                                const std::int64_t target = forward ? first_target + begin + i : unit;
                                const std::int64_t column = forward ? unit - first_source : begin + i;
                                const std::int64_t end = forward ? graph_.vertex(link.to, target)
                                                                 : graph_.vertex(link.from, first_source + column);
                                return leads_on(direction, end) ? choices.bias.edge(target, column) : 0.0F;
                              });
    const std::int64_t target = forward ? first_target + leaf : unit;
    const std::int64_t column = forward ? unit - first_source : leaf;
    out.push_back(choose_parameter(static_cast<std::uint32_t>(l), choices.bias, target, column, bits[2]));
    return forward ? Unit{link.to, target} : Unit{link.from, first_source + column};
  }

  [[nodiscard]] Kept choose_parameter(std::uint32_t l, const EdgeBias& bias, std::int64_t target, std::int64_t column,
                                      std::uint32_t bits) const {
    const std::int64_t kernel = graph_.links()[l].kernel;
    const std::int64_t first = column * kernel;
    if (options_.granularity == Granularity::kernel || kernel == 1) return {l, target, first, first + kernel};
    double sum = 0;
    for (std::int64_t p = 0; p < kernel; ++p) sum += bias.parameter(target, first + p);
    const std::int64_t chosen = first + scan(kernel, unit_interval(bits) * sum,
                                             [&](std::int64_t p) { return bias.parameter(target, first + p); });
    return {l, target, chosen, chosen + 1};
  }

  LayeredGraph graph_;
  WalkOptions options_;
  std::vector<std::optional<LinkChoices>> links_;  ///< by link; none for a fixed one
  std::vector<std::uint8_t> from_input_, to_output_;
  std::vector<std::int64_t> inputs_, outputs_;  ///< vertices where walks start
};

Walker::Walker(const LayeredGraph& graph, const WalkOptions& options, int threads)
    : impl_(std::make_unique<const Impl>(graph, options, threads)) {}
Walker::~Walker() = default;
Walker::Walker(Walker&&) noexcept = default;
Walker& Walker::operator=(Walker&&) noexcept = default;

void Walker::walk(std::uint64_t seed, std::uint64_t walk, std::vector<Kept>& out) const {
  impl_->walk(seed, walk, out);
}
std::int64_t Walker::reachable() const { return impl_->reachable(); }
std::int64_t Walker::max_walks() const { return impl_->max_walks(); }
const LayeredGraph& Walker::graph() const { return impl_->graph(); }

}  // namespace phew
