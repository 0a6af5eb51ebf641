// A whole run: a ticket is trained in a folder of its own.
#pragma once

#include "graph/mask.hpp"
#include "graph/network.hpp"
#include "train/dataset.hpp"
#include "train/metrics.hpp"
#include "train/run_config.hpp"
#include "train/run_observer.hpp"

#include <filesystem>
#include <optional>
#include <span>
#include <vector>

namespace phew {

/// What is trained, and on what.
struct Ticket {
  Network network;
  std::vector<Tensor> initial;  ///< the tensors of network.state()
  std::optional<Mask> mask;     ///< none: dense
};

/// Fills in what follows from the ticket and the data: hashes and density.
void describe(RunConfig& config, const Ticket& ticket, const Dataset& data);

/// Where a run's files go and how it survives; nothing of it changes the result.
struct RunPlace {
  std::filesystem::path folder;
  bool restart = false;             ///< start over instead of going on with what the folder holds
  double checkpoint_seconds = 300;  ///< between checkpoints; 0: after every step
};

/// Trains a ticket and leaves config.toml, mask.safetensors (if there is a mask), metrics.jsonl, weights.safetensors
/// (the final state in network order, pruned weights exactly zero) and result.json in the folder; see RunFolder for
/// what may be in it before. `data` has been fitted to the network. The same bits for the same settings, machine and
/// threads on the CPU, whether or not the run was interrupted in between.
///
/// A run that the observer stops ends the step and writes a checkpoint; the next call with the same settings goes on
/// from the newest one. A finished run is not run again: its result is read. A loss that is not finite ends the run
/// with Error(data), exit code 65, and its reason in result.json.
/// Throws what RunFolder and AtomicFile throw, and Error(internal) with LibTorch's message for errors of LibTorch.
RunResult train_ticket(const Ticket& ticket, const Dataset& data, const RunConfig& config, const Machine& machine,
                       const RunPlace& place, const RunObserver& observer);

/// Loss and accuracy of a network in a given state over the test split.
[[nodiscard]] Evaluation evaluate_state(const Network& network, std::span<const Tensor> state, const Dataset& data,
                                        const RunConfig& config, const Machine& machine);

}  // namespace phew
