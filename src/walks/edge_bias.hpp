// Edge bias: what an edge's chance is in proportion to.
#pragma once

#include "graph/layered_graph.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

namespace phew {

/// By Σ|w| of the kernel (PHEW: paths with higher edge-weights), equal, or by 1 / Σ|w| (paths with lower edge-weights).
/// A bias of 0 stays 0, inverse included; uniform is 1 for every weight, zero or not.
enum class Bias { weight, uniform, inverse };

/// Biases of one weighted link's edges and parameters. Reads the weights in place; keeps one float an edge where a
/// kernel has several weights or a mask prunes some. Refers to the graph, which must outlive it.
class EdgeBias {
 public:
  EdgeBias(const LayeredGraph& graph, const Link& link, Bias bias);

  /// Bias of the edge from column `column` to target `target`; 0: never chosen. The sum over a kernel runs in order in
  /// double and is rounded to float once.
  [[nodiscard]] float edge(std::int64_t target, std::int64_t column) const {
    if (!norms_.empty()) return of_norm(norms_[index(target, column)]);
    return values_.empty() ? 1.0F : of_norm(std::abs(values_[index(target, column)]));
  }
  /// Bias of the parameter at `position` of row `target`.
  [[nodiscard]] float parameter(std::int64_t target, std::int64_t position) const;

 private:
  [[nodiscard]] std::size_t index(std::int64_t target, std::int64_t column) const {
    return static_cast<std::size_t>(target * columns_ + column);
  }
  [[nodiscard]] float of_norm(float norm) const {
    constexpr float most = 0x1p100F;  // so that the inverses of subnormal weights stay finite in every sum
    return bias_ != Bias::inverse || norm == 0 ? norm : std::min(1.0F / norm, most);
  }
  void sum_kernels(const Link& link, std::int64_t targets);

  Bias bias_;
  std::int64_t columns_ = 0;         ///< edges of a target
  std::int64_t row_length_ = 0;      ///< parameters of a target
  std::span<const float> values_;    ///< weights; empty for uniform
  const BitMatrix* kept_ = nullptr;  ///< of the graph's mask, if it has one
  std::vector<float> norms_;         ///< by edge; empty where an edge is one weight
};

}  // namespace phew
