// phew-train train NET: trains a ticket and leaves a run folder.
#include "common/mask_sources.hpp"
#include "common/network_options.hpp"
#include "common/progress.hpp"
#include "graph/initializer.hpp"
#include "phew-train/commands.hpp"
#include "phew-train/data_options.hpp"
#include "phew-train/machine_options.hpp"
#include "phew-train/stop_signal.hpp"
#include "train/precision.hpp"
#include "train/run_report.hpp"
#include "train/state_file.hpp"
#include "train/training_run.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <memory>

namespace phew::tools {
namespace {

struct Options : NetworkOptions, DataOptions, MachineOptions, Globals {
  RunConfig config;
  std::optional<double> lr;
  std::optional<std::string> loss;
  bool allow_missing = false;
  RunPlace place;
};

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
  command.add_option("--warmup", c.warmup, "Epochs over which the learning rate first rises linearly, step by step")
      ->capture_default_str();
  command
      .add_option("--precision", c.precision,
                  "fp32; tf32 (CUDA only: products of factors with 10 bits of mantissa); bf16 (autocast: products in "
                  "bfloat16; slow on CPUs without AMX)")
      ->capture_default_str();
  command.add_flag("--channels-last", c.channels_last, "Keep maps channel by channel last in memory");
  command.add_option("--loss", o.loss,
                     "cross-entropy, or mse (to one-hot targets); of float targets mse, and without it that");
  command.add_option("--augment", c.augment, "none, or crop-flip: random crops of images padded by 4, and flips")
      ->capture_default_str();
  command.add_option("--seed", c.seed, "Seed of the data order, of crops and flips, and of dropout")
      ->check(seed_check())
      ->capture_default_str();
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
  const std::string accuracy = m.test_accuracy ? fmt::format("{:.2f} %", 100 * *m.test_accuracy) : "-";
  fmt::print("{:>5}  {:>10.4f}  {:>9.4f}  {:>13}  {:>8.0f}\n", m.epoch, m.train_loss, m.test_loss, accuracy,
             m.images_per_second);
  std::fflush(stdout);
}

void print_end(const RunResult& result, const RunFiles& files) {
  const auto figure = [](const EpochMetrics& m) {
    return m.test_accuracy ? fmt::format("{:.2f} %", 100 * *m.test_accuracy) : fmt::format("{:.4g}", m.test_loss);
  };
  if (const EpochMetrics* best = result.best())
    fmt::print("\n{} {}, best {} in epoch {}; {}\n", best->test_accuracy ? "final" : "final loss",
               figure(*result.last()), figure(*best), best->epoch, files.weights().string());
}

RunObserver observe(const Options& o, RunBar& bar, const StopSignal& signal, const Notice& notice) {
  RunObserver observer;
  observer.notice = notice;
  observer.progress = [&bar](const RunProgress& progress) { bar.update(progress); };
  observer.epoch = [&o, &bar, first = true](const EpochMetrics& metrics) mutable {
    bar.clear();
    if (o.json) return;
    if (first) print_header();
    first = false;
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
  if (o.loss) o.config.loss = *o.loss;
  o.config.limit = o.limit;
  check(o.config);
  const StopSignal signal;
  const Notice notice = [&o](const std::string& line) { o.notice(line); };
  const Machine machine = set_up_machine(o, o);
  allow_tf32(parse_precision(o.config.precision, machine.device) == Precision::tf32);

  Ticket ticket{load_network(o), {}, {}};
  ticket.initial = initial_tensors(o, ticket.network, notice);
  if (!o.mask.empty())
    ticket.mask = read_mask_for(o.mask, ticket.network, hash_of(prunable_of(ticket)),
                                {.zeros_are_pruned = o.zeros_are_pruned}, notice);
  Dataset data = load_data(o, o);
  if (!o.loss) o.config.loss = default_loss(data);
  check_settings(data, o.config.loss, o.config.augment);
  fit_to(data, ticket.network);

  o.config.network = o.net;
  o.config.data = data.name;
  o.config.test_data = o.test_data;
  o.config.data_seed = o.data_seed;
  o.config.initial = o.weights.empty() ? fmt::format("{}, seed {}", o.init, o.init_seed) : o.weights;
  o.config.mask = o.mask.empty() ? "none" : o.mask;
  describe(o.config, ticket, data);

  RunBar bar(o.quiet);
  const RunResult result = train_ticket(ticket, data, o.config, machine, o.place, observe(o, bar, signal, notice));
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
  add_network_options(*command, *options);
  command->add_flag("--allow-missing", options->allow_missing,
                    "Initialise the tensors that the --weights file does not have");
  add_mask_options(*command, *options);
  add_data_options(*command, *options);
  add_training_options(*command, *options);
  command->add_option("--run", options->place.folder, "Folder of the run; created in a folder that exists")->required();
  command->add_flag("--restart", options->place.restart, "Start over, whatever of this run the folder holds");
  command
      ->add_option("--checkpoint-seconds", options->place.checkpoint_seconds,
                   "Seconds between checkpoints; 0: after every step")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
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
