// Checkpoint: all that a run needs to go on as if it had never stopped.
//
// What a step does is a function of the settings, the weights and buffers, the optimizer's moments, and the step's
// place: data order, augmentation and dropout draw from counter-based streams of (seed, epoch, batch), and the schedule
// is a function of epoch and step. So no generator has a state to keep.
#pragma once

#include "graph/tensor.hpp"
#include "graph/weights.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace phew {

/// The next step of a run, and what the epoch's steps before it have added up to.
struct Position {
  std::int64_t epoch = 1;  ///< from 1
  std::int64_t batch = 0;  ///< from 0, within the epoch
  double loss_sum = 0;     ///< over the epoch's examples so far
  std::int64_t right = 0;  ///< of them, those whose class was right
};

struct Checkpoint {
  Position position;
  std::int64_t optimizer_steps = 0;
  double initial_gradient_norm = 0;  ///< what the run measured before its first step
  std::vector<Tensor> state;         ///< the module's tensors
  std::vector<Tensor> moments;       ///< the optimizer's
};

/// A run's checkpoints: files checkpoint-STEPS.safetensors in its folder, the two newest.
class CheckpointFiles {
 public:
  /// `run_hash` names the run's settings; a checkpoint of other settings is not taken.
  CheckpointFiles(std::filesystem::path folder, std::string run_hash);

  /// Written beside, synced, renamed; then all but the two newest go. Throws what AtomicFile throws.
  void write(const Checkpoint& checkpoint) const;
  /// The newest that is whole: one that is damaged (its content is hashed) is passed over with a notice.
  [[nodiscard]] std::optional<Checkpoint> newest(const Notice& notice) const;
  void remove_all() const;

 private:
  /// Newest first.
  [[nodiscard]] std::vector<std::filesystem::path> files() const;
  [[nodiscard]] Checkpoint read(const std::filesystem::path& path) const;

  std::filesystem::path folder_;
  std::string run_hash_;
};

}  // namespace phew
