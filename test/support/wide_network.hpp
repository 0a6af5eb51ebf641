// A network whose rows of edge bits take several words, and whose groups begin inside a word.
#pragma once

#include "graph/layered_graph.hpp"
#include "support/dice.hpp"

namespace phew::test {

//   input 3 ─► a 3×3 ─► 70 ─► b 3×3 ─┬─► 140 ─► c 3×3, 2 groups of 70 ─► add 140 ─► flat 2×2 ─► fc ─► 67
//                                    └──────────────── fixed ─────────────►┘
inline Network wide_network() {
  Network network("wide");
  const auto input = network.add("input", op::Input{{3, 2, 2}});
  const auto conv = [&](const char* name, std::int64_t in, std::int64_t out, std::int64_t groups, std::size_t from) {
    return network.add(name, op::Conv2d{.in = in, .out = out, .kernel = {3, 3}, .padding = {1, 1}, .groups = groups},
                       {from});
  };
  const auto a = conv("a", 3, 70, 1, input);
  const auto b = conv("b", 70, 140, 1, a);
  const auto c = conv("c", 140, 140, 2, b);
  const auto add = network.add("add", op::Add{}, {c, b});
  const auto flat = network.add("flat", op::Flatten{}, {add});
  const auto fc = network.add("fc", op::Linear{.in = 560, .out = 67}, {flat});
  network.add("output", op::Output{}, {fc});
  return network;
}

/// A mask in which each edge is kept with chance `density`, with one parameter or, now and then, more of its kernel.
inline Mask sparse_mask(const LayeredGraph& graph, double density, Dice& dice) {
  Mask mask(graph.parameters());
  for (const Link& link : graph.links()) {
    if (link.fixed()) continue;
    BitMatrix& bits = mask[link.parameter];
    for (std::int64_t t = 0; t < bits.rows(); ++t)
      for (std::int64_t c = 0; c < link.group_sources; ++c) {
        if (!dice.chance(density)) continue;
        do bits.set(t, c * link.kernel + dice.below(link.kernel));
        while (dice.chance(0.3));
      }
  }
  return mask;
}

}  // namespace phew::test
