#include "analysis/block_gains.hpp"

#include <algorithm>
#include <numeric>
#include <set>

namespace phew {
namespace {

std::size_t at(std::int64_t index) { return static_cast<std::size_t>(index); }

/// Each block that has units in a layer.
std::vector<std::set<std::size_t>> blocks_by_layer(const LayeredGraph& graph, const UnitBlocks& units) {
  std::vector<std::set<std::size_t>> blocks(graph.layers().size());
  for (std::size_t l = 0; l < blocks.size(); ++l)
    for (std::int64_t u = 0; u < graph.layers()[l].units; ++u)
      if (const auto block = units.block_of[at(graph.vertex(l, u))]; block >= 0) blocks[l].insert(at(block));
  return blocks;
}

/// Calls f(source, target, place in kernel) for each kept parameter of a weighted link; units within their layers.
template <typename F>
void for_each_kept(const Link& link, const BitMatrix& bits, F&& f) {
  for (std::int64_t t = 0; t < bits.rows(); ++t)
    for_each_set(bits.row(t), [&](std::int64_t p) { f(link.first_source(t) + p / link.kernel, t, p % link.kernel); });
}

}  // namespace

BlockLinks::BlockLinks(const LayeredGraph& graph)
    : graph_(graph),
      units_(unit_blocks(graph)),
      sides_(units_.blocks.size()),
      neighbours_(units_.blocks.size()),
      own_neighbour_(units_.blocks.size(), 0) {
  const std::vector<std::set<std::size_t>> blocks = blocks_by_layer(graph, units_);
  std::vector<std::set<std::size_t>> neighbours(units_.blocks.size());
  std::set<std::size_t> seen;
  for (std::size_t l = 0; l < graph.links().size(); ++l) {
    const Link& link = graph.links()[l];
    if (link.fixed() || !seen.insert(link.parameter).second) continue;
    links_.push_back(l);
    for (const std::size_t block : blocks[link.to]) sides_[block].push_back({l, LinkEnd::target});
    if (depthwise(link)) continue;  // the targets' side is all of it
    for (const std::size_t block : blocks[link.from]) {
      sides_[block].push_back({l, LinkEnd::source});
      neighbours[block].insert(blocks[link.to].begin(), blocks[link.to].end());
      for (const std::size_t other : blocks[link.to]) neighbours[other].insert(block);
    }
  }
  for (std::size_t block = 0; block < neighbours.size(); ++block) {
    own_neighbour_[block] = neighbours[block].erase(block) > 0;
    neighbours_[block].assign(neighbours[block].begin(), neighbours[block].end());
  }
}

template <typename ForEach>
BlockGains::KeptLists::KeptLists(std::size_t keys, ForEach&& for_each) : ends_(keys + 1, 0) {
  for_each([&](std::size_t key, std::int64_t) { ++ends_[key + 1]; });
  std::partial_sum(ends_.begin(), ends_.end(), ends_.begin());
  vertices_.resize(ends_.back());
  std::vector<std::size_t> next(ends_.begin(), ends_.end() - 1);
  for_each([&](std::size_t key, std::int64_t vertex) { vertices_[next[key]++] = static_cast<std::int32_t>(vertex); });
}

BlockGains::LinkLists BlockGains::lists_of(const LayeredGraph& graph, const Link& link, const BitMatrix& bits) {
  const auto target = [&](std::int64_t t) { return graph.vertex(link.to, t); };
  // A depthwise link's target and source move together: no partner comes in, and the key is the target's number within
  // its group.
  if (depthwise(link))
    return {KeptLists(at(link.group_targets * link.kernel),
                      [&](auto&& entry) {
                        for_each_kept(link, bits, [&](std::int64_t, std::int64_t t, std::int64_t k) {
                          entry(at(t % link.group_targets * link.kernel + k), target(t));
                        });
                      }),
            KeptLists(0, [](auto&&) {})};
  return {KeptLists(at(graph.layers()[link.from].units * link.kernel),
                    [&](auto&& entry) {
                      for_each_kept(link, bits, [&](std::int64_t s, std::int64_t t, std::int64_t k) {
                        entry(at(s * link.kernel + k), target(t));
                      });
                    }),
          KeptLists(at(graph.layers()[link.to].units * link.kernel), [&](auto&& entry) {
            for_each_kept(link, bits, [&](std::int64_t s, std::int64_t t, std::int64_t k) {
              entry(at(t * link.kernel + k), graph.vertex(link.from, s));
            });
          })};
}

BlockGains::BlockGains(const BlockLinks& network, const Mask& a, const Mask& b)
    : network_(network), a_mask_(a), b_mask_(b), place_of_(network.graph().links().size(), 0) {
  const LayeredGraph& graph = network.graph();
  for (const std::size_t l : network.links()) {
    const Link& link = graph.links()[l];
    place_of_[l] = a_.size();
    a_.push_back(lists_of(graph, link, a[link.parameter]));
    b_.push_back(lists_of(graph, link, b[link.parameter]));
  }
}

void BlockGains::add(Gains& gains, std::size_t block, const BlockLinks::Side& side, const Partners& partners) const {
  const Link& link = network_.graph().links()[side.link];
  const LinkLists &of_a = a_[place_of_[side.link]], &of_b = b_[place_of_[side.link]];
  const KeptLists& a = side.end == LinkEnd::target ? of_a.targets : of_a.sources;
  const KeptLists& b = side.end == LinkEnd::target ? of_b.targets : of_b.sources;
  const UnitBlocks& units = network_.units();
  struct Column {
    std::size_t bundle = 0;
    std::int32_t place = 0;
  };
  std::vector<Column> columns;
  // Every bundle of `a` in one list gains with every bundle of `b` in the other that has the same place there; bundles
  // may have several units in a layer.
  const auto meet = [&](std::span<const std::int32_t> in_a, std::span<const std::int32_t> in_b) {
    if (in_a.empty() || in_b.empty()) return;
    columns.clear();
    for (const std::int32_t v : in_b)
      if (units.block_of[at(v)] == static_cast<std::int32_t>(block))
        columns.push_back({at(units.bundle_of[at(v)]), units.place_of[at(v)]});
    for (const std::int32_t v : in_a) {
      if (units.block_of[at(v)] != static_cast<std::int32_t>(block)) continue;
      const auto row = gains.row(at(units.bundle_of[at(v)]));
      const std::int32_t place = units.place_of[at(v)];
      for (const Column& column : columns) row[column.bundle] += column.place == place;
    }
  };
  if (depthwise(link)) {
    for (std::int64_t key = 0; key < link.group_targets * link.kernel; ++key) meet(a[at(key)], b[at(key)]);
    return;
  }
  const Layer& other = network_.graph().layers()[side.end == LinkEnd::target ? link.from : link.to];
  for (std::int64_t u = 0; u < other.units; ++u) {
    const std::int64_t partner = partners[at(other.first + u)];
    if (partner == no_partner) continue;
    for (std::int64_t k = 0; k < link.kernel; ++k)
      meet(a[at(u * link.kernel + k)], b[at((partner - other.first) * link.kernel + k)]);
  }
}

Gains BlockGains::of(std::size_t block, const Partners& partners) const {
  Gains gains(network_.units().blocks[block].size());
  for (const BlockLinks::Side& side : network_.sides(block)) add(gains, block, side, partners);
  return gains;
}

std::int64_t BlockGains::kept_by_both(const Partners& partners) const {
  const LayeredGraph& graph = network_.graph();
  std::int64_t count = 0;
  for (const std::size_t l : network_.links()) {
    const Link& link = graph.links()[l];
    const BitMatrix& bits = b_mask_[link.parameter];
    const std::int64_t targets = graph.layers()[link.to].first, sources = graph.layers()[link.from].first;
    for_each_kept(link, a_mask_[link.parameter], [&](std::int64_t s, std::int64_t t, std::int64_t k) {
      const std::int64_t row = partners[at(targets + t)] - targets, source = partners[at(sources + s)] - sources;
      count += bits.test(row, (source - link.first_source(row)) * link.kernel + k);
    });
  }
  return count;
}

}  // namespace phew
