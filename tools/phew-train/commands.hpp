// The commands of phew-train, one source file each.
#pragma once

#include <CLI/CLI.hpp>

namespace phew::tools {

void add_train(CLI::App& app);
void add_evaluate(CLI::App& app);
void add_report(CLI::App& app);
void add_data(CLI::App& app);
void add_imp(CLI::App& app);
void add_score(CLI::App& app);

}  // namespace phew::tools
