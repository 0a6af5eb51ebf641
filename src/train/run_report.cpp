#include "train/run_report.hpp"

#include <nlohmann/json.hpp>

namespace phew {

using Json = nlohmann::ordered_json;

Json run_report(const RunFiles& files, const RunConfig& config, const Machine& machine, const RunResult& result) {
  const auto epoch = [](const EpochMetrics* metrics) { return metrics ? to_json(*metrics) : Json(); };
  Json epochs = Json::array();
  for (const EpochMetrics& metrics : result.epochs) epochs.push_back(to_json(metrics));
  const bool finished = result.status == RunStatus::finished;
  return {{"schema", {{"name", "phew-train/train"}, {"version", 1}}},
          {"run", files.folder.string()},
          {"status", name_of(result.status)},
          {"reason", result.reason.empty() ? Json() : Json(result.reason)},
          {"network", config.network},
          {"mask", config.mask_hash == "none" ? Json() : Json(config.mask)},
          {"density", config.density},
          {"data", config.data},
          {"device", machine.device},
          {"threads", machine.threads},
          {"versions", machine.versions},
          {"hash", hash_of(config)},
          {"epochs", std::move(epochs)},
          {"final", epoch(result.last())},
          {"best", epoch(result.best())},
          {"files",
           {{"config", files.config().string()},
            {"metrics", files.metrics().string()},
            {"weights", finished ? Json(files.weights().string()) : Json()}}}};
}

}  // namespace phew
