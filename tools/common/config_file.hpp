// --config FILE: options from a TOML file, as if they stood on the command line.
#pragma once

#include <CLI/CLI.hpp>

#include <string>
#include <vector>

namespace phew::tools {

/// The arguments (without the program's name) with `--config FILE` replaced by the options that the file holds: keys
/// are long option names without dashes (`density = 0.05`, `quiet = true`), `net` is NET, a table named as the command
/// holds options of that command only. What stands on the command line wins. Throws CLI::FileError or CLI::ConfigError.
[[nodiscard]] std::vector<std::string> expand_config(const CLI::App& app, std::vector<std::string> arguments);

}  // namespace phew::tools
