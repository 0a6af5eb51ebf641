// phew-train imp NET --density 0.1 --run FOLDER: train, prune the smallest, rewind, repeat.
#include "train/imp.hpp"

#include "analysis/report.hpp"
#include "common/table.hpp"
#include "graph/io/atomic_file.hpp"
#include "phew-train/commands.hpp"
#include "phew-train/machine_options.hpp"
#include "phew-train/run_display.hpp"
#include "phew-train/stop_signal.hpp"
#include "phew-train/ticket_options.hpp"
#include "phew-train/training_options.hpp"
#include "train/precision.hpp"
#include "train/run_files.hpp"
#include "train/state_file.hpp"

#include <memory>

namespace phew::tools {
namespace {

struct Options : TicketOptions, DataOptions, TrainingOptions, MachineOptions, Globals {
  ImpConfig imp;
  std::string scope = "global";
};

void add_imp_options(CLI::App& command, Options& o) {
  command
      .add_option("--density", o.imp.density,
                  "Density that the last round has exactly; without it --rounds says when to end")
      ->check(density_check());
  command
      .add_option("--rounds", o.imp.rounds,
                  "Times to prune; without it as often as --density takes. With --density the rounds between prune by "
                  "equal factors")
      ->check(count_check(1));
  command.add_option("--fraction", o.imp.fraction, "Share of the weights left that each pruning takes away")
      ->capture_default_str();
  command
      .add_option("--scope", o.scope,
                  "global: the smallest weights of all; layer: each layer loses the same share of its own")
      ->check(CLI::IsMember({"global", "layer"}))
      ->capture_default_str();
  command
      .add_option("--rewind-step", o.imp.rewind_step,
                  "Go back to the weights after so many steps of the first training; 0: to the initial ones")
      ->check(count_check(0))
      ->capture_default_str();
}

void refuse_contradictions(const CLI::App& app) {
  const auto given = [&](const char* flag) { return app.get_option(flag)->count() > 0; };
  if (given("--fraction") && given("--rounds") && given("--density"))
    fail(ExitCode::usage, "--fraction: found beside --rounds and --density, expected at most two of the three");
}

/// What an IMP has come to: the document imp.json and the table.
class Summary {
 public:
  Summary(const Options& o, const Network& network, std::string weights)
      : files_{o.place.folder}, network_(network), graph_(network), weights_(std::move(weights)) {
    document_ = {{"schema", {{"name", "phew-train/imp"}, {"version", 1}}},
                 {"run", files_.folder.string()},
                 {"status", name_of(RunStatus::interrupted)},
                 {"network", o.net},
                 {"prunable", network.prunable()},
                 {"data", o.config.data},
                 {"scope", o.scope},
                 {"rewind", {{"step", o.imp.rewind_step}, {"weights", files_.rewound().string()}}},
                 {"rounds", Json::array()}};
  }

  /// Analyses a round's ticket, writes its report and the summary so far; returns the table's row.
  std::vector<std::string> add(const ImpRound& round) {
    const RunFiles run{files_.round(round.number)};
    LayeredGraph graph = graph_.weighted(prunable_of(network_, round.ticket.initial));
    AnalysisSource source{network_.name(), weights_, std::nullopt};
    if (round.number > 0) source.weights = files_.rewound().string();
    if (round.ticket.mask) {
      graph = graph.masked(*round.ticket.mask);
      source.mask = run.mask().string();
    }
    const Analysis analysis = analyze(network_, graph);
    const auto report = run.folder / "analysis.json";
    write_file(report, to_json(graph, analysis, source).dump(2) + '\n');
    document_["rounds"].push_back(entry(round, run, analysis, report.string()));
    write(RunStatus::interrupted);
    return row(round, analysis.profile.network);
  }

  void write(RunStatus status) {
    document_["status"] = name_of(status);
    write_file(files_.summary(), document_.dump(2) + '\n');
  }
  [[nodiscard]] const Json& document() const { return document_; }

 private:
  static Json entry(const ImpRound& round, const RunFiles& run, const Analysis& analysis, const std::string& report) {
    const NetworkProfile& n = analysis.profile.network;
    const auto epoch = [](const EpochMetrics* metrics) { return metrics ? to_json(*metrics) : Json(); };
    return {{"round", round.number},
            {"kept", n.counts.kept},
            {"density", n.counts.density()},
            {"final", epoch(round.result.last())},
            {"best", epoch(round.result.best())},
            {"stub_units", n.stub_units},
            {"dead_units", n.dead_units},
            {"effective", n.counts.effective},
            {"effective_density", n.counts.effective_density()},
            {"collapsed_links", n.collapsed_links.size()},
            {"connected", n.connected},
            {"files",
             {{"run", run.folder.string()},
              {"mask", round.ticket.mask ? Json(run.mask().string()) : Json()},
              {"weights", run.weights().string()},
              {"analysis", report}}}};
  }
  static std::vector<std::string> row(const ImpRound& round, const NetworkProfile& n) {
    const auto figure = [](const EpochMetrics* metrics) { return metrics ? figure_of(*metrics) : "-"; };
    return {std::to_string(round.number), std::to_string(n.counts.kept),        decimal(n.counts.density()),
            figure(round.result.last()),  figure(round.result.best()),          std::to_string(n.stub_units),
            std::to_string(n.dead_units), decimal(n.counts.effective_density())};
  }

  ImpFiles files_;
  const Network& network_;
  LayeredGraph graph_;
  std::string weights_;
  Json document_;
};

void run(const CLI::App& app, Options o) {
  refuse_contradictions(app);
  o.imp.scope = o.scope == "global" ? Scope::global : Scope::per_layer;
  check(o.imp);
  settle(o);
  const StopSignal signal;
  const Machine machine = set_up_machine(o, o);
  allow_tf32(parse_precision(o.config.precision, machine.device) == Precision::tf32);
  const Ticket ticket = load_ticket(o, o);
  const Dataset data = load_data_for(o, o, o, ticket.network);
  name_inputs(o.config, o, o);

  RunBar bar(o.quiet);
  Summary summary(o, ticket.network, source_of(o));
  Table table({"round", "kept", "density", "final", "best", "stub", "dead", "eff. density"});
  ImpObserver observer;
  observer.run = observe(o, bar, signal);
  observer.begin = [&](std::int64_t number, std::int64_t rounds, std::int64_t kept) {
    o.notice(fmt::format("round {} of {}: {} weights", number, rounds, kept));
  };
  observer.round = [&](const ImpRound& round) { table.add(summary.add(round)); };
  const RunStatus status = run_imp(ticket, data, o.imp, o.config, machine, o.place, observer);
  bar.clear();
  if (status == RunStatus::interrupted) {
    o.notice(fmt::format("{}: interrupted; the same command goes on", o.place.folder.string()));
    throw ExitWith{static_cast<ExitCode>(signal.exit_code())};
  }
  summary.write(status);
  o.json ? print_json(summary.document()) : fmt::print("\n{}", table.text());
}

}  // namespace

void add_imp(CLI::App& app) {
  CLI::App* command = app.add_subcommand(
      "imp", "Iterative magnitude pruning: train, prune the smallest weights, rewind the others, repeat");
  const auto options = std::make_shared<Options>();
  add_ticket_options(*command, *options);
  add_imp_options(*command, *options);
  add_data_options(*command, *options);
  add_training_options(*command, *options);
  add_place_options(*command, options->place);
  add_machine_options(*command, *options);
  add_globals(*command, *options);
  command->footer(
      "Round 0 trains the dense network, round r what r prunings left, each with a fresh optimizer and on the same\n"
      "schedule; after rewinding to step k schedule and data order go on from step k [Frankle and Carbin 2019;\n"
      "rewinding: Frankle et al. 2020]. A ticket is round-r/mask.safetensors with rewind.safetensors.\n"
      "The folder gets imp.toml, rewind.safetensors, imp.json and round-0, round-1, ...: run folders, as train leaves\n"
      "them, each with analysis.json, what phew-graph analyze says of its ticket. The same command goes on where an\n"
      "interrupted one stopped.\n"
      "Example: phew-train imp lenet-300-100 --density 0.1 --epochs 5 --run runs/imp");
  command->callback([=] { run(*command, *options); });
}

}  // namespace phew::tools
