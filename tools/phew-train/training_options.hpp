// The options that say how to train and where a run goes; shared by the commands that train.
#pragma once

#include "common/program.hpp"
#include "phew-train/data_options.hpp"
#include "phew-train/ticket_options.hpp"
#include "train/training_run.hpp"

#include <optional>
#include <string>

namespace phew::tools {

struct TrainingOptions {
  RunConfig config;
  std::optional<double> lr;
  std::optional<std::string> loss;
  RunPlace place;
};

/// --epochs, --batch-size, --optimizer, … and --seed.
void add_training_options(CLI::App& command, TrainingOptions& options);
/// --run, --restart, --checkpoint-seconds.
void add_place_options(CLI::App& command, RunPlace& place);

/// Fills in what follows from the optimizer; throws Error(usage) for what is out of range.
void settle(TrainingOptions& options);
/// The data set, fitted to the network. The loss is then settled, too. Throws what check_settings and fit_to throw.
[[nodiscard]] Dataset load_data_for(const DataOptions& data, TrainingOptions& options, const Globals& globals,
                                    const Network& network);
/// Writes down how the user named network, weights, mask and data.
void name_inputs(RunConfig& config, const TicketOptions& ticket, const DataOptions& data);

}  // namespace phew::tools
