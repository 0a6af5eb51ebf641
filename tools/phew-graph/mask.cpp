// phew-graph mask NET --method phew --density 0.05 --seed 0 [--count 10] -o ticket.safetensors
#include "common/network_options.hpp"
#include "common/progress.hpp"
#include "graph/io/mask_file.hpp"
#include "graph/version.hpp"
#include "phew-graph/commands.hpp"
#include "walks/method.hpp"

#include <chrono>
#include <filesystem>
#include <memory>

namespace phew::tools {
namespace {

namespace fs = std::filesystem;

struct MaskCommand : NetworkOptions, Globals {
  std::string method = "phew";
  double density = 0;
  std::uint64_t seed = 0;
  std::int64_t count = 1;
  std::string granularity = "parameter";
  std::string scope = "global";
  std::int64_t max_walks = 0;
  std::string output;
};

/// Seconds since it was made or last asked.
class Stopwatch {
 public:
  double lap() {
    const auto now = std::chrono::steady_clock::now();
    return std::chrono::duration<double>(now - std::exchange(last_, now)).count();
  }

 private:
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

struct Seconds {
  double load = 0, prepare = 0, sample = 0, write = 0;
};

/// With several masks `ticket.safetensors` becomes `ticket-SEED.safetensors`.
fs::path file_of(const MaskCommand& command, std::uint64_t seed) {
  const fs::path output = command.output;
  if (command.count == 1) return output;
  return output.parent_path() / fmt::format("{}-{}{}", output.stem().string(), seed, output.extension().string());
}

std::map<std::string, std::string> metadata(const MaskCommand& command, const Network& network, const Weights& weights,
                                            const MethodResult& result, std::uint64_t seed) {
  const double density = static_cast<double>(result.kept) / static_cast<double>(network.prunable());
  std::map<std::string, std::string> data{{"method", command.method},
                                          {"seed", std::to_string(seed)},
                                          {"target_density", fmt::format("{}", command.density)},
                                          {"density", fmt::format("{}", density)},
                                          {"network", network.name()},
                                          {"mask_rule", std::to_string(mask_rule_version)},
                                          {"version", std::string(version)}};
  const Method& method = find_method(command.method);
  if (method.reads(reads::walks)) data["granularity"] = command.granularity;
  if (method.reads(reads::scope)) data["scope"] = command.scope;
  if (!weights.empty()) data["weights_xxh3"] = hash_of(weights);
  if (!weights.empty() && command.weights.empty()) {
    data["init"] = command.init;
    data["init_seed"] = std::to_string(command.init_seed);
  }
  return data;
}

Json to_json(const MaskCommand& command, const Network& network, const MethodResult& result, std::uint64_t seed,
             std::int64_t target, const Seconds& seconds) {
  return {
      {"method", command.method},
      {"seed", seed},
      {"prunable", network.prunable()},
      {"target", target},
      {"kept", result.kept},
      {"density", static_cast<double>(result.kept) / static_cast<double>(network.prunable())},
      {"walks", result.walks},
      {"steps", result.steps},
      {"seconds",
       {{"load", seconds.load}, {"prepare", seconds.prepare}, {"sample", seconds.sample}, {"write", seconds.write}}},
      {"files", Json::array({file_of(command, seed).string()})}};
}

/// Refuses an option that the method would ignore: its mask must not say otherwise.
void check_options(const MaskCommand& command, const Method& method) {
  if (!method.reads(reads::walks) && command.granularity != "parameter")
    fail(ExitCode::usage, "--granularity: found {}, but {} does not walk", command.granularity, method.name);
  if (!method.reads(reads::walks) && command.max_walks != 0)
    fail(ExitCode::usage, "--max-walks: {} does not walk", method.name);
  if (!method.reads(reads::scope) && command.scope != "global")
    fail(ExitCode::usage, "--scope: found {}, but {} counts over the whole network", command.scope, method.name);
}

/// Refuses before any work what could not be written after it.
void check_output(const MaskCommand& command) {
  if (command.count - 1 > 0 && command.seed + static_cast<std::uint64_t>(command.count - 1) < command.seed)
    fail(ExitCode::usage, "--count: found {} seeds from {} on, expected the last to be at most 2^64 - 1", command.count,
         command.seed);
  if (command.count < 1) fail(ExitCode::usage, "--count: found {}, expected at least 1", command.count);
  std::error_code ignored;
  for (std::int64_t i = 0; i < command.count; ++i) {
    const fs::path file = file_of(command, command.seed + static_cast<std::uint64_t>(i));
    if (!command.weights.empty() && fs::equivalent(file, command.weights, ignored))
      fail(ExitCode::usage, "{}: found the weights file as output, expected another", file.string());
  }
  check_writable_tensor_file(command.output);
}

void run(const MaskCommand& command) {
  const Method& method = find_method(command.method);
  check_options(command, method);
  check_output(command);
  Stopwatch watch;
  Seconds seconds;
  const Network network = load_network(command);
  const std::int64_t target = target_of(command.density, network.prunable());
  LoadedWeights weights;
  if (method.values == Values::weights || !command.weights.empty()) weights = load_weights(command, network, command);
  const LayeredGraph graph(network, weights.weights);
  seconds.load = watch.lap();

  ProgressBar bar(command.quiet);
  const WalkOptions walks{.granularity = command.granularity == "kernel" ? Granularity::kernel : Granularity::parameter,
                          .max_walks = command.max_walks};
  MethodOptions options{.walks = walks,
                        .scope = command.scope == "layer" ? Scope::per_layer : Scope::global,
                        .threads = command.thread_count(),
                        .progress = [&](std::int64_t kept, std::int64_t all) { bar.update(kept, all, "parameters"); }};
  const MaskSampler sampler = method.prepare({graph}, options);
  seconds.prepare = watch.lap();

  Json masks = Json::array(), files = Json::array();
  for (std::int64_t i = 0; i < command.count; ++i) {
    const std::uint64_t seed = command.seed + static_cast<std::uint64_t>(i);
    Seconds mine = i == 0 ? seconds : Seconds{};
    const MethodResult result = sampler.sample(target, seed);
    mine.sample = watch.lap();
    write_mask_file(file_of(command, seed), result.mask, network.parameters(),
                    metadata(command, network, weights.weights, result, seed));
    mine.write = watch.lap();
    command.notice(fmt::format("{}: kept {} of {} (target {}){}", file_of(command, seed).string(), result.kept,
                               network.prunable(), target,
                               method.reads(reads::walks) ? fmt::format(", {} walks", result.walks) : ""));
    masks.push_back(to_json(command, network, result, seed, target, mine));
    files.push_back(file_of(command, seed).string());
  }
  if (!command.json) return;
  Json document{{"schema", {{"name", "phew-graph/mask"}, {"version", 1}}}, {"network", network.name()}};
  document["weights"] = weights.source.empty() ? Json() : Json(weights.source);
  document.update(masks.front());
  document["files"] = files;
  if (command.count > 1) document["masks"] = std::move(masks);
  print_json(document);
}

std::string method_help() {
  std::string help = "How to choose the mask:\n";
  for (const Method& method : methods())
    help += fmt::format("{:<14} {} ({})\n", method.name, method.summary, method.source);
  return help;
}

}  // namespace

void add_mask(CLI::App& app) {
  CLI::App* command = app.add_subcommand("mask", "Choose a subnetwork: one bit per prunable parameter");
  const auto options = std::make_shared<MaskCommand>();
  add_network_options(*command, *options);
  command->add_option("--method", options->method, method_help())->capture_default_str();
  command->add_option("--density", options->density, "Kept / prunable parameters, above 0 and at most 1")
      ->required()
      ->check(density_check());
  command->add_option("--seed", options->seed, "Seed of the method's own randomness")
      ->check(seed_check())
      ->capture_default_str();
  command->add_option("--count", options->count, "Masks to make, from seeds SEED, SEED + 1, …")->capture_default_str();
  command
      ->add_option("--granularity", options->granularity, "What a walk keeps of an edge: one parameter or its kernel")
      ->check(CLI::IsMember({"parameter", "kernel"}))
      ->capture_default_str();
  command->add_option("--scope", options->scope, "random, magnitude: count over the network or within each layer")
      ->check(CLI::IsMember({"global", "layer"}))
      ->capture_default_str();
  command->add_option("--max-walks", options->max_walks, "Give up after so many walks; 0: 64 a parameter and a million")
      ->check(CLI::NonNegativeNumber);
  command
      ->add_option("-o,--output", options->output, "Mask file: .safetensors, .npz or .pt; with --count NAME-SEED.ext")
      ->required();
  add_globals(*command, *options);
  command->callback([=] { run(*options); });
}

}  // namespace phew::tools
