// phew-graph: from a network to its layered graph, its subnetworks and what they are worth.
#include "common/program.hpp"
#include "common/version.hpp"
#include "phew-graph/commands.hpp"

int main(int argc, char** argv) {
  CLI::App app{"Networks as layered graphs: subnetworks by walks and scores, and what they are worth.", "phew-graph"};
  app.set_version_flag("--version", phew::tools::version_text("phew-graph"));
  app.require_subcommand(1);
  phew::tools::add_describe(app);
  phew::tools::add_init(app);
  phew::tools::add_mask(app);
  phew::tools::add_analyze(app);
  phew::tools::add_paths(app);
  phew::tools::add_similarity(app);
  phew::tools::add_theory(app);
  phew::tools::add_convert(app);
  return phew::tools::run_program(argc, argv, app);
}
