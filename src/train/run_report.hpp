// A run as JSON: what --json prints and result.json holds.
#pragma once

#include "train/metrics.hpp"
#include "train/run_config.hpp"
#include "train/run_files.hpp"

#include <nlohmann/json_fwd.hpp>

namespace phew {

/// A run as its folder tells of it, finished or not.
struct RecordedRun {
  RunFiles files;
  RunConfig config;
  Machine machine;
  RunResult result;  ///< its status is `finished` if there are weights; without result.json, `interrupted`
};
/// Throws Error(no_input) if the folder has no config.toml, Error(data) naming file and line for one that is not ours.
[[nodiscard]] RecordedRun read_run(const std::filesystem::path& folder);

/// The document that data/schema/train.json defines.
[[nodiscard]] nlohmann::ordered_json run_report(const RunFiles& files, const RunConfig& config, const Machine& machine,
                                                const RunResult& result);

}  // namespace phew
