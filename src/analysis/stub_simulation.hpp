// StubSimulation: random pruning of constant-width MLPs by the thousand, to stand beside the closed forms of
// theory.hpp.
#pragma once

#include "analysis/theory.hpp"

#include <cstdint>

namespace phew {

/// What some trials found. Sums of integers: trials may be run in any order, and counts added.
struct StubCounts {
  std::int64_t trials = 0;
  std::int64_t stubs = 0;       ///< stub units, over all trials
  std::int64_t squares = 0;     ///< Σ over trials of (stub units)²
  std::int64_t with_stubs = 0;  ///< trials with at least one stub unit

  StubCounts& operator+=(const StubCounts& other);
};

/// A mean and its standard error.
struct Estimate {
  double mean = 0;
  double error = 0;
};

/// Stub units in a trial: mean and standard error over the trials; error 0 below two trials.
[[nodiscard]] Estimate stub_units_estimate(const StubCounts& counts);
/// Share of trials with a stub unit, k of n. Its error is that of (k + 2)/(n + 4), which does not vanish where k is 0
/// or n (Agresti and Coull 1998).
[[nodiscard]] Estimate any_stub_estimate(const StubCounts& counts);

/// Draws `count` random masks of the MLP, trials first, first + 1, …, and counts their stub units as graph/reach.hpp
/// defines them. Trial t is a pure function of (seed, pruning, t): each link of each trial has its own RandomStream.
/// A parameter's chance to be kept is 1 − pruned rounded to a multiple of 2^-64.
/// O(count · hidden_layers · width²); about 0.4 ns a parameter.
[[nodiscard]] StubCounts simulate_stubs(const RandomPruning& pruning, std::uint64_t seed, std::int64_t first,
                                        std::int64_t count);

}  // namespace phew
