// AnalysisPage: what `phew-graph analyze --html` writes, the analyses of one mask or of several as one HTML page.
#pragma once

#include "analysis/report.hpp"
#include "graph/layered_graph.hpp"

#include <nlohmann/json_fwd.hpp>

#include <span>
#include <string>

namespace phew {

/// One mask's analysis and where it came from.
struct AnalyzedMask {
  LayeredGraph graph;
  Analysis analysis;
  AnalysisSource source;
};

/// What the page draws: the network's structure; of each mask its document (to_json), its verdict, the state of each
/// unit, its edges where they are few and, with weights, a histogram of ln EWP over uniformly sampled paths (seed 0);
/// the expected stub units against density; and with several masks their similarity document. Made for
/// src/analysis/page/analysis.js alone: no schema, may change. `masks` are of one network, at least one.
/// O(units + kept parameters) a mask, with several O(masks² · mask words) more.
[[nodiscard]] nlohmann::ordered_json analysis_page_data(std::span<const AnalyzedMask> masks);

/// The page itself.
[[nodiscard]] std::string analysis_page(std::span<const AnalyzedMask> masks);

/// States of all units, one character each, layer by layer, as the page marks them:
///   p  on a path                             s  stub
///   c  likewise, and in the minimum cut      d  dead
///   t  likewise along shortcuts, yet dead    u  unused input or output
///                                            o  none of these: with kept edges, but on no path
[[nodiscard]] std::vector<std::string> unit_states(const AnalyzedMask& mask);

}  // namespace phew
