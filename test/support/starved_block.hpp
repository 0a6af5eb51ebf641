// A block of a residual network of which nothing is kept.
#pragma once

#include "graph/layered_graph.hpp"

namespace phew::test {

//   input ──► a ──┬─► b (nothing kept) ─► add ──► fc       two units each; all paths run along the shortcut
//                 └───────── fixed ───────►┘
struct StarvedBlock {
  Network network = make();
  LayeredGraph graph = masked(network);

 private:
  static Network make() {
    Network network("shortcut");
    const auto input = network.add("input", op::Input{{2, 1, 1}});
    const auto a = network.add("a", op::Linear{2, 2, true, ""}, {input});
    const auto b = network.add("b", op::Linear{2, 2, true, ""}, {a});
    const auto add = network.add("add", op::Add{}, {b, a});
    network.add("output", op::Output{}, {network.add("fc", op::Linear{2, 1, true, ""}, {add})});
    return network;
  }
  static LayeredGraph masked(const Network& network) {
    Mask mask(network.parameters(), true);
    mask[1] = BitMatrix(2, 2);
    return LayeredGraph(network).masked(mask);
  }
};

}  // namespace phew::test
