// The inputs that tests of walks go through: random small networks, masked or not, by every kind of walk.
#pragma once

#include "graph/layered_graph.hpp"
#include "support/random_network.hpp"
#include "walks/walk.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

namespace phew::test {

inline std::vector<WalkOptions> all_walk_options() {
  std::vector<WalkOptions> all;
  for (const Bias bias : {Bias::weight, Bias::uniform, Bias::inverse})
    for (const Granularity granularity : {Granularity::parameter, Granularity::kernel})
      all.push_back({.bias = bias, .granularity = granularity});
  for (const Shortcuts shortcuts : {Shortcuts::walk, Shortcuts::weigh}) all.push_back({.shortcuts = shortcuts});
  for (const Start start : {Start::balanced, Start::uniform}) all.push_back({.start = start});
  return all;
}

inline std::string name_of(const WalkOptions& options) {
  constexpr const char* biases[] = {"weight", "uniform", "inverse"};
  constexpr const char* starts[] = {"", ", balanced starts", ", uniform starts"};
  constexpr const char* shortcuts[] = {"", ", over shortcuts", ", shortcuts weighed"};
  return fmt::format("{} by {}{}{}", biases[static_cast<int>(options.bias)],
                     options.granularity == Granularity::kernel ? "kernel" : "parameter",
                     starts[static_cast<int>(options.start)], shortcuts[static_cast<int>(options.shortcuts)]);
}

/// A parameter that two links use.
inline bool is_tied(const LayeredGraph& graph) {
  std::set<std::size_t> used;
  return std::ranges::any_of(graph.links(),
                             [&](const Link& l) { return !l.fixed() && !used.insert(l.parameter).second; });
}

/// Every third one masked.
inline LayeredGraph random_graph(const RandomCase& random) {
  const LayeredGraph graph(random.network, random.weights);
  return random.seed % 3 == 0 ? graph.masked(random.mask) : graph;
}

}  // namespace phew::test
