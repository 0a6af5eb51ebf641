// Networks small enough for every method, with each kind of link that a method may treat in its own way.
#pragma once

#include "graph/initializer.hpp"
#include "graph/layered_graph.hpp"
#include "graph/zoo.hpp"

#include <ostream>
#include <string>
#include <vector>

namespace phew::test {

/// Two blocks on a 3×6×6 map: an identity shortcut, then a strided block beside a 1×1 projection.
inline Network residual_network() {
  Network net("residual");
  const auto conv = [&](const char* name, Network::Vertex from, std::int64_t in, std::int64_t out, std::int64_t kernel,
                        std::int64_t stride) {
    return net.add(name,
                   op::Conv2d{.in = in,
                              .out = out,
                              .kernel = {kernel, kernel},
                              .stride = {stride, stride},
                              .padding = {kernel / 2, kernel / 2}},
                   {from});
  };
  auto v = conv("stem", net.add("input", op::Input{{3, 6, 6}}), 3, 8, 3, 1);
  v = net.add("add1", op::Add{}, {conv("block1.2", conv("block1.1", v, 8, 8, 3, 1), 8, 8, 3, 1), v});
  const auto main = conv("block2.2", conv("block2.1", v, 8, 12, 3, 2), 12, 12, 3, 1);
  v = net.add("add2", op::Add{}, {main, conv("projection", v, 8, 12, 1, 2)});
  v = net.add("flatten", op::Flatten{}, {net.add("pool", op::GlobalAvgPool{}, {v})});
  net.add("output", op::Output{}, {net.add("fc", op::Linear{12, 5}, {v})});
  return net;
}

/// A grouped, a depthwise and a 1×1 convolution; then a dense layer that reads a flattened 2×2 map.
inline Network grouped_network() {
  Network net("grouped");
  auto v = net.add("input", op::Input{{4, 4, 4}});
  v = net.add("grouped", op::Conv2d{.in = 4, .out = 12, .kernel = {3, 3}, .padding = {1, 1}, .groups = 2}, {v});
  v = net.add("shuffle", op::ChannelShuffle{2}, {v});
  v = net.add("depthwise", op::Conv2d{.in = 12, .out = 12, .kernel = {3, 3}, .padding = {1, 1}, .groups = 12}, {v});
  v = net.add("pointwise", op::Conv2d{.in = 12, .out = 10}, {v});
  v = net.add("pool", op::MaxPool{{2, 2}, {2, 2}}, {v});
  v = net.add("flatten", op::Flatten{}, {v});
  net.add("output", op::Output{}, {net.add("fc", op::Linear{40, 6}, {v})});
  return net;
}

/// A network by name, with initial weights.
struct SmallNetwork {
  const char* name;
  Network (*make)();

  [[nodiscard]] LayeredGraph graph() const {
    const Network net = make();
    return LayeredGraph(net, initial_weights(net, {}, 0, 1));
  }
};
inline std::ostream& operator<<(std::ostream& out, const SmallNetwork& net) { return out << net.name; }

inline const std::vector<SmallNetwork> small_networks{{"mlp", [] { return make_network("mlp:12-10-9-6"); }},
                                                      {"residual", residual_network},
                                                      {"grouped", grouped_network}};

/// Kept in `a` but not in `b`.
inline std::int64_t outside(const Mask& a, const Mask& b) {
  std::int64_t count = 0;
  for (std::size_t t = 0; t < a.tensor_count(); ++t)
    for (std::size_t w = 0; w < a[t].words().size(); ++w) count += std::popcount(a[t].words()[w] & ~b[t].words()[w]);
  return count;
}

}  // namespace phew::test
