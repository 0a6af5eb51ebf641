// Scores of a ticket, as `phew-train score` writes them.
#pragma once

#include "train/score_config.hpp"
#include "train/training_run.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace phew {

/// The first `per_class` training examples of each class in an order drawn from `seed`; all in that order if per_class
/// is 0. A regression whose examples have no classes is one class. O(N).
/// Throws Error(data) naming the first class that has too few.
[[nodiscard]] std::vector<std::int64_t> choose_samples(const Dataset& data, std::int64_t per_class, std::uint64_t seed);

struct TicketScores {
  std::vector<Tensor> scores;  ///< one a prunable parameter under its name, f32 or f64, all finite
  std::int64_t samples = 0;    ///< examples that they are from; 0 without data
  /// Scores were divided by 2^exponent, where the largest was outside [2^-100, 2^100]: whoever reads them as float32
  /// must be able to.
  std::int64_t exponent = 0;
};

/// Scores of the ticket's kept weights by config.method, from the training split of `data` (fitted to the network; null
/// for methods without). Nothing if the observer said stop. The ticket's tensors do not change. On the CPU the same
/// bits for the same ticket, settings and threads. Throws Error(usage) where batches would be split with batch
/// statistics and config does not allow it; Error(data) for too few samples of a class, a gradient that is nowhere, or
/// scores that are not finite; Error(internal) with LibTorch's message for errors of LibTorch.
[[nodiscard]] std::optional<TicketScores> score_ticket(const Ticket& ticket, const Dataset* data,
                                                       const ScoreConfig& config, const Machine& machine,
                                                       const ScoreObserver& observer);

}  // namespace phew
