// The oracle's two networks, chains of weighted links, and what exact probabilities say of walks on them.
#pragma once

#include "graph/layered_graph.hpp"
#include "walks/walk.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace phew::test {

/// A network without branches, its weights by link as [target][source][position in the kernel].
struct Chain {
  struct Link {
    std::int64_t targets = 0, sources = 0, kernel = 0;
    std::vector<double> weights;
  };
  std::vector<Link> links;
  LayeredGraph graph;
};

/// What a walk took of one link.
struct Step {
  std::int64_t target = 0, source = 0, position = 0;
};
/// A walk's steps by link, whatever its direction.
using Path = std::vector<Step>;

/// A question whose answer has exact probabilities: into which of its cells does a path fall?
struct CellTest {
  std::string name;
  std::vector<double> probability;                ///< by cell; sums to 1
  std::function<std::int64_t(const Path&)> cell;  ///< −1: the path takes no part
};

/// data/oracle/mlp_4-3-3-2.json: dense, every path's probability is known.
[[nodiscard]] Chain mlp_chain();
[[nodiscard]] std::vector<CellTest> mlp_tests(Direction direction);

/// data/oracle/conv_2-3-2-8-2.json: two 3×3 convolutions and a linear layer that reads 2×2 maps.
[[nodiscard]] Chain conv_chain();
/// The forward walk's choice in the linear layer follows from the weights and DESIGN's rule, the rest is the oracle's.
[[nodiscard]] std::vector<CellTest> conv_tests(Direction direction);

/// The test that fits least well.
struct Verdict {
  std::string test;
  double p = 1;
};
/// Draws walks 0 … count − 1 of one direction and puts every question to them.
[[nodiscard]] Verdict least_likely(const std::vector<CellTest>& tests, const std::function<Path(std::uint64_t)>& draw,
                                   std::uint64_t count);

}  // namespace phew::test
