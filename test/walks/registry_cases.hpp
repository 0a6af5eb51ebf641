// What every row of the registry is tested with.
#pragma once

#include "graph/layered_graph.hpp"
#include "walks/method.hpp"

#include <cstdint>
#include <utility>
#include <vector>

namespace phew::test {

/// Scores of both kinds of method: all positive, unlike the weights.
inline Weights scores_of(const LayeredGraph& graph) {
  std::vector<Tensor> tensors;
  for (std::size_t t = 0; t < graph.parameters().size(); ++t) {
    std::vector<float> values;
    for (const float w : graph.weights()[t]) values.push_back(w * w + 0.01F);
    tensors.push_back(make_tensor(graph.parameters()[t].name, graph.parameters()[t].shape, std::move(values)));
  }
  return {graph.parameters(), std::move(tensors)};
}

/// A method's input, and the target that its mask leaves it.
struct Prepared {
  MethodInput input;
  std::int64_t target = 0;
};

inline Prepared prepare(const Method& method, const LayeredGraph& graph, double density) {
  Prepared prepared{{graph}};
  prepared.input.scores = scores_of(graph);
  prepared.target = target_of(density, graph.prunable());
  if (method.needs_mask)
    prepared.input.mask = keep_largest(graph.parameters(), graph.weights(), prepared.target, Scope::global);
  return prepared;
}

}  // namespace phew::test
