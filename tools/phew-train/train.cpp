// phew-train train NET: trains a ticket and leaves a run folder.
#include "phew-train/commands.hpp"
#include "phew-train/machine_options.hpp"
#include "phew-train/run_display.hpp"
#include "phew-train/stop_signal.hpp"
#include "phew-train/ticket_options.hpp"
#include "phew-train/training_options.hpp"
#include "train/precision.hpp"
#include "train/run_report.hpp"

#include <memory>

namespace phew::tools {
namespace {

struct Options : TicketOptions, DataOptions, TrainingOptions, MachineOptions, Globals {};

void print_end(const RunResult& result, const RunFiles& files) {
  if (const EpochMetrics* best = result.best())
    fmt::print("\n{} {}, best {} in epoch {}; {}\n", best->test_accuracy ? "final" : "final loss",
               figure_of(*result.last()), figure_of(*best), best->epoch, files.weights().string());
}

void train(Options o) {
  settle(o);
  const StopSignal signal;
  const Machine machine = set_up_machine(o, o);
  allow_tf32(parse_precision(o.config.precision, machine.device) == Precision::tf32);
  const Ticket ticket = load_ticket(o, o);
  const Dataset data = load_data_for(o, o, o, ticket.network);
  name_inputs(o.config, o, o);
  describe(o.config, ticket, data);

  RunBar bar(o.quiet);
  const RunResult result = train_ticket(ticket, data, o.config, machine, o.place, observe(o, bar, signal));
  bar.clear();
  const RunFiles files{o.place.folder};
  if (o.json) print_json(run_report(files, o.config, machine, result));
  if (result.status == RunStatus::interrupted) {
    o.notice(fmt::format("{}: interrupted after {} epochs; the same command goes on", o.place.folder.string(),
                         result.epochs.size()));
    throw ExitWith{static_cast<ExitCode>(signal.exit_code())};
  }
  if (!o.json) print_end(result, files);
}

}  // namespace

void add_train(CLI::App& app) {
  CLI::App* command = app.add_subcommand("train", "Train a network, or the subnetwork that a mask leaves of it");
  const auto options = std::make_shared<Options>();
  add_ticket_options(*command, *options);
  add_mask_options(*command, *options);
  add_data_options(*command, *options);
  add_training_options(*command, *options);
  add_place_options(*command, options->place);
  add_machine_options(*command, *options);
  add_globals(*command, *options);
  command->footer(
      "The run folder gets config.toml, mask.safetensors, metrics.jsonl (a line an epoch), weights.safetensors and\n"
      "result.json. The same command in the folder of an interrupted run goes on from its last checkpoint, on the CPU\n"
      "with the same bits as without the interruption; a finished run is not run again.\n"
      "On the CPU the same settings, threads and libraries give the same bits.\n"
      "A loss that is not finite ends the run with exit code 65. Ctrl-C ends it with 130, SIGTERM with 143.\n"
      "Example: phew-train train lenet-300-100 --mask ticket.safetensors --epochs 5 --run runs/phew");
  command->callback([options] { train(*options); });
}

}  // namespace phew::tools
