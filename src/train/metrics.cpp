#include "train/metrics.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace phew {

std::string_view name_of(RunStatus status) {
  switch (status) {
    case RunStatus::finished:
      return "finished";
    case RunStatus::interrupted:
      return "interrupted";
    case RunStatus::failed:
      return "failed";
  }
  return "";
}

const EpochMetrics* RunResult::best() const {
  const auto best = std::max_element(epochs.begin(), epochs.end(), [](const EpochMetrics& a, const EpochMetrics& b) {
    return a.test_accuracy ? a.test_accuracy < b.test_accuracy : a.test_loss > b.test_loss;
  });
  return best == epochs.end() ? nullptr : &*best;
}

nlohmann::ordered_json json_of(const std::optional<double>& value) {
  return value ? nlohmann::ordered_json(*value) : nlohmann::ordered_json();
}

nlohmann::ordered_json to_json(const EpochMetrics& m) {
  return {{"epoch", m.epoch},
          {"train_loss", m.train_loss},
          {"test_loss", m.test_loss},
          {"test_accuracy", json_of(m.test_accuracy)},
          {"images_per_second", m.images_per_second},
          {"learning_rate", m.learning_rate},
          {"seconds", m.seconds}};
}

}  // namespace phew
