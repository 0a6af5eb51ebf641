// phew-train score NET --method snip -o scores.safetensors: a number per weight, from data or from synaptic flow.
#include "common/progress.hpp"
#include "common/table.hpp"
#include "graph/io/weights_file.hpp"
#include "graph/version.hpp"
#include "phew-train/commands.hpp"
#include "phew-train/data_options.hpp"
#include "phew-train/machine_options.hpp"
#include "phew-train/stop_signal.hpp"
#include "phew-train/ticket_options.hpp"
#include "train/precision.hpp"
#include "train/state_file.hpp"
#include "train/ticket_scores.hpp"

#include <algorithm>
#include <chrono>
#include <map>
#include <memory>

namespace phew::tools {
namespace {

namespace fs = std::filesystem;

struct Options : TicketOptions, DataOptions, MachineOptions, Globals {
  ScoreConfig config;
  std::string method, output;
  std::string precision = "fp32", bn = "eval";
  std::optional<std::int64_t> batch_size;
  std::optional<std::string> loss;
};

/// Samples at a time where that changes nothing but the memory taken.
constexpr std::int64_t default_batch = 128;

constexpr const char* data_flags[] = {"--data",  "--test-data",         "--data-dir",   "--cache-dir",  "--data-seed",
                                      "--limit", "--samples-per-class", "--seed",       "--batch-size", "--bn",
                                      "--loss",  "--allow-split",       "--temperature"};
constexpr const char* round_flags[] = {"--rounds", "--density"};

void add_score_options(CLI::App& command, Options& o) {
  ScoreConfig& c = o.config;
  std::string names;
  for (const ScoreDefinition& d : score_definitions()) names += (names.empty() ? "" : ", ") + std::string(d.name);
  command.add_option("--method", o.method, "What to score by: " + names)->required();
  add_data_options(command, o);
  command
      .add_option("--samples-per-class", c.samples_per_class,
                  "Training examples of each class, drawn by --seed; 0: the whole training split")
      ->check(count_check(0))
      ->capture_default_str();
  command.add_option("--seed", c.seed, "Seed of the choice of examples")->check(seed_check())->capture_default_str();
  command
      .add_option(
          "--batch-size", o.batch_size,
          "Examples at a time; 0: all. With --bn eval the scores do not depend on it, only memory does. Without "
          "it 128, or all with --bn train")
      ->check(count_check(0));
  command.add_option("--bn", o.bn, "Batch-norm's statistics: eval (the running ones) or train (the batch's own)")
      ->check(CLI::IsMember({"eval", "train"}))
      ->capture_default_str();
  command.add_flag("--allow-split", c.allow_split, "With --bn train: allow several batches, each normalised by itself");
  command
      .add_option("--loss", o.loss,
                  "cross-entropy, or mse (to one-hot targets); of float targets mse, and without it that")
      ->check(CLI::IsMember({"cross-entropy", "mse"}));
  command.add_option("--temperature", c.temperature, "grasp: what the outputs are divided by")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command.add_option("--rounds", c.rounds, "synflow, synflow-l2: rounds of pruning and scoring anew")
      ->check(count_check(1))
      ->capture_default_str();
  command.add_option("--density", c.density, "synflow, synflow-l2: the density that the rounds approach")
      ->check(density_check());
  command.add_option("--precision", o.precision, "fp32 or fp64: of the computation and of the file")
      ->check(CLI::IsMember({"fp32", "fp64"}))
      ->capture_default_str();
  command.add_option("-o,--output", o.output, "Scores: .safetensors, .npz or .pt, one tensor a parameter")->required();
}

/// Settles the configuration. Throws Error(usage) for an option that the method would ignore, and for one it lacks.
void settle(const CLI::App& app, Options& o) {
  const ScoreDefinition& method = find_score(o.method);
  const auto refuse = [&](const char* flag) {
    if (app.get_option(flag)->count() > 0)
      fail(ExitCode::usage, "{}: {} does not read it; leave it out", flag, method.name);
  };
  if (method.needs_data)
    std::ranges::for_each(round_flags, refuse);
  else
    std::ranges::for_each(data_flags, refuse);
  if (method.method != ScoreMethod::grasp) refuse("--temperature");

  ScoreConfig& c = o.config;
  c.method = method.method;
  c.double_precision = o.precision == "fp64";
  c.batch_statistics = o.bn == "train";
  c.batch_size = o.batch_size.value_or(c.batch_statistics ? 0 : default_batch);
  if (!method.needs_data && c.rounds > 1 && app.get_option("--density")->count() == 0)
    fail(ExitCode::usage, "--density: found none, expected the one that {} rounds of {} prune to; or use --rounds 1",
         c.rounds, method.name);
  std::error_code ignored;
  for (const std::string& input : {o.weights, o.mask})
    if (!input.empty() && fs::equivalent(o.output, input, ignored))
      fail(ExitCode::usage, "{}: found an input file as output, expected another", o.output);
  check_writable_tensor_file(o.output);
}

std::map<std::string, std::string> metadata_of(const Options& o, const Ticket& ticket, const TicketScores& scores) {
  const ScoreConfig& c = o.config;
  std::map<std::string, std::string> data{{"method", o.method},
                                          {"network", ticket.network.name()},
                                          {"weights_xxh3", hash_of(prunable_of(ticket.network, ticket.initial))},
                                          {"precision", o.precision},
                                          {"version", std::string(version)}};
  if (o.weights.empty()) data.insert({{"init", o.init}, {"init_seed", std::to_string(o.init_seed)}});
  if (!o.mask.empty()) data["mask"] = fs::path(o.mask).filename().string();
  if (scores.exponent != 0) data["divided_by_2_to"] = std::to_string(scores.exponent);
  if (scores.samples == 0) {
    data["rounds"] = std::to_string(c.rounds);
    if (c.rounds > 1) data["target_density"] = fmt::format("{}", c.density);
    return data;
  }
  data.insert({{"data", o.data},
               {"samples", std::to_string(scores.samples)},
               {"samples_per_class", std::to_string(c.samples_per_class)},
               {"seed", std::to_string(c.seed)},
               {"loss", c.loss},
               {"bn", o.bn}});
  if (o.data_seed > 0) data["data_seed"] = std::to_string(o.data_seed);
  if (o.limit > 0) data["limit"] = std::to_string(o.limit);
  if (c.batch_statistics) data["batch_size"] = std::to_string(c.batch_size);
  if (c.method == ScoreMethod::grasp) data["temperature"] = fmt::format("{}", c.temperature);
  return data;
}

/// A tensor's scores in short.
struct Summary {
  std::string name;
  std::int64_t prunable = 0;
  double smallest = 0, largest = 0, sum = 0;
};

template <typename T>
Summary summary_of(const Tensor& tensor) {
  const std::span values(reinterpret_cast<const T*>(tensor.bytes.data()), tensor.bytes.size() / sizeof(T));
  Summary s{tensor.name, std::ssize(values)};
  if (values.empty()) return s;
  const auto [least, most] = std::ranges::minmax(values);
  s.smallest = static_cast<double>(least);
  s.largest = static_cast<double>(most);
  for (const T value : values) s.sum += static_cast<double>(value);
  return s;
}

std::vector<Summary> summaries(const TicketScores& scores) {
  std::vector<Summary> out;
  for (const Tensor& t : scores.scores)
    out.push_back(t.dtype == DType::f64 ? summary_of<double>(t) : summary_of<float>(t));
  return out;
}

void print_table(const std::vector<Summary>& tensors) {
  Table table({"tensor", "prunable", "smallest", "largest", "sum"});
  for (const Summary& s : tensors)
    table.add({s.name, std::to_string(s.prunable), fmt::format("{:.4g}", s.smallest), fmt::format("{:.4g}", s.largest),
               fmt::format("{:.4g}", s.sum)});
  fmt::print("{}", table.text());
}

Json report(const Options& o, const Ticket& ticket, const TicketScores& scores, const std::vector<Summary>& summaries,
            const Machine& machine, double seconds) {
  Json tensors = Json::array();
  for (const Summary& s : summaries)
    tensors.push_back(
        {{"name", s.name}, {"prunable", s.prunable}, {"smallest", s.smallest}, {"largest", s.largest}, {"sum", s.sum}});
  const bool data = scores.samples > 0;
  return {{"schema", {{"name", "phew-train/score"}, {"version", 1}}},
          {"network", ticket.network.name()},
          {"method", o.method},
          {"prunable", ticket.network.prunable()},
          {"kept", ticket.mask ? ticket.mask->kept() : ticket.network.prunable()},
          {"data", data ? Json(o.data) : Json()},
          {"samples", scores.samples},
          {"seed", data ? Json(o.config.seed) : Json()},
          {"rounds", data ? Json() : Json(o.config.rounds)},
          {"precision", o.precision},
          {"device", machine.device},
          {"divided_by_2_to", scores.exponent},
          {"seconds", seconds},
          {"file", o.output},
          {"tensors", std::move(tensors)}};
}

void score(const CLI::App& app, Options o) {
  settle(app, o);
  const bool needs_data = find_score(o.method).needs_data;
  const StopSignal signal;
  const Machine machine = set_up_machine(o, o);
  allow_tf32(false);
  const Ticket ticket = load_ticket(o, o);
  std::optional<Dataset> data;
  if (needs_data) {
    data = load_data(o, o);
    o.config.loss = o.loss.value_or(default_loss(*data));
    check_settings(*data, o.config.loss, "none");
    fit_to(*data, ticket.network);
  }

  ProgressBar bar(o.quiet);
  ScoreObserver observer;
  observer.progress = [&](std::int64_t done, std::int64_t total) {
    bar.update(done, total, needs_data ? "examples" : "rounds");
  };
  observer.stop = [&signal] { return signal.received(); };
  const auto start = std::chrono::steady_clock::now();
  const auto scores = score_ticket(ticket, data ? &*data : nullptr, o.config, machine, observer);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  bar.clear();
  if (!scores) {
    o.notice("interrupted; nothing was written");
    throw ExitWith{static_cast<ExitCode>(signal.exit_code())};
  }
  write_tensor_file(o.output, scores->scores, metadata_of(o, ticket, *scores));
  const std::string basis = needs_data ? fmt::format("{} examples of {}", scores->samples, o.data)
                                       : fmt::format("{} rounds", o.config.rounds);
  o.notice(fmt::format("{}: {} by {}, {:.1f} s", o.output, o.method, basis, seconds));
  const auto in_short = summaries(*scores);
  o.json ? print_json(report(o, ticket, *scores, in_short, machine, seconds)) : print_table(in_short);
}

std::string footer() {
  std::string text = "What each method gives a weight w; the higher, the more to be kept:\n";
  for (const ScoreDefinition& d : score_definitions())
    text += fmt::format("  {}\n{}", d.name, wrapped(fmt::format("{} [{}]", d.definition, d.source), 6));
  return text +
         "Losses are means over the examples. No weight and no statistic changes. With a mask, kept weights are "
         "scored;\n"
         "pruned ones get 0 (grasp: the lowest number), and synflow's rounds start from the mask.\n"
         "Examples:\n"
         "  phew-train score resnet20 --method gradient -o gradients.safetensors\n"
         "  phew-graph mask resnet20 --method top-paths --scores gradients.safetensors --density 0.1 -o m.safetensors\n"
         "  phew-train score resnet20 --method synflow --density 0.02 -o flow.safetensors\n"
         "  phew-graph mask resnet20 --method scores --scores flow.safetensors --density 0.02 -o m.safetensors";
}

}  // namespace

void add_score(CLI::App& app) {
  CLI::App* command =
      app.add_subcommand("score", "A score for every weight: by gradients, SNIP, GraSP or synaptic flow");
  const auto options = std::make_shared<Options>();
  add_ticket_options(*command, *options);
  add_mask_options(*command, *options);
  add_score_options(*command, *options);
  add_machine_options(*command, *options);
  add_globals(*command, *options);
  command->footer(footer());
  command->callback([=] { score(*command, *options); });
}

}  // namespace phew::tools
