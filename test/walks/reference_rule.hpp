// DESIGN §4 once more, on any layered graph and with no thought of speed: the exact chance of every parameter to be
// taken by a walk.
#pragma once

#include "graph/layered_graph.hpp"
#include "walks/walk.hpp"

#include <cstdint>
#include <vector>

namespace phew::test {

/// One edge that walks can take.
struct RuleEdge {
  std::size_t link = 0;
  std::int64_t from = 0, to = 0;    ///< vertices
  std::int64_t row = 0, first = 0;  ///< of its kernel in the link's parameter (weighted links)
  double bias = 1;
};

class ReferenceRule {
 public:
  ReferenceRule(const LayeredGraph& graph, const WalkOptions& options);

  /// No walk exists.
  [[nodiscard]] bool empty() const { return edges_.empty(); }
  /// Chances by link and parameter (row · row length + position) that one walk takes it, starts uniform over the units
  /// with something left. They sum to the chance that the walk uses the link.
  [[nodiscard]] std::vector<std::vector<double>> visits(Direction direction) const;
  /// Parameters that some walk keeps.
  [[nodiscard]] Mask reachable() const;

 private:
  struct Choice {
    const RuleEdge* edge;
    double chance;
  };
  [[nodiscard]] double parameter_bias(const RuleEdge& edge, std::int64_t position) const;
  void drop_dead_ends();
  [[nodiscard]] std::vector<Choice> choices(Direction direction, std::int64_t unit) const;
  void spread(const RuleEdge& edge, double chance, std::vector<double>& visits) const;

  const LayeredGraph& graph_;
  WalkOptions options_;
  std::vector<RuleEdge> edges_;
};

}  // namespace phew::test
