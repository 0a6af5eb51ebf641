#include "walks/edge_bias.hpp"

#include "graph/error.hpp"

#include <cmath>

namespace phew {

EdgeBias::EdgeBias(const LayeredGraph& graph, const Link& link, Bias bias)
    : bias_(bias),
      columns_(link.group_sources),
      row_length_(graph.parameters()[link.parameter].row_length()),
      kept_(graph.has_mask() ? &graph.mask()[link.parameter] : nullptr) {
  if (bias != Bias::uniform) {
    if (!graph.has_weights()) fail(ExitCode::internal, "walks by weight need weights");
    values_ = graph.weights()[link.parameter];
  }
  // Without a mask all uniform biases are equal, whatever the kernel.
  if (kept_ != nullptr || (link.kernel > 1 && bias != Bias::uniform)) sum_kernels(link, graph.layers()[link.to].units);
}

void EdgeBias::sum_kernels(const Link& link, std::int64_t targets) {
  norms_.resize(static_cast<std::size_t>(targets * columns_));
  for (std::int64_t t = 0; t < targets; ++t)
    for (std::int64_t c = 0; c < columns_; ++c) {
      double sum = 0;
      for (std::int64_t p = c * link.kernel; p < (c + 1) * link.kernel; ++p) {
        if (kept_ != nullptr && !kept_->test(t, p)) continue;
        sum += values_.empty() ? 1.0
                               : std::abs(static_cast<double>(values_[static_cast<std::size_t>(t * row_length_ + p)]));
      }
      // An equal choice is among edges: how many parameters a mask left in a kernel plays no part.
      norms_[index(t, c)] = bias_ == Bias::uniform ? (sum > 0 ? 1.0F : 0.0F) : static_cast<float>(sum);
    }
}

float EdgeBias::parameter(std::int64_t target, std::int64_t position) const {
  if (kept_ != nullptr && !kept_->test(target, position)) return 0;
  return of_norm(values_.empty() ? 1.0F : std::abs(values_[static_cast<std::size_t>(target * row_length_ + position)]));
}

}  // namespace phew
