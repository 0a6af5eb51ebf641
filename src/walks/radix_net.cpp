#include "walks/edge_grid.hpp"
#include "walks/topology.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace phew {
namespace {

/// The share of the circle that the digits so far reach, as a fraction.
struct Reached {
  std::int64_t part = 1, whole = 1;

  /// The place value of the next digit modulo M: the nearest whole number to M · part / whole, at least 1. Where no
  /// digit of two values fits there, the system of digits is complete and the next one begins at 1.
  [[nodiscard]] std::int64_t place(std::int64_t modulus) const {
    const std::int64_t nearest = std::max<std::int64_t>(1, (2 * modulus * part + whole) / (2 * whole));
    return 2 * nearest > modulus ? 1 : nearest;
  }
};

/// One group of a link: targets × sources, whose units fall into M = min(targets, sources) classes.
struct Block {
  std::int64_t targets = 0, sources = 0;

  [[nodiscard]] std::int64_t modulus() const { return std::min(targets, sources); }
  [[nodiscard]] std::int64_t class_of_target(std::int64_t t) const { return t * modulus() / targets; }
  /// The first source of class c; classes are consecutive units.
  [[nodiscard]] std::int64_t first_source(std::int64_t c) const { return (c * sources + modulus() - 1) / modulus(); }
  /// Edges of a digit of radix r: each unit of the larger side meets r classes of one unit each.
  [[nodiscard]] std::int64_t edges(std::int64_t radix) const { return radix * std::max(targets, sources); }
};

/// The radix whose edges are nearest to the wanted number (the smaller of two as near).
std::int64_t nearest_radix(const Block& block, std::int64_t place, double wanted) {
  const std::int64_t modulus = block.modulus();
  const auto miss = [&](std::int64_t radix) { return std::abs(static_cast<double>(block.edges(radix)) - wanted); };
  std::int64_t best = 1;
  for (std::int64_t radix = 2; radix * place <= modulus; ++radix) {
    const bool divides = modulus % place != 0 || modulus / place % radix == 0;
    if (divides && miss(radix) < miss(best)) best = radix;
  }
  return best;
}

void join(const EdgeGrid& grid, const Block& block, std::int64_t place, std::int64_t radix, BitMatrix& bits) {
  const std::int64_t modulus = block.modulus();
  for (std::int64_t t = 0; t < grid.targets; ++t)
    for (std::int64_t k = 0; k < radix; ++k) {
      const std::int64_t c = (block.class_of_target(t % block.targets) + modulus - k * place) % modulus;
      for (std::int64_t s = block.first_source(c); s < block.first_source(c + 1); ++s) bits.set(t, s);
    }
}

/// The link after which a layer's digits count as placed: the first weighted one into it, or else the first fixed one.
std::size_t deciding_link(const LayeredGraph& graph, const Layer& layer) {
  const auto weighted = std::ranges::find_if(layer.in_links, [&](std::size_t l) { return !graph.links()[l].fixed(); });
  return weighted == layer.in_links.end() ? layer.in_links.front() : *weighted;
}

}  // namespace

Topology radix_net(const LayeredGraph& graph, std::int64_t target) {
  const std::vector<EdgeGrid> grids = edge_grids(graph);
  Mask edges(edge_parameters(grids));
  std::vector<std::int64_t> radices(grids.size());
  std::vector<Reached> reached(graph.layers().size());
  Budget budget(target, graph.prunable());
  for (std::size_t l = 0; l < graph.links().size(); ++l) {
    const Link& link = graph.links()[l];
    const bool decides = deciding_link(graph, graph.layers()[link.to]) == l;
    if (link.fixed()) {
      if (decides) reached[link.to] = reached[link.from];
      continue;
    }
    const EdgeGrid& grid = grids[link.parameter];
    const Block block{grid.targets / grid.groups, grid.sources};
    const std::int64_t place = reached[link.from].place(block.modulus());
    if (grid.link == l) {
      const double parameters = budget.share(grid.parameters());
      const double wanted = parameters / static_cast<double>(grid.kernel * grid.groups);
      const std::int64_t radix = nearest_radix(block, place, wanted);
      join(grid, block, place, radix, edges[link.parameter]);
      budget.spend(grid.parameters(), block.edges(radix) * grid.groups * grid.kernel);
      radices[link.parameter] = radix;
    }
    // A link of one class (a depthwise convolution) tells units apart no further.
    if (decides)
      reached[link.to] =
          block.modulus() == 1 ? reached[link.from] : Reached{place * radices[link.parameter], block.modulus()};
  }
  const std::int64_t kept = edges.kept();
  return {with_whole_kernels(graph, grids, edges), kept, std::move(radices)};
}

}  // namespace phew
