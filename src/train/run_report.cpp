#include "train/run_report.hpp"

#include "graph/error.hpp"

#include <nlohmann/json.hpp>

#include <fstream>

namespace phew {

using Json = nlohmann::ordered_json;

RecordedRun read_run(const std::filesystem::path& folder) {
  RecordedRun run{.files = {folder}, .config = {}, .machine = {}, .result = {}};
  run.config = read_run_config(run.files.config());
  run.machine = read_machine(run.files.config());
  run.result.epochs = read_metrics(run.files);
  run.result.status = RunStatus::interrupted;
  if (std::ifstream file(run.files.result()); file) {
    const Json report = Json::parse(file, nullptr, /*allow_exceptions=*/false);
    if (!report.is_object() || !report.contains("status") || !report.contains("initial_gradient_norm"))
      fail(ExitCode::data, "{}: found no result of a run", run.files.result().string());
    if (report["status"] == name_of(RunStatus::failed)) run.result.status = RunStatus::failed;
    if (report["reason"].is_string()) run.result.reason = report["reason"];
    if (report["initial_gradient_norm"].is_number()) run.result.initial_gradient_norm = report["initial_gradient_norm"];
  }
  if (std::filesystem::exists(run.files.weights())) run.result.status = RunStatus::finished;
  return run;
}

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
          {"initial_gradient_norm", result.initial_gradient_norm ? Json(*result.initial_gradient_norm) : Json()},
          {"epochs", std::move(epochs)},
          {"final", epoch(result.last())},
          {"best", epoch(result.best())},
          {"files",
           {{"config", files.config().string()},
            {"metrics", files.metrics().string()},
            {"weights", finished ? Json(files.weights().string()) : Json()}}}};
}

}  // namespace phew
