#include "train/imp.hpp"

#include "graph/error.hpp"
#include "graph/io/atomic_file.hpp"
#include "graph/io/mask_file.hpp"
#include "graph/io/weights_file.hpp"
#include "graph/pruning_schedule.hpp"
#include "graph/version.hpp"
#include "train/checkpoint.hpp"
#include "train/data_order.hpp"
#include "train/run_files.hpp"
#include "train/state_file.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>

namespace phew {
namespace {

namespace fs = std::filesystem;

std::string settings_text(const ImpConfig& imp) {
  return fmt::format(
      "# Written by phew-train imp. A rerun in this folder must have the same settings.\n"
      "fraction = {}\nrounds = {}\ndensity = {}\nscope = \"{}\"\nrewind_step = {}\n",
      imp.fraction, imp.rounds, imp.density, imp.scope == Scope::global ? "global" : "layer", imp.rewind_step);
}

/// Lines of `text` that `other` does not have.
std::vector<std::string> lines_missing(const std::string& text, const std::string& other) {
  std::vector<std::string> out;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);)
    if (other.find(line + '\n') == std::string::npos) out.push_back(line);
  return out;
}

/// Takes the folder: new, or of an IMP of these settings.
void take_folder(const ImpFiles& files, const ImpConfig& imp, bool restart) {
  const std::string settings = settings_text(imp);
  std::error_code error;
  fs::create_directory(files.folder, error);
  if (error || !fs::is_directory(files.folder))
    fail(ExitCode::cant_create, "{}: cannot create the folder{}; its parent must exist and be writable",
         files.folder.string(), error ? ": " + error.message() : "");
  if (fs::exists(files.settings()) && !restart) {
    std::ifstream file(files.settings());
    const std::string found{std::istreambuf_iterator<char>(file), {}};
    if (found == settings) return;
    fail(ExitCode::config, "{}: found {}, expected {}; use another --run or remove the folder", files.folder.string(),
         fmt::join(lines_missing(found, settings), "; "), fmt::join(lines_missing(settings, found), "; "));
  }
  if (!fs::exists(files.settings()) && !fs::is_empty(files.folder))
    fail(ExitCode::config, "{}: found files but no imp.toml, expected an empty folder or an IMP; use another --run",
         files.folder.string());
  for (const fs::path& stale : {files.rewound(), files.summary()}) fs::remove(stale);
  for (std::int64_t round = 0; fs::exists(files.round(round)); ++round) fs::remove_all(files.round(round));
  write_file(files.settings(), settings);
}

/// The training under way.
struct Training {
  const Dataset& data;
  const Machine& machine;
  RunPlace place;
  RunConfig config;
  RunObserver observer;
};

/// The state after `step` steps of a training that is then interrupted there; none if the user stopped it before.
std::optional<std::vector<Tensor>> state_after(std::int64_t step, const Ticket& ticket, const Training& training) {
  const CheckpointFiles checkpoints(training.place.folder, hash_of(training.config));
  const Notice notice = training.observer.notice ? training.observer.notice : [](const std::string&) {};
  const auto steps_in = [](const std::optional<Checkpoint>& c) { return c ? c->optimizer_steps : 0; };
  std::optional<Checkpoint> newest;
  if (fs::exists(training.place.folder)) newest = checkpoints.newest(notice);
  if (steps_in(newest) < step) {
    RunObserver observer = training.observer;
    bool stopped = false;
    observer.stop = [&, steps = steps_in(newest)]() mutable {
      stopped = training.observer.stop && training.observer.stop();
      return stopped || ++steps >= step;
    };
    (void)train_ticket(ticket, training.data, training.config, training.machine, training.place, observer);
    newest = checkpoints.newest(notice);
    if (stopped && steps_in(newest) != step) return std::nullopt;
  }
  if (steps_in(newest) != step)
    fail(ExitCode::data, "{}: found a checkpoint of {} steps, expected one of {} to rewind to; use --restart",
         training.place.folder.string(), steps_in(newest), step);
  return newest->state;
}

/// The saved state, every bit as it was written.
std::vector<Tensor> read_rewound(const ImpFiles& files) {
  TensorFile file = read_tensor_file(files.rewound());
  if (const std::string hash = hash_of_state(file.tensors); hash != file.metadata["state_xxh3"])
    fail(ExitCode::data, "{}: found weights of hash {}, expected {}; use --restart", files.rewound().string(), hash,
         file.metadata["state_xxh3"]);
  return std::move(file.tensors);
}

/// Makes sure that the state to rewind to is saved; false if the user stopped the training that leads there.
bool save_rewound(const ImpFiles& files, const Ticket& ticket, std::int64_t step, const Training& training) {
  if (fs::exists(files.rewound())) return true;
  std::vector<Tensor> state = ticket.initial;
  if (step > 0) {
    auto reached = state_after(step, ticket, training);
    if (!reached) return false;
    state = std::move(*reached);
  }
  write_tensor_file(
      files.rewound(), state,
      {{"network", training.config.network}, {"step", std::to_string(step)}, {"state_xxh3", hash_of_state(state)}});
  return true;
}

/// The round's mask once more, now with what it is.
void write_mask(const Training& training, const Ticket& ticket, const ImpConfig& imp, std::int64_t round) {
  const auto parameters = ticket.network.parameters();
  write_mask_file(RunFiles{training.place.folder}.mask(), *ticket.mask, parameters,
                  {{"method", "imp"},
                   {"network", training.config.network},
                   {"density", fmt::format("{}", ticket.mask->density())},
                   {"round", std::to_string(round)},
                   {"scope", imp.scope == Scope::global ? "global" : "layer"},
                   {"rewind_step", std::to_string(imp.rewind_step)},
                   {"weights_xxh3", hash_of(prunable_of(ticket.network, ticket.initial))},
                   {"run_hash", hash_of(training.config)},
                   {"version", std::string(version)}});
}

void check_rewind_step(const ImpConfig& imp, const RunConfig& config, const Dataset& data) {
  const std::int64_t steps = config.epochs * std::ssize(batch_ranges(data.train.size(), config.batch_size));
  if (imp.rewind_step >= steps)
    fail(ExitCode::usage, "--rewind-step: found {}, expected fewer than the {} steps of a training", imp.rewind_step,
         steps);
}

}  // namespace

void check(const ImpConfig& imp) {
  if (!(imp.fraction > 0 && imp.fraction < 1))
    fail(ExitCode::usage, "--fraction: found {}, expected a number above 0 and below 1", imp.fraction);
  if (imp.rounds < 0) fail(ExitCode::usage, "--rounds: found {}, expected 1 or more", imp.rounds);
  if (imp.density < 0 || imp.density > 1)
    fail(ExitCode::usage, "--density: found {}, expected a number above 0 and at most 1", imp.density);
  if (imp.rounds == 0 && imp.density == 0)
    fail(ExitCode::usage, "--density: found neither --density nor --rounds, expected one of them");
  if (imp.rewind_step < 0) fail(ExitCode::usage, "--rewind-step: found {}, expected 0 or more", imp.rewind_step);
}

std::vector<std::int64_t> imp_targets(std::int64_t prunable, const ImpConfig& imp) {
  std::vector<std::int64_t> targets{prunable};
  const std::int64_t last = std::llround(imp.density * static_cast<double>(prunable));
  if (imp.rounds > 0 && imp.density > 0) {
    for (std::int64_t r = 1; r <= imp.rounds; ++r)
      targets.push_back(left_after(r, imp.rounds, prunable, last, PruningSchedule::exponential));
    return targets;
  }
  double left = static_cast<double>(prunable);
  while (imp.rounds > 0 ? std::ssize(targets) <= imp.rounds : targets.back() > last) {
    left *= 1 - imp.fraction;
    // One by one at least, or a small network would never be done.
    targets.push_back(
        std::max({std::min<std::int64_t>(std::llround(left), targets.back() - 1), last, std::int64_t{0}}));
  }
  return targets;
}

Mask prune_smallest(std::span<const Parameter> parameters, const Weights& weights, const Mask* kept,
                    std::int64_t target, Scope scope) {
  std::vector<Tensor> scores;
  std::vector<std::int64_t> left;
  for (std::size_t p = 0; p < parameters.size(); ++p) {
    weights.require_finite(p);
    // Below every magnitude, so that a kept weight of 0 is not exchanged for a pruned one.
    std::vector<float> score(weights[p].size(), -1.0F);
    const std::int64_t columns = parameters[p].row_length();
    for (std::int64_t i = 0; i < std::ssize(score); ++i)
      if (!kept || (*kept)[p].test(i / columns, i % columns))
        score[static_cast<std::size_t>(i)] = std::abs(weights[p][static_cast<std::size_t>(i)]);
    scores.push_back(make_tensor(parameters[p].name, parameters[p].shape, std::move(score)));
    left.push_back(kept ? (*kept)[p].count() : parameters[p].size());
  }
  const Weights ranked(parameters, std::move(scores));
  return scope == Scope::global ? keep_top(parameters, ranked, target, scope)
                                : keep_top(parameters, ranked, split(target, left));
}

RunStatus run_imp(const Ticket& dense, const Dataset& data, const ImpConfig& imp, const RunConfig& config,
                  const Machine& machine, const RunPlace& place, const ImpObserver& observer) {
  check(imp);
  check_rewind_step(imp, config, data);
  const ImpFiles files{place.folder};
  take_folder(files, imp, place.restart);
  const std::vector<std::int64_t> targets = imp_targets(dense.network.prunable(), imp);

  Ticket ticket = dense;
  for (std::int64_t round = 0; round < std::ssize(targets); ++round) {
    Training training{data, machine, {files.round(round), false, place.checkpoint_seconds}, config, observer.run};
    if (round > 0) {
      ticket.initial = read_rewound(files);
      training.config.first_step = imp.rewind_step;
      training.config.initial = files.rewound().string();
      training.config.mask = RunFiles{training.place.folder}.mask().string();
    }
    describe(training.config, ticket, data);
    if (observer.begin) observer.begin(round, std::ssize(targets) - 1, targets[static_cast<std::size_t>(round)]);
    if (round == 0 && !save_rewound(files, ticket, imp.rewind_step, training)) return RunStatus::interrupted;
    const RunResult result = train_ticket(ticket, data, training.config, machine, training.place, observer.run);
    if (result.status != RunStatus::finished) return result.status;
    if (ticket.mask) write_mask(training, ticket, imp, round);
    if (observer.round) observer.round({round, ticket, training.config, result});
    if (round + 1 == std::ssize(targets)) break;
    const TensorFile trained = read_tensor_file(RunFiles{training.place.folder}.weights());
    ticket.mask =
        prune_smallest(dense.network.parameters(), prunable_of(dense.network, trained.tensors),
                       ticket.mask ? &*ticket.mask : nullptr, targets[static_cast<std::size_t>(round + 1)], imp.scope);
  }
  return RunStatus::finished;
}

}  // namespace phew
