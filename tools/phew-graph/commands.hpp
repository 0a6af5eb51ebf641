// The commands of phew-graph, one source file each.
#pragma once

#include <CLI/CLI.hpp>

namespace phew::tools {

void add_describe(CLI::App& app);
void add_init(CLI::App& app);
void add_mask(CLI::App& app);
void add_analyze(CLI::App& app);
void add_paths(CLI::App& app);
void add_similarity(CLI::App& app);
void add_convert(CLI::App& app);
void add_theory(CLI::App& app);

}  // namespace phew::tools
