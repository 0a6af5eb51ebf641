// RunObserver: how a run tells what it does. Nothing in src/train prints.
#pragma once

#include "graph/weights.hpp"
#include "train/metrics.hpp"

#include <cstdint>
#include <functional>

namespace phew {

/// How far a run is.
struct RunProgress {
  std::int64_t epoch = 0, epochs = 0;  ///< the current one, from 1, and how many
  std::int64_t images = 0;             ///< trained on in this epoch
  std::int64_t images_per_epoch = 0;
  double train_loss = 0;  ///< mean so far in this epoch
};

/// Each may be empty.
struct RunObserver {
  Notice notice;                                     ///< one line for the user
  std::function<void(const RunProgress&)> progress;  ///< every few steps
  std::function<void(const EpochMetrics&)> epoch;    ///< after every epoch
  std::function<bool()> stop;                        ///< asked after every step; true ends the run
};

}  // namespace phew
