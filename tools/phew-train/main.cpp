// phew-train: what a ticket learns.
#include "common/program.hpp"
#include "common/version.hpp"
#include "phew-train/commands.hpp"
#include "train/backend.hpp"
#include "train/process.hpp"

int main(int argc, char** argv) {
  phew::prepare_process(argv);
  CLI::App app{"Trains networks and the subnetworks that masks leave of them, with LibTorch.", "phew-train"};
  app.set_version_flag("--version",
                       [] { return phew::tools::version_text("phew-train") + '\n' + phew::backend_versions(); });
  app.require_subcommand(1);
  phew::tools::add_train(app);
  phew::tools::add_evaluate(app);
  phew::tools::add_report(app);
  phew::tools::add_data(app);
  phew::tools::add_imp(app);
  phew::tools::add_score(app);
  return phew::tools::run_program(argc, argv, app);
}
