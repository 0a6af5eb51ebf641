// phew-train train NET: trains a ticket and leaves a run folder.
#include "common/mask_sources.hpp"
#include "common/network_options.hpp"
#include "common/progress.hpp"
#include "graph/initializer.hpp"
#include "phew-train/commands.hpp"
#include "phew-train/machine_options.hpp"
#include "phew-train/stop_signal.hpp"
#include "train/image_sets.hpp"
#include "train/run_report.hpp"
#include "train/state_file.hpp"
#include "train/training_run.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <memory>

namespace phew::tools {
namespace {

struct Options : NetworkOptions, MachineOptions, Globals {
  RunConfig config;
  std::optional<double> lr;
  bool allow_missing = false;
  std::string data_dir, run;
  std::string precision = "fp32";
};

void add_data_options(CLI::App& command, Options& o) {
  command.add_option("--data", o.config.data, fmt::format("Data set: {}", fmt::join(dataset_names(), ", ")))
      ->capture_default_str();
  command.add_option("--data-dir", o.data_dir,
                     "Folder of the data's files; without it that of Debian's package, where there is one");
  command.add_option("--limit", o.config.limit, "Take only the first N examples of each split; 0: all")
      ->capture_default_str();
}

void add_training_options(CLI::App& command, Options& o) {
  RunConfig& c = o.config;
  command.add_option("--epochs", c.epochs, "Passes over the training data")->capture_default_str();
  command.add_option("--batch-size", c.batch_size, "Examples a step")->capture_default_str();
  command.add_option("--optimizer", c.optimizer, "sgd or adam")->capture_default_str();
  command.add_option("--lr", o.lr, "Learning rate; without it 0.01 for sgd and 0.001 for adam");
  command
      .add_option("--schedule", c.schedule,
                  "Learning rate over epochs: constant, step:EVERY[:GAMMA], multistep:EPOCH,EPOCH...[:GAMMA], "
                  "exponential:GAMMA, cosine. The paper's 160 epochs have multistep:80,120")
      ->capture_default_str();
  command.add_option("--momentum", c.momentum, "SGD's momentum")->capture_default_str();
  command.add_flag("--nesterov", c.nesterov, "Nesterov's momentum");
  command.add_option("--weight-decay", c.weight_decay, "L2 penalty")->capture_default_str();
  command.add_option("--precision", o.precision, "fp32; no other is there yet")->capture_default_str();
  command.add_option("--loss", c.loss, "cross-entropy, or mse (to one-hot targets)")->capture_default_str();
  command.add_option("--seed", c.seed, "Seed of the data order")->check(seed_check())->capture_default_str();
}

std::vector<Tensor> initial_tensors(const Options& o, const Network& network, const Notice& notice) {
  std::vector<Tensor> initial = initial_state(network, parse_initializer(o.init), o.init_seed, o.thread_count());
  if (o.weights.empty()) {
    notice(fmt::format("weights: initialised by {}, seed {}", o.init, o.init_seed));
    return initial;
  }
  return match_state(network, read_tensor_file(o.weights), initial, o.allow_missing, notice);
}

/// The bar over the whole run, and the speed of the current epoch.
class RunBar {
 public:
  explicit RunBar(bool quiet) : bar_(quiet) {}

  void update(const RunProgress& p) {
    if (p.epoch != epoch_) {
      epoch_ = p.epoch;
      start_ = Clock::now();
      images_ = p.images;
    }
    const double seconds = std::chrono::duration<double>(Clock::now() - start_).count();
    const double rate = seconds > 0 ? static_cast<double>(p.images - images_) / seconds : 0;
    bar_.update((p.epoch - 1) * p.images_per_epoch + p.images, p.epochs * p.images_per_epoch,
                fmt::format("epoch {}/{}  loss {:.4f}  {:.0f} images/s", p.epoch, p.epochs, p.train_loss, rate));
  }
  void clear() { bar_.clear(); }

 private:
  using Clock = std::chrono::steady_clock;
  ProgressBar bar_;
  std::int64_t epoch_ = 0, images_ = 0;
  Clock::time_point start_;
};

void print_header() {
  fmt::print("{:>5}  {:>10}  {:>9}  {:>13}  {:>8}\n", "epoch", "train loss", "test loss", "test accuracy", "images/s");
}

void print_row(const EpochMetrics& m) {
  fmt::print("{:>5}  {:>10.4f}  {:>9.4f}  {:>11.2f} %  {:>8.0f}\n", m.epoch, m.train_loss, m.test_loss,
             100 * m.test_accuracy, m.images_per_second);
  std::fflush(stdout);
}

void print_end(const RunResult& result, const RunFiles& files) {
  if (const EpochMetrics* best = result.best())
    fmt::print("\nfinal {:.2f} %, best {:.2f} % in epoch {}; {}\n", 100 * result.last()->test_accuracy,
               100 * best->test_accuracy, best->epoch, files.weights().string());
}

RunObserver observe(const Options& o, RunBar& bar, const StopSignal& signal, const Notice& notice) {
  RunObserver observer;
  observer.notice = notice;
  observer.progress = [&bar](const RunProgress& progress) { bar.update(progress); };
  observer.epoch = [&o, &bar](const EpochMetrics& metrics) {
    bar.clear();
    if (o.json) return;
    if (metrics.epoch == 1) print_header();
    print_row(metrics);
  };
  observer.stop = [&signal] { return signal.received(); };
  return observer;
}

/// The initial weights that masks are for.
Weights prunable_of(const Ticket& ticket) {
  std::vector<Tensor> tensors;
  for (const Parameter& p : ticket.network.parameters())
    tensors.push_back(*std::ranges::find(ticket.initial, p.name, &Tensor::name));
  return {ticket.network.parameters(), std::move(tensors)};
}

void train(Options o) {
  o.config.lr = o.lr.value_or(o.config.optimizer == "adam" ? 1e-3 : 0.01);
  check(o.config);
  if (o.precision != "fp32")
    fail(ExitCode::unsupported, "--precision: found {}, expected fp32; no other is there yet", o.precision);
  const StopSignal signal;
  const Notice notice = [&o](const std::string& line) { o.notice(line); };
  const Machine machine = set_up_machine(o, o);

  Ticket ticket{load_network(o, o).network, {}, {}};
  ticket.initial = initial_tensors(o, ticket.network, notice);
  if (!o.mask.empty())
    ticket.mask = read_mask_for(o.mask, ticket.network, hash_of(prunable_of(ticket)),
                                {.zeros_are_pruned = o.zeros_are_pruned}, notice);
  Dataset data = load_dataset(o.config.data, o.data_dir);
  if (o.config.limit > 0) keep_first(data, o.config.limit);
  fit_to(data, ticket.network);

  o.config.network = o.net;
  o.config.initial = o.weights.empty() ? fmt::format("{}, seed {}", o.init, o.init_seed) : o.weights;
  o.config.mask = o.mask.empty() ? "none" : o.mask;
  describe(o.config, ticket, data);

  RunBar bar(o.quiet);
  const RunResult result = train_ticket(ticket, data, o.config, machine, o.run, observe(o, bar, signal, notice));
  bar.clear();
  const RunFiles files{o.run};
  if (o.json) print_json(run_report(files, o.config, machine, result));
  if (result.status == RunStatus::interrupted) {
    o.notice(fmt::format("{}: interrupted after {} epochs", o.run, result.epochs.size()));
    throw ExitWith{static_cast<ExitCode>(signal.exit_code())};
  }
  if (!o.json) print_end(result, files);
}

}  // namespace

void add_train(CLI::App& app) {
  CLI::App* command = app.add_subcommand("train", "Train a network, or the subnetwork that a mask leaves of it");
  const auto options = std::make_shared<Options>();
  add_network_options(*command, *options);
  command->add_flag("--allow-missing", options->allow_missing,
                    "Initialise the tensors that the --weights file does not have");
  add_mask_options(*command, *options);
  add_data_options(*command, *options);
  add_training_options(*command, *options);
  command->add_option("--run", options->run, "Folder of the run; created in a folder that exists")->required();
  add_machine_options(*command, *options);
  add_globals(*command, *options);
  command->footer(
      "The run folder gets config.toml, metrics.jsonl (a line an epoch), weights.safetensors and result.json.\n"
      "On the CPU the same settings, threads and libraries give the same bits.\n"
      "A loss that is not finite ends the run with exit code 65. Ctrl-C ends it with 130, SIGTERM with 143.\n"
      "Example: phew-train train lenet-300-100 --mask ticket.safetensors --epochs 5 --run runs/phew");
  command->callback([options] { train(*options); });
}

}  // namespace phew::tools
