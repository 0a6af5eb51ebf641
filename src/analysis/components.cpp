#include "analysis/components.hpp"

#include "graph/bit_kernels.hpp"
#include "graph/edge_rows.hpp"

#include <algorithm>
#include <optional>

namespace phew {
namespace {

std::size_t at(std::int64_t vertex) { return static_cast<std::size_t>(vertex); }

/// Searches from unit to unit along edges in both directions. Each unit is asked once, whole words of its edges at a
/// time: which of the other ends are new?
class Search {
 public:
  explicit Search(const LayeredGraph& graph)
      : graph_(graph), fresh_(at(graph.unit_count()) / 64 + 2, ~std::uint64_t{0}) {
    for (const Link& link : graph.links()) {
      by_target_.emplace_back();
      by_source_.emplace_back();
      if (link.fixed()) continue;
      by_target_.back() = EdgeRows::by_target(graph, link);
      by_source_.back() = EdgeRows::by_source(graph, link);
    }
  }

  [[nodiscard]] bool fresh(std::int64_t vertex) const { return (fresh_[at(vertex) / 64] >> (vertex & 63) & 1U) != 0; }

  /// Calls f(vertex) for each fresh vertex of the component of `start`, a fresh one, and none is fresh after.
  template <typename F>
  void component(std::int64_t start, F&& f) {
    find(start);
    while (!found_.empty()) {
      const std::int64_t v = found_.back();
      found_.pop_back();
      f(v);
      const Unit unit = graph_.unit(v);
      for (const std::size_t l : graph_.layers()[unit.layer].in_links) find_sources(l, unit.index);
      for (const std::size_t l : graph_.layers()[unit.layer].out_links) find_targets(l, unit.index);
    }
  }

 private:
  void find(std::int64_t v) {
    if (!fresh(v)) return;
    fresh_[at(v) / 64] &= ~(std::uint64_t{1} << (v & 63));
    found_.push_back(v);
  }

  /// Units whose bit is set in a row; its bit 0 is unit `first`.
  void find(Bits row, std::int64_t first) {
    for (std::size_t w = 0; w < row.size(); ++w) {
      const std::int64_t v = first + 64 * static_cast<std::int64_t>(w);
      const std::uint64_t low = fresh_[at(v) / 64], high = fresh_[at(v) / 64 + 1];
      const std::uint64_t still = (v & 63) == 0 ? low : low >> (v & 63) | high << (64 - (v & 63));
      for (std::uint64_t bits = row[w] & still; bits != 0; bits &= bits - 1) find(v + std::countr_zero(bits));
    }
  }

  void find_sources(std::size_t l, std::int64_t target) {
    const Link& link = graph_.links()[l];
    const std::int64_t sources = graph_.layers()[link.from].first;
    if (by_target_[l])
      find(by_target_[l]->row(target), sources + link.first_source(target));
    else if (const std::int64_t s = link.source_of[at(target)]; s >= 0)
      find(sources + s);
  }

  void find_targets(std::size_t l, std::int64_t source) {
    const Link& link = graph_.links()[l];
    const std::int64_t targets = graph_.layers()[link.to].first;
    if (by_source_[l])
      find(by_source_[l]->row(source), targets + link.first_target(source));
    else
      for (const std::int64_t t : link.targets_of[at(source)]) find(targets + t);
  }

  const LayeredGraph& graph_;
  std::vector<std::optional<EdgeRows>> by_target_, by_source_;  ///< by link; none for a fixed one
  std::vector<std::uint64_t> fresh_;                            ///< a bit per vertex, and a word to read beyond
  std::vector<std::int64_t> found_;                             ///< not yet asked for their edges
};

}  // namespace

std::int64_t Components::largest() const { return units.empty() ? 0 : std::ranges::max(units); }

Components connected_components(const LayeredGraph& graph) {
  Components components{std::vector<std::int64_t>(at(graph.unit_count())), {}, 0};
  Search search(graph);
  for (std::int64_t v = 0; v < graph.unit_count(); ++v) {
    if (!search.fresh(v)) continue;
    std::int64_t units = 0;
    search.component(v, [&](std::int64_t member) {
      components.of[at(member)] = components.count();
      ++units;
    });
    components.units.push_back(units);
  }
  components.isolated = std::ranges::count(components.units, 1);
  return components;
}

}  // namespace phew
