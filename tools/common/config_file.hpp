// --config FILE: options from a TOML file, as if they stood on the command line.
#pragma once

#include <CLI/CLI.hpp>

#include <string>
#include <vector>

namespace phew::tools {

/// The arguments (without the program's name) with `--config FILE` replaced by the options that the file holds: keys
/// are long option names without dashes (`density = 0.05`, `quiet = true`), `net` is NET; a table named as a command
/// ([mask], [theory.ewp]) holds options of that command alone and wins over the rest. What stands on the command line
/// wins over all; NET must then be the first word behind the command. Throws Error: no_input without the file, data if
/// it is no TOML, usage for an unknown key or table.
[[nodiscard]] std::vector<std::string> expand_config(const CLI::App& app, std::vector<std::string> arguments);

}  // namespace phew::tools
