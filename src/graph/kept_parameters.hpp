// KeptParameters: where a mask's bits are set and the weights there, written down once for several passes.
#pragma once

#include "graph/layered_graph.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace phew {

/// The kept parameters of one row of a tensor, in ascending order of their positions in it.
struct KeptRow {
  std::span<const std::int32_t> positions;
  std::span<const float> weights;  ///< none without weights
};

/// All rows of a sparse masked graph with weights, side by side.
class KeptParameters {
 public:
  /// None without a mask or weights, and if more than 1 of 25 parameters is kept: at 8 bytes each they would take more
  /// than a twelfth of the weights' memory.
  [[nodiscard]] static std::optional<KeptParameters> of(const LayeredGraph& graph);

  [[nodiscard]] KeptRow row(std::size_t parameter, std::int64_t t) const;
  /// All of a tensor.
  [[nodiscard]] std::span<const float> weights(std::size_t parameter) const;

 private:
  KeptParameters() = default;

  std::vector<std::int32_t> positions_;
  std::vector<float> weights_;
  std::vector<std::vector<std::size_t>> first_;  ///< by parameter: where each row begins, and where the last one ends
};

/// Rows of a tensor one at a time: from a KeptParameters, or each found among the mask's bits and fetched from all over
/// the tensor, O(words + kept parameters).
class KeptRowReader {
 public:
  /// Refers to the graph, which has a mask, and to `all` of the same graph unless that is null. Weights only where the
  /// graph has some and `with_weights` asks for them.
  KeptRowReader(const LayeredGraph& graph, std::size_t parameter, bool with_weights, const KeptParameters* all);
  /// Valid until the next call.
  [[nodiscard]] KeptRow row(std::int64_t t);

 private:
  const KeptParameters* all_;
  std::size_t parameter_;
  const BitMatrix& bits_;
  const float* weights_;
  std::vector<std::int32_t> positions_;  ///< of one row
  std::vector<float> values_;
};

}  // namespace phew
