// LayerProfile: what a mask leaves of a network, layer by layer, link by link and as a whole.
#pragma once

#include "graph/kept_parameters.hpp"
#include "graph/layered_graph.hpp"
#include "graph/reach.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace phew {

/// One layer. Stub and dead units are as in graph/reach.hpp (paper, Sec. 2 and A.1); inputs,
/// outputs and copies are never either.
struct LayerProfile {
  std::string name;
  std::int64_t units = 0;
  std::int64_t stub_units = 0;
  std::int64_t dead_units = 0;
  std::int64_t units_on_path = 0;  ///< of any kind
  bool input = false, output = false;
  bool copy = false;  ///< Concat, Split, shuffle: its units are not counted as hidden
};

/// Numbers of parameters, of a link or of the network.
struct ParameterCounts {
  std::int64_t prunable = 0;
  std::int64_t kept = 0;
  std::int64_t effective = 0;  ///< kept and on at least one input–output path

  /// Shares of the prunable parameters, 0 … 1; 0 if there are none.
  [[nodiscard]] double density() const { return share(kept); }
  [[nodiscard]] double effective_density() const { return share(effective); }

 private:
  [[nodiscard]] double share(std::int64_t n) const {
    return prunable == 0 ? 0.0 : static_cast<double>(n) / static_cast<double>(prunable);
  }
};

/// One weighted link. Links that share a tensor each show the tensor's counts.
struct LinkProfile {
  std::string name;       ///< the weighted op's
  std::string parameter;  ///< the tensor's
  ParameterCounts counts;
  std::optional<std::int64_t> zero_weights;  ///< kept parameters whose weight is 0; none without weights
};

/// The network as a whole.
struct NetworkProfile {
  ParameterCounts counts;  ///< a tied tensor counts once
  std::int64_t stub_units = 0;
  std::int64_t dead_units = 0;
  std::int64_t unused_inputs = 0;            ///< input units that no kept edge leaves
  std::int64_t unused_outputs = 0;           ///< output units that no kept edge enters
  std::vector<std::string> collapsed_links;  ///< links without a kept parameter (layer collapse)
  bool connected = false;                    ///< there is an input–output path
};

struct Profile {
  NetworkProfile network;
  std::vector<LayerProfile> layers;  ///< all, in topological order
  std::vector<LinkProfile> links;    ///< weighted links in the graph's order
};

/// Weights are read for zero_weights only. O(units + mask words + kept parameters).
/// `kept`: KeptParameters::of(graph), which saves time, or null.
[[nodiscard]] Profile profile(const LayeredGraph& graph, const Reach& reach, const KeptParameters* kept = nullptr);

/// The vertices of all stub (dead) units, ascending.
[[nodiscard]] std::vector<std::int64_t> stub_units(const LayeredGraph& graph, const Reach& reach);
[[nodiscard]] std::vector<std::int64_t> dead_units(const LayeredGraph& graph, const Reach& reach);

}  // namespace phew
