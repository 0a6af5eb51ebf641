// MeasuredEwp: the mean edge-weight product of real walks, to stand beside analysis/theory.hpp's expectation.
#pragma once

#include "graph/initializer.hpp"
#include "graph/network.hpp"
#include "walks/walk.hpp"

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace phew::tools {

struct EwpMeasurement {
  std::int64_t inits = 200;   ///< initialisations, at least 2
  std::int64_t walks = 1000;  ///< of each, at least 1; every other one is reverse
  std::uint64_t seed = 0;
  int threads = 1;
  std::function<void()> progress;  ///< called after each initialisation, by one thread at a time
};

/// Mean over initialisations of the mean edge-weight product of an initialisation's walks.
struct MeasuredEwp {
  double mean = 0;
  double error = 0;  ///< standard error: over initialisations, since walks on the same weights are not independent
};

/// One result for each bias, of walks of parameters (phew::Walker) on the same weights. Initialisation i draws weights
/// and walks from a seed of its own, which is a function of (seed, number of weighted layers, i): not of threads, nor
/// of other networks that are measured.
[[nodiscard]] std::vector<MeasuredEwp> measure_ewp(const Network& network, const Initializer& initializer,
                                                   std::span<const Bias> biases, const EwpMeasurement& options);

}  // namespace phew::tools
