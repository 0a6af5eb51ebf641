// A run as JSON: what --json prints and result.json holds.
#pragma once

#include "train/metrics.hpp"
#include "train/run_config.hpp"
#include "train/run_files.hpp"

#include <nlohmann/json_fwd.hpp>

namespace phew {

/// The document that data/schema/train.json defines.
[[nodiscard]] nlohmann::ordered_json run_report(const RunFiles& files, const RunConfig& config, const Machine& machine,
                                                const RunResult& result);

}  // namespace phew
