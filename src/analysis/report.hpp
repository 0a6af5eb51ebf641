// Report: what the analyses found, as the documents that `--json` prints (schemas in data/schema).
#pragma once

#include "analysis/bottleneck.hpp"
#include "analysis/components.hpp"
#include "analysis/degrees.hpp"
#include "analysis/ewp_share.hpp"
#include "analysis/expected_stubs.hpp"
#include "analysis/flops.hpp"
#include "analysis/forward_read.hpp"
#include "analysis/group_similarity.hpp"
#include "analysis/layer_profile.hpp"
#include "analysis/path_totals.hpp"
#include "analysis/spectrum.hpp"
#include "analysis/theory.hpp"
#include "graph/layered_graph.hpp"

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace phew {

/// Which analyses to run besides the usual ones.
struct AnalysisOptions {
  bool cut = true;                   ///< the minimum hidden cut, which may cost more than the rest
  bool parametric = false;           ///< reach once more, without shortcuts (FixedEdges::copies)
  std::int64_t singular_values = 0;  ///< of each link, the largest; 0: no spectra, which may cost more than the rest
  std::optional<Initializer> initializer{};  ///< of the weights, if they are initial ones
  const ForwardRead* read = nullptr;         ///< what the weights told already; the graph then needs none
};

/// All analyses of one mask of a network. A new analysis is a field here, a key in to_json with its line in
/// analyze_definitions(), and a property in data/schema/analyze.json.
struct Analysis {
  Profile profile;
  PathTotals totals;
  std::optional<LogMoments> log_ewp;           ///< from AnalysisOptions::read
  std::optional<EwpShares> shares;             ///< of the total EWP; none where there is none
  std::optional<ExpectedEwpLog> expected_ewp;  ///< none where Eq. 4 does not apply
  std::optional<HiddenCut> cut;                ///< none if some path has no hidden unit, or not asked for
  std::vector<std::int64_t> stubs, dead;       ///< vertices, ascending
  Flops flops;
  Components components;
  ExpectedStubs expected_stubs;         ///< of random pruning at each tensor's own density
  ExpectedStubs expected_stubs_global;  ///< of random pruning at the density of the whole
  std::vector<LinkDegrees> degrees;     ///< by weighted link, as profile.links
  std::vector<LinkSpectrum> spectra;    ///< likewise; empty unless asked for
  std::optional<Profile> parametric;    ///< without shortcuts; none unless asked for

  /// ln of the mean EWP over all paths; none where totals has none.
  [[nodiscard]] std::optional<double> mean_ewp_log() const;
};

/// `graph` is of `network`.
[[nodiscard]] Analysis analyze(const Network& network, const LayeredGraph& graph, const AnalysisOptions& options = {});

/// One line: what is wrong ("3 stub units; link 4 collapsed; disconnected"), or "healthy: …".
[[nodiscard]] std::string verdict(const Analysis& analysis);
/// One line per link whose kept weights are all 0: no path over it carries anything.
[[nodiscard]] std::vector<std::string> warnings(const Analysis& analysis);

/// Where an analysis' input came from.
struct AnalysisSource {
  std::string network;
  std::optional<std::string> weights;  ///< a file, or "kaiming-normal, seed 0"; none: structure only
  std::optional<std::string> mask;     ///< a file; none: dense
};

/// Which lists a document has besides the counts: names of units, and how many units have which degree.
struct UnitLists {
  bool stub = false, dead = false, cut = false;
  bool degrees = false;
  bool ewp = false;  ///< each unit's share of the EWP
};

/// The document of one mask: schema "phew-graph/analyze" 1.
[[nodiscard]] nlohmann::ordered_json to_json(const LayeredGraph& graph, const Analysis& analysis,
                                             const AnalysisSource& source, const UnitLists& lists = {});
/// Units and their shares of the total EWP, those of share 0 left out: [{unit, ewp_share}].
[[nodiscard]] nlohmann::ordered_json unit_shares_json(const LayeredGraph& graph, const EwpShares& shares);
/// The document of several masks: the first one's keys, and each mask's under `masks`.
[[nodiscard]] nlohmann::ordered_json joined(std::vector<nlohmann::ordered_json> documents);

/// What a key of a document means and where its definition comes from. Help texts print it, and the schema's
/// descriptions are "TEXT [SOURCE]".
struct Definition {
  std::string_view key;  ///< "network.stub_units", "links.effective"
  std::string_view text;
  std::string_view source;  ///< "paper Sec. 2" (Patil and Dovrolis 2021), another publication, or "own"
};
[[nodiscard]] std::span<const Definition> analyze_definitions();
[[nodiscard]] std::span<const Definition> similarity_definitions();

/// One mask of a similarity document.
struct MaskSource {
  std::string file;
  std::int64_t kept = 0;
  double density = 0;
};

/// How the masks of a similarity document were aligned.
struct AlignSource {
  std::string network;
  std::int64_t units = 0;         ///< that may change places
  std::int64_t chance_pairs = 0;  ///< random mask pairs of a chance level
  std::uint64_t seed = 0;         ///< of those
};

/// The similarity document: schema "phew-graph/similarity" 1. `masks` are in the order of compare_groups, the first
/// `a` of them group A; `parameters` are the tensors; `align` says how pairs were aligned, if they were.
[[nodiscard]] nlohmann::ordered_json to_json(const GroupSimilarity& groups, std::span<const Parameter> parameters,
                                             std::span<const MaskSource> masks, std::size_t a,
                                             const std::optional<AlignSource>& align = {});

/// A tensor's name without its ".weight": the name of the op, and of its link, in built-in networks.
[[nodiscard]] std::string link_name(const Parameter& parameter);

}  // namespace phew
