// Path report: what the paths of a network carry, as the document that `phew-graph paths --json` prints.
#pragma once

#include "analysis/ewp_share.hpp"
#include "analysis/path_counts.hpp"
#include "analysis/path_statistics.hpp"
#include "analysis/quantile.hpp"
#include "analysis/report.hpp"
#include "analysis/theory.hpp"
#include "graph/best_paths.hpp"
#include "graph/layered_graph.hpp"

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace phew {

struct PathOptions {
  PathLevel level = PathLevel::parameter;
  std::int64_t top = 10;                     ///< paths of the largest EWP to list
  bool exact_counts = false;                 ///< counts as integers of any length
  std::int64_t samples = 10'000;             ///< paths to sample for the quantiles; 0: none
  std::uint64_t seed = 0;                    ///< of the sample
  std::vector<double> quantiles{};           ///< their probabilities
  std::optional<Initializer> initializer{};  ///< of the weights, if they are initial ones
};

/// All of one mask of a network with weights.
struct PathReport {
  PathLevel level = PathLevel::parameter;
  PathStatistics statistics;
  std::optional<PathCounts> exact;         ///< none unless asked for
  std::optional<double> ewp_log;           ///< ln of the total EWP; none if it is 0
  std::optional<EwpShares> shares;         ///< likewise
  std::optional<ExpectedEwpLog> expected;  ///< none where Eq. 4 does not apply
  std::int64_t samples = 0;                ///< paths that were sampled
  std::uint64_t seed = 0;
  std::vector<QuantileEstimate> quantiles;  ///< of ln EWP
  std::vector<BestPath> top;

  /// ln of the mean EWP over all paths, those of EWP 0 included.
  [[nodiscard]] std::optional<double> mean_ewp_log() const;
};

/// Throws Error(data) naming the tensor if a kept weight is NaN or infinite.
[[nodiscard]] PathReport path_report(const LayeredGraph& graph, const PathOptions& options);

/// The document: schema "phew-graph/paths" 1. `unit_shares` lists each unit's share of the EWP.
[[nodiscard]] nlohmann::ordered_json to_json(const LayeredGraph& graph, const PathReport& report,
                                             const AnalysisSource& source, bool unit_shares);
[[nodiscard]] std::span<const Definition> paths_definitions();

/// A path's units in order, "input[2]", …
[[nodiscard]] std::vector<std::string> unit_names(const LayeredGraph& graph, const BestPath& path);
/// Its parameters in order, fixed edges left out: "features.0.weight[3,1,0,2]", the index that PyTorch and NumPy take;
/// at kernel level the index of the kernel: "features.0.weight[3,1]", "classifier.weight[3,49:98]" of a flattened map.
[[nodiscard]] std::vector<std::string> parameter_names(const LayeredGraph& graph, const BestPath& path,
                                                       PathLevel level);

}  // namespace phew
