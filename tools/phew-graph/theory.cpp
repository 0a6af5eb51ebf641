// phew-graph theory ewp|stubs: the paper's closed forms, beside what is measured.
#include "phew-graph/theory.hpp"

#include "phew-graph/commands.hpp"

namespace phew::tools {

void add_theory(CLI::App& app) {
  CLI::App* command = app.add_subcommand("theory", "The paper's closed forms, beside measurement and simulation");
  command->require_subcommand(1);
  add_theory_ewp(*command);
  add_theory_stubs(*command);
}

}  // namespace phew::tools
