// analyze --sweep: the densities at which a method's masks first have stub units, lose a link, and fall apart (paper,
// Sec. 2 and Fig. 1: critical compression).
#pragma once

#include "common/network_options.hpp"
#include "phew-graph/mask_options.hpp"
#include "walks/method.hpp"

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace phew::tools {

/// The options of --sweep.
struct SweepOptions : MethodChoice {
  std::string range;  ///< "HIGH:LOW"; empty: no sweep
  std::int64_t points = 60;
  std::uint64_t seed = 0;  ///< the first
  std::int64_t seeds = 5;
};

/// What a density may be critical for.
enum class Fault { stub, collapse, disconnection };
inline constexpr std::array faults{Fault::stub, Fault::collapse, Fault::disconnection};

/// What one mask of a sweep leaves; structure only.
struct SweepPoint {
  std::int64_t target = 0;  ///< parameters to keep
  std::int64_t kept = 0;
  std::int64_t stub_units = 0;
  std::vector<std::string> collapsed_links;
  bool connected = false;

  [[nodiscard]] bool has(Fault fault) const;
};

/// The masks of one seed, densest first.
struct SeedSweep {
  std::uint64_t seed = 0;
  std::vector<SweepPoint> points;

  /// The first point on the way down that has it.
  [[nodiscard]] std::optional<std::size_t> first(Fault fault) const;
};

/// Median and extremes over seeds of the densities at which something first happens.
struct CriticalDensity {
  std::int64_t seeds_found = 0;                   ///< seeds to which it happens at all
  std::optional<double> median, lowest, highest;  ///< none where that is below the sweep's lowest density
};

/// The numbers of parameters to keep at `points` densities from `high` down to `low`, equal ratios between neighbours;
/// strictly falling, so that small networks have fewer.
[[nodiscard]] std::vector<std::int64_t> sweep_targets(double high, double low, std::int64_t points,
                                                      std::int64_t prunable);

/// What a mask leaves of a network. One build of the edge bits and a sweep each way; `network` is dense.
[[nodiscard]] SweepPoint look_at(const LayeredGraph& network, const Mask& mask, std::int64_t target);

/// Densities by seed, none where it does not happen down to the lowest one: that counts as lower than any.
[[nodiscard]] CriticalDensity summary(std::vector<std::optional<double>> densities);

/// Adds --sweep, --sweep-points, --seed, --seeds, --method and the methods' own options; each needs --sweep, which
/// excludes what `excluded` names. Its footer has the definitions.
void add_sweep_options(CLI::App& app, SweepOptions& options, const std::vector<std::string>& excluded);
/// What --help says of the document.
[[nodiscard]] std::string sweep_definitions_text();

/// Makes and prints the sweep: text, or with --json a document; with `csv` tables beside (see csv.hpp).
void run_sweep(const CLI::App& app, const NetworkOptions& network, const Globals& globals, const SweepOptions& options,
               const std::string& csv);

}  // namespace phew::tools
