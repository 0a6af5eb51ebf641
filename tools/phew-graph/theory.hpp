// The subcommands of phew-graph theory, one source file each.
#pragma once

#include <CLI/CLI.hpp>

namespace phew::tools {

void add_theory_ewp(CLI::App& theory);
void add_theory_stubs(CLI::App& theory);

}  // namespace phew::tools
