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
          {"train_accuracy", json_of(m.train_accuracy)},
          {"test_loss", m.test_loss},
          {"test_accuracy", json_of(m.test_accuracy)},
          {"images_per_second", m.images_per_second},
          {"learning_rate", m.learning_rate},
          {"seconds", m.seconds}};
}

std::optional<double> optional_of(const nlohmann::ordered_json& json) {
  if (json.is_null()) return std::nullopt;
  return json.get<double>();
}

EpochMetrics epoch_from_json(const nlohmann::ordered_json& json) {
  EpochMetrics m;
  json.at("epoch").get_to(m.epoch);
  json.at("train_loss").get_to(m.train_loss);
  m.train_accuracy = optional_of(json.at("train_accuracy"));
  json.at("test_loss").get_to(m.test_loss);
  m.test_accuracy = optional_of(json.at("test_accuracy"));
  json.at("images_per_second").get_to(m.images_per_second);
  json.at("learning_rate").get_to(m.learning_rate);
  json.at("seconds").get_to(m.seconds);
  return m;
}

}  // namespace phew
