// phew-train report RUN…: what runs learned, as a table and as a page of curves.
#include "analysis/html_page.hpp"
#include "common/program.hpp"
#include "graph/io/atomic_file.hpp"
#include "phew-train/commands.hpp"
#include "train/run_report.hpp"

#include <algorithm>
#include <memory>

namespace phew::tools {
namespace {

namespace fs = std::filesystem;

struct Options : Globals {
  std::vector<std::string> runs;
  std::string html;
};

/// The run in a folder, or the runs in its folders, by name.
std::vector<fs::path> run_folders(const fs::path& folder) {
  if (fs::exists(RunFiles{folder}.config())) return {folder};
  std::vector<fs::path> found;
  if (fs::is_directory(folder))
    for (const auto& entry : fs::directory_iterator(folder))
      if (fs::exists(RunFiles{entry.path()}.config())) found.push_back(entry.path());
  if (found.empty())
    fail(ExitCode::no_input, "{}: found no config.toml, expected a run's folder or one of runs", folder.string());
  std::ranges::sort(found);
  return found;
}

/// The test accuracy, or the loss of a regression.
std::string figure(const EpochMetrics* epoch) {
  if (!epoch) return "-";
  return epoch->test_accuracy ? fmt::format("{:.2f} %", 100 * *epoch->test_accuracy)
                              : fmt::format("{:.4g}", epoch->test_loss);
}

void print_table(const std::vector<RecordedRun>& runs) {
  fmt::print("{:<34} {:>8} {:>6} {:>9} {:>9} {:>6}  {}\n", "run", "density", "epochs", "final", "best", "epoch",
             "status");
  for (const RecordedRun& run : runs) {
    const EpochMetrics* best = run.result.best();
    fmt::print("{:<34} {:>8.4g} {:>6} {:>9} {:>9} {:>6}  {}\n", run.files.folder.string(), run.config.density,
               run.result.epochs.size(), figure(run.result.last()), figure(best), best ? best->epoch : 0,
               name_of(run.result.status));
  }
}

void report(const Options& o) {
  std::vector<RecordedRun> runs;
  for (const std::string& name : o.runs)
    for (const fs::path& folder : run_folders(name)) runs.push_back(read_run(folder));
  Json documents = Json::array();
  for (const RecordedRun& run : runs) documents.push_back(run_report(run.files, run.config, run.machine, run.result));
  if (!o.html.empty()) {
    Json data{{"title", runs.size() == 1 ? runs.front().files.folder.string() : "Training runs"},
              {"runs", Json::array()}};
    for (std::size_t i = 0; i < runs.size(); ++i)
      data["runs"].push_back({{"name", runs[i].files.folder.string()}, {"document", documents[i]}});
    const PageFile scripts[] = {page_files::runs_js};
    write_file(o.html, html_page(data["title"].get<std::string>(), data, scripts));
    o.notice(fmt::format("page: {}", o.html));
  }
  if (o.json)
    print_json({{"schema", {{"name", "phew-train/report"}, {"version", 1}}}, {"runs", std::move(documents)}});
  else
    print_table(runs);
}

}  // namespace

void add_report(CLI::App& app) {
  CLI::App* command = app.add_subcommand("report", "What runs learned: a table, and a page with their curves");
  const auto options = std::make_shared<Options>();
  command->add_option("RUN", options->runs, "Folders of runs, or folders that hold such")->required();
  command->add_option("--html", options->html,
                      "Write the curves as one self-contained page: accuracy, error, losses, learning rate, speed");
  add_globals(*command, *options);
  command->footer("Runs may be finished or not. Example: phew-train report runs/phew runs/random --html runs.html");
  command->callback([options] { report(*options); });
}

}  // namespace phew::tools
