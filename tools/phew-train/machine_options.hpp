// The options that say what to train on; shared by every command that computes with LibTorch.
#pragma once

#include "common/program.hpp"
#include "train/run_config.hpp"

#include <string>

namespace phew::tools {

struct MachineOptions {
  std::string device = "auto";
};

/// --device.
void add_machine_options(CLI::App& command, MachineOptions& options);

/// Settles device and threads, and says on stderr what they are and which BLAS LibTorch uses; warns of a slow one.
[[nodiscard]] Machine set_up_machine(const MachineOptions& options, const Globals& globals);

}  // namespace phew::tools
