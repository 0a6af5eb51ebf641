// What a run measures, and its JSON.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace phew {

/// One epoch. Losses are means over examples; the training loss is that seen while training, the weights changing.
struct EpochMetrics {
  std::int64_t epoch = 0;  ///< from 1
  double train_loss = 0;
  std::optional<double> train_accuracy;  ///< likewise seen while training; 1 − it is the training error
  double test_loss = 0;
  std::optional<double> test_accuracy;  ///< share of test examples whose class is right, 0 … 1; none for a regression
  double images_per_second = 0;         ///< training only, without the test pass
  double learning_rate = 0;
  double seconds = 0;  ///< with the test pass
};

/// Mean loss over a split, and the share of its examples whose class is right; none for a regression.
struct Evaluation {
  double loss = 0;
  std::optional<double> accuracy;
};

enum class RunStatus { finished, interrupted, failed };
[[nodiscard]] std::string_view name_of(RunStatus status);

/// How a run went.
struct RunResult {
  RunStatus status = RunStatus::finished;
  std::string reason;  ///< why it failed; else ""
  /// L2 norm of the loss' gradient over the kept prunable weights, before the first step (see Trainer::gradient_norm).
  std::optional<double> initial_gradient_norm;
  std::vector<EpochMetrics> epochs;

  /// The epoch of the highest test accuracy, or of the lowest test loss where there is no accuracy (the first of
  /// equals); nullptr without epochs.
  [[nodiscard]] const EpochMetrics* best() const;
  [[nodiscard]] const EpochMetrics* last() const { return epochs.empty() ? nullptr : &epochs.back(); }
};

/// The number, or null.
[[nodiscard]] nlohmann::ordered_json json_of(const std::optional<double>& value);
[[nodiscard]] std::optional<double> optional_of(const nlohmann::ordered_json& json);

/// {epoch, train_loss, train_accuracy, test_loss, test_accuracy, images_per_second, learning_rate, seconds}
[[nodiscard]] nlohmann::ordered_json to_json(const EpochMetrics& metrics);
/// Back from to_json: the same numbers. Throws nlohmann::json::exception if a key is missing.
[[nodiscard]] EpochMetrics epoch_from_json(const nlohmann::ordered_json& json);

}  // namespace phew
