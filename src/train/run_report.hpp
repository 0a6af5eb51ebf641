// A run as JSON: what --json prints and result.json holds.
#pragma once

#include "train/metrics.hpp"
#include "train/run_config.hpp"
#include "train/run_files.hpp"

#include <nlohmann/json_fwd.hpp>

namespace phew {

/// {schema, run, status, reason, network, mask, density, data, device, threads, versions, hash,
///  epochs[{epoch, train_loss, test_loss, test_accuracy, images_per_second, learning_rate, seconds}], final, best,
///  files{config, metrics, weights}}; final and best are epochs or null.
[[nodiscard]] nlohmann::ordered_json run_report(const RunFiles& files, const RunConfig& config, const Machine& machine,
                                                const RunResult& result);

}  // namespace phew
