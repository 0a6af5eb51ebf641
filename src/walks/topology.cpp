#include "walks/topology.hpp"

#include "walks/edge_grid.hpp"
#include "walks/random_mask.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace phew {
namespace {

/// Random numbers one after another.
class Draws {
 public:
  Draws(std::uint64_t seed, Purpose purpose, std::uint64_t index) : stream_(seed, purpose, index) {}

  /// Uniform in 0 … n − 1.
  std::int64_t below(std::int64_t n) {
    if (used_ == block_.size()) {
      block_ = stream_.block(step_++);
      used_ = 0;
    }
    used_ += 2;
    return static_cast<std::int64_t>(phew::below(static_cast<std::uint64_t>(n), block_[used_ - 2], block_[used_ - 1]));
  }
  /// 0 … n − 1 in random order.
  std::vector<std::int64_t> permutation(std::int64_t n) {
    std::vector<std::int64_t> order(static_cast<std::size_t>(n));
    std::iota(order.begin(), order.end(), 0);
    for (std::int64_t i = n - 1; i > 0; --i)
      std::swap(order[static_cast<std::size_t>(i)], order[static_cast<std::size_t>(below(i + 1))]);
    return order;
  }

 private:
  RandomStream stream_;
  RandomStream::Block block_{};
  std::size_t used_ = 4;
  std::uint32_t step_ = 0;
};

/// One group of a link under construction: its targets are rows [first, first + targets) of the edge matrix.
class RegularGroup {
 public:
  RegularGroup(BitMatrix& bits, std::int64_t first, std::int64_t targets, Draws& draws)
      : bits_(bits), first_(first), targets_(targets), draws_(draws) {}

  /// Deals `count` edges: each target takes its number of sources from a shuffled deck of all of them, and a new deck
  /// is shuffled when the last is used up. So no source is ever two edges ahead of another.
  void deal(std::int64_t count) {
    const std::vector<std::int64_t> order = draws_.permutation(targets_);
    for (std::int64_t i = 0; i < targets_; ++i) {
      const std::int64_t target = first_ + order[static_cast<std::size_t>(i)];
      const std::int64_t degree = count / targets_ + (i < count % targets_ ? 1 : 0);
      for (std::int64_t k = 0; k < degree; ++k) {
        if (deck_.empty()) shuffle_for(target);
        bits_.set(target, deck_.back());
        edges_.push_back({target, deck_.back()});
        deck_.pop_back();
      }
    }
  }

  /// Tries to swap the sources of two random edges, `attempts` times. All degrees stay.
  void mix(std::int64_t attempts) {
    const auto edges = static_cast<std::int64_t>(edges_.size());
    for (std::int64_t i = 0; i < attempts && edges > 1; ++i) {
      Edge& a = edges_[static_cast<std::size_t>(draws_.below(edges))];
      Edge& b = edges_[static_cast<std::size_t>(draws_.below(edges))];
      if (bits_.test(a.target, b.source) || bits_.test(b.target, a.source)) continue;  // also where an end is the same
      bits_.reset(a.target, a.source);
      bits_.reset(b.target, b.source);
      std::swap(a.source, b.source);
      bits_.set(a.target, a.source);
      bits_.set(b.target, b.source);
    }
  }

 private:
  struct Edge {
    std::int64_t target = 0, source = 0;
  };

  /// A new deck, from which `target` draws only sources that it does not have: those it has lie at the bottom.
  void shuffle_for(std::int64_t target) {
    deck_ = draws_.permutation(bits_.columns());
    std::ranges::stable_partition(deck_, [&](std::int64_t source) { return bits_.test(target, source); });
  }

  BitMatrix& bits_;
  std::int64_t first_, targets_;
  Draws& draws_;
  std::vector<std::int64_t> deck_;
  std::vector<Edge> edges_;
};

constexpr std::int64_t switches_per_edge = 8;

/// `count` edges of one link: equal numbers in its groups but for one more in some, drawn at random.
void draw_regular(const EdgeGrid& grid, std::int64_t count, BitMatrix& bits, Draws draws) {
  const std::vector<std::int64_t> order = draws.permutation(grid.groups);
  for (std::int64_t i = 0; i < grid.groups; ++i) {
    const std::int64_t mine = count / grid.groups + (i < count % grid.groups ? 1 : 0);
    const std::int64_t targets = grid.targets / grid.groups;
    RegularGroup group(bits, order[static_cast<std::size_t>(i)] * targets, targets, draws);
    group.deal(mine);
    group.mix(mine * switches_per_edge);
  }
}

/// The number of edges of a link nearest to its share.
std::int64_t nearest_edges(const EdgeGrid& grid, double parameters) {
  const auto edges = static_cast<std::int64_t>(std::floor(parameters / static_cast<double>(grid.kernel) + 0.5));
  return std::clamp<std::int64_t>(edges, 0, grid.edges());
}

std::vector<std::int64_t> nearest_counts(const LayeredGraph& graph, std::span<const EdgeGrid> grids,
                                         std::int64_t target) {
  std::vector<std::int64_t> counts;
  Budget budget(target, graph.prunable());
  for (const EdgeGrid& grid : grids) {
    counts.push_back(nearest_edges(grid, budget.share(grid.parameters())));
    budget.spend(grid.parameters(), counts.back() * grid.kernel);
  }
  return counts;
}

}  // namespace

Topology random_regular(const LayeredGraph& graph, std::int64_t target, std::uint64_t seed) {
  const std::vector<EdgeGrid> grids = edge_grids(graph);
  const std::vector<std::int64_t> counts = nearest_counts(graph, grids, target);
  Mask edges(edge_parameters(grids));
  for (std::size_t i = 0; i < grids.size(); ++i)
    draw_regular(grids[i], counts[i], edges[i], Draws(seed, Purpose::random_regular, i));
  return {with_whole_kernels(graph, grids, edges), edges.kept()};
}

std::vector<Topology> erdos_renyi(const LayeredGraph& graph, std::span<const std::int64_t> targets,
                                  std::uint64_t seed) {
  const std::vector<EdgeGrid> grids = edge_grids(graph);
  std::vector<Counts> counts;
  for (const std::int64_t target : targets) {
    counts.push_back(nearest_counts(graph, grids, target));
    if (counts.size() == 1) continue;
    const Counts& above = counts[counts.size() - 2];
    for (std::size_t i = 0; i < grids.size(); ++i) counts.back()[i] = std::min(counts.back()[i], above[i]);
  }
  std::vector<Topology> topologies;
  for (const Mask& edges : random_masks(edge_parameters(grids), counts, seed, Purpose::erdos_renyi))
    topologies.push_back({with_whole_kernels(graph, grids, edges), edges.kept()});
  return topologies;
}

}  // namespace phew
