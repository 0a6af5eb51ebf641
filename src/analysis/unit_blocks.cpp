#include "analysis/unit_blocks.hpp"

#include <boost/pending/disjoint_sets.hpp>

#include <algorithm>
#include <map>

namespace phew {
namespace {

std::size_t at(std::int64_t index) { return static_cast<std::size_t>(index); }

/// Two units that move together, and why: ties of one reason are of one kind.
struct Tie {
  std::int64_t kind = 0;
  std::int64_t first = 0, second = 0;  ///< vertices
};

/// What the rules ask for.
struct Rules {
  std::vector<Tie> ties;
  std::vector<std::int64_t> pinned;  ///< vertices
};

class RuleMaker {
 public:
  explicit RuleMaker(const LayeredGraph& graph) : graph_(graph) {}

  Rules make() {
    for (std::size_t l = 0; l < graph_.layers().size(); ++l)
      if (!graph_.layers()[l].hidden()) pin(l);
    for (std::size_t l = 0; l < graph_.links().size(); ++l) {
      const Link& link = graph_.links()[l];
      if (link.fixed() || depthwise(link)) tie_targets(link);
      if (!link.fixed()) tie_to_first_use(l);
    }
    return std::move(rules_);
  }

 private:
  void pin(std::size_t layer) {
    for (std::int64_t u = 0; u < graph_.layers()[layer].units; ++u) rules_.pinned.push_back(graph_.vertex(layer, u));
  }
  /// Each target with its only source.
  void tie_targets(const Link& link) {
    for (std::int64_t t = 0; t < graph_.layers()[link.to].units; ++t) {
      const std::int64_t source = link.fixed() ? link.source_of[at(t)] : link.first_source(t);
      if (source >= 0) rules_.ties.push_back({kinds_, graph_.vertex(link.from, source), graph_.vertex(link.to, t)});
    }
    ++kinds_;
  }
  void tie_layers(std::size_t first, std::size_t second) {
    for (std::int64_t u = 0; u < graph_.layers()[first].units; ++u)
      rules_.ties.push_back({kinds_, graph_.vertex(first, u), graph_.vertex(second, u)});
    ++kinds_;
  }
  /// A tensor's rows and columns mean the same units' bundles for every link that uses it.
  void tie_to_first_use(std::size_t l) {
    const Link& link = graph_.links()[l];
    const auto [use, fresh] = first_use_.try_emplace(link.parameter, l);
    if (fresh) return;
    const Link& first = graph_.links()[use->second];
    tie_layers(first.to, link.to);
    if (first.kernel == link.kernel && first.group_sources == link.group_sources && first.groups == link.groups) {
      tie_layers(first.from, link.from);
    } else {
      pin(first.from);
      pin(link.from);
    }
  }

  const LayeredGraph& graph_;
  Rules rules_;
  std::int64_t kinds_ = 0;
  std::map<std::size_t, std::size_t> first_use_;  ///< of a parameter: a link
};

/// Bundles as vertices in ascending order, by their representative.
class Bundles {
 public:
  Bundles(const LayeredGraph& graph, const Rules& rules)
      : graph_(graph), units_(at(graph.unit_count())), ties_(units_.size()), pinned_(units_.size(), 0) {
    boost::disjoint_sets_with_storage<> sets(units_.size());
    for (const Tie& tie : rules.ties) sets.union_set(at(tie.first), at(tie.second));
    for (std::size_t v = 0; v < units_.size(); ++v) units_[sets.find_set(v)].push_back(static_cast<std::int64_t>(v));
    for (const Tie& tie : rules.ties) ties_[sets.find_set(at(tie.first))].push_back(tie);
    for (const std::int64_t v : rules.pinned) pinned_[sets.find_set(at(v))] = 1;
  }

  /// Calls f(vertices, signature) for each bundle that is not pinned, in order of their first vertices. Bundles of
  /// equal signatures may change places.
  template <typename F>
  void for_each(F&& f) const {
    std::vector<std::size_t> order;
    for (std::size_t r = 0; r < units_.size(); ++r)
      if (!units_[r].empty() && pinned_[r] == 0) order.push_back(r);
    std::ranges::sort(order, {}, [&](std::size_t r) { return units_[r].front(); });
    for (const std::size_t r : order) f(units_[r], signature(r));
  }

 private:
  using Signature = std::vector<std::int64_t>;

  /// For each place its layer and the groups that it is in, then the ties between places.
  [[nodiscard]] Signature signature(std::size_t r) const {
    Signature signature{static_cast<std::int64_t>(units_[r].size())};
    for (const std::int64_t v : units_[r]) {
      const Unit unit = graph_.unit(v);
      const Layer& layer = graph_.layers()[unit.layer];
      signature.push_back(static_cast<std::int64_t>(unit.layer));
      for (const std::size_t l : layer.in_links)
        if (keeps_groups(graph_.links()[l])) signature.push_back(unit.index / graph_.links()[l].group_targets);
      for (const std::size_t l : layer.out_links)
        if (keeps_groups(graph_.links()[l])) signature.push_back(unit.index / graph_.links()[l].group_sources);
    }
    std::vector<std::array<std::int64_t, 3>> ties;
    for (const Tie& tie : ties_[r]) ties.push_back({tie.kind, place(r, tie.first), place(r, tie.second)});
    std::ranges::sort(ties);
    for (const auto& tie : ties) signature.insert(signature.end(), tie.begin(), tie.end());
    return signature;
  }
  static bool keeps_groups(const Link& link) { return !link.fixed() && link.groups > 1 && !depthwise(link); }
  [[nodiscard]] std::int64_t place(std::size_t r, std::int64_t vertex) const {
    return std::ranges::lower_bound(units_[r], vertex) - units_[r].begin();
  }

  const LayeredGraph& graph_;
  std::vector<std::vector<std::int64_t>> units_;
  std::vector<std::vector<Tie>> ties_;
  std::vector<std::uint8_t> pinned_;
};

}  // namespace

UnitBlocks unit_blocks(const LayeredGraph& graph) {
  std::vector<UnitBlock> blocks;
  std::map<std::vector<std::int64_t>, std::size_t> block_of_signature;
  const Rules rules = RuleMaker(graph).make();
  Bundles(graph, rules).for_each([&](const std::vector<std::int64_t>& units, std::vector<std::int64_t> signature) {
    const auto [found, fresh] = block_of_signature.try_emplace(std::move(signature), blocks.size());
    if (fresh) blocks.push_back({units.size(), {}});
    std::vector<std::int64_t>& vertices = blocks[found->second].vertices;
    vertices.insert(vertices.end(), units.begin(), units.end());
  });
  std::erase_if(blocks, [](const UnitBlock& block) { return block.size() < 2; });

  UnitBlocks result{std::move(blocks), {}, {}, {}};
  result.block_of.assign(at(graph.unit_count()), -1);
  result.bundle_of.assign(at(graph.unit_count()), -1);
  result.place_of.assign(at(graph.unit_count()), -1);
  for (std::size_t b = 0; b < result.blocks.size(); ++b) {
    const UnitBlock& block = result.blocks[b];
    for (std::size_t i = 0; i < block.vertices.size(); ++i) {
      result.block_of[at(block.vertices[i])] = static_cast<std::int32_t>(b);
      result.bundle_of[at(block.vertices[i])] = static_cast<std::int32_t>(i / block.places);
      result.place_of[at(block.vertices[i])] = static_cast<std::int32_t>(i % block.places);
    }
  }
  return result;
}

}  // namespace phew
