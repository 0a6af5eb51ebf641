// IMP: iterative magnitude pruning with rewinding (Frankle & Carbin 2019; rewinding to step k: Frankle et al. 2020).
#pragma once

#include "graph/mask.hpp"
#include "graph/score.hpp"
#include "train/training_run.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <vector>

namespace phew {

/// How IMP prunes.
struct ImpConfig {
  double fraction = 0.2;    ///< of the weights left, pruned after each training
  std::int64_t rounds = 0;  ///< how often; 0: as often as the density takes
  double density = 0;       ///< after the last pruning; 0: what the rounds leave
  Scope scope = Scope::global;
  std::int64_t rewind_step = 0;  ///< weights go back to those after so many optimizer steps of the first training
};

/// Throws Error(usage), naming the flag, for values out of range or neither rounds nor density.
void check(const ImpConfig& config);

/// Weights kept in each training, falling; the first are all. With a density the last are exactly
/// round(density · prunable); with rounds, too, the ones between fall by equal factors and `fraction` is not read.
[[nodiscard]] std::vector<std::int64_t> imp_targets(std::int64_t prunable, const ImpConfig& config);

/// Keeps the `target` largest of the kept weights (null: all are), over the whole or in each tensor the same share of
/// what it has left; of equal ones those at earlier positions. The new mask lies inside the old one.
/// Throws Error(data) naming the tensor if a weight is not finite.
[[nodiscard]] Mask prune_smallest(std::span<const Parameter> parameters, const Weights& weights, const Mask* kept,
                                  std::int64_t target, Scope scope);

/// Paths in IMP's folder.
struct ImpFiles {
  std::filesystem::path folder;

  [[nodiscard]] std::filesystem::path settings() const { return folder / "imp.toml"; }
  /// The weights that every round but the first starts from.
  [[nodiscard]] std::filesystem::path rewound() const { return folder / "rewind.safetensors"; }
  [[nodiscard]] std::filesystem::path summary() const { return folder / "imp.json"; }
  /// The run folder of a round.
  [[nodiscard]] std::filesystem::path round(std::int64_t number) const {
    return folder / ("round-" + std::to_string(number));
  }
};

/// A training that has finished.
struct ImpRound {
  std::int64_t number = 0;  ///< prunings before it
  const Ticket& ticket;     ///< what was trained: the rewound weights and the mask (none in round 0)
  const RunConfig& config;
  const RunResult& result;
};

struct ImpObserver {
  RunObserver run;                                                                         ///< of each training
  std::function<void(std::int64_t number, std::int64_t rounds, std::int64_t kept)> begin;  ///< before each training
  std::function<void(const ImpRound& round)> round;                                        ///< after each
};

/// Trains the dense ticket, prunes, rewinds and trains again until the last target has been trained. Round r is a run
/// of its own in folder/round-r. Every training has a fresh optimizer; after rewinding, schedule and data order go on
/// from step k. Returns the last training's status: what the observer interrupted goes on with the next call, finished
/// rounds are not run again.
///
/// The weights to rewind to are written to rewind.safetensors; each round reads them there, and their hash is compared
/// with that of the weights that were written: Error(data) unless every bit is the same.
/// Throws Error(usage) if a training has no more than rewind_step steps, Error(config) if the folder holds an IMP of
/// other settings, and what train_ticket throws.
RunStatus run_imp(const Ticket& ticket, const Dataset& data, const ImpConfig& imp, const RunConfig& config,
                  const Machine& machine, const RunPlace& place, const ImpObserver& observer);

}  // namespace phew
