#include "phew-graph/mask_options.hpp"

#include "graph/io/weights_file.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <functional>

namespace phew::tools {
namespace {

/// The numbers of "0.5,0.2"; none where a part is no density.
std::vector<double> parse_densities(const std::string& text) {
  std::vector<double> densities;
  const char *at = text.data(), *const end = at + text.size();
  while (true) {
    double value = 0;
    const auto [next, error] = std::from_chars(at, end, value);
    if (error != std::errc{} || !(value > 0) || !(value <= 1)) return {};
    densities.push_back(value);
    if (next == end) return densities;
    if (*next != ',') return {};
    at = next + 1;
  }
}

CLI::Validator densities_check() {
  return {[](const std::string& text) -> std::string {
            if (!parse_densities(text).empty()) return {};
            return fmt::format("found '{}', expected a number above 0 and at most 1, or several after commas", text);
          },
          "D[,D...]"};
}

std::string granularity_of(const MethodChoice& choice) { return choice.granularity; }
std::string start_of(const MethodChoice& choice) { return choice.start; }
std::string shortcuts_of(const MethodChoice& choice) { return choice.shortcuts; }
std::string scope_of(const MethodChoice& choice) { return choice.scope; }
std::string rounds_of(const MethodChoice& choice) { return std::to_string(choice.rounds); }
std::string schedule_of(const MethodChoice& choice) { return choice.schedule; }
std::string paths_of(const MethodChoice& choice) {
  return choice.paths == 0 ? std::string() : std::to_string(choice.paths);
}

constexpr std::array options_of_methods{MethodOption{reads::granularity, "--granularity", granularity_of},
                                        MethodOption{reads::start, "--start", start_of},
                                        MethodOption{reads::shortcuts, "--shortcuts", shortcuts_of},
                                        MethodOption{reads::max_walks, "--max-walks", nullptr},
                                        MethodOption{reads::scope, "--scope", scope_of},
                                        MethodOption{reads::rounds, "--rounds", rounds_of},
                                        MethodOption{reads::schedule, "--schedule", schedule_of},
                                        MethodOption{reads::paths, "--paths", paths_of}};

/// "phew, random": the methods that `asked` accepts.
template <typename Asked>
std::string methods_where(Asked&& asked) {
  std::vector<std::string_view> names;
  for (const Method& method : methods())
    if (asked(method)) names.push_back(method.name);
  return fmt::format("{}", fmt::join(names, ", "));
}

bool reads_scores(const Method& method) { return method.values == Values::scores || method.values == Values::either; }

/// Refuses a mask that the method does not work on, and asks for what it needs.
void check_needs(const MaskCommand& command, const Method& method) {
  if (!command.mask.empty() && !method.needs_mask)
    fail(ExitCode::usage, "--mask: {} starts from no mask; {} do", method.name,
         methods_where(std::mem_fn(&Method::needs_mask)));
  if (command.mask.empty() && method.needs_mask)
    fail(ExitCode::usage, "--mask: {} needs a mask to start from", method.name);
  if (command.densities().empty() && !method.needs_mask && command.paths == 0)
    fail(ExitCode::usage, "--density is required");
  if (!command.densities().empty() && command.paths > 0)
    fail(ExitCode::usage, "--paths: found --density, too, expected one of them");
  if (command.effective_density && command.paths > 0)
    fail(ExitCode::usage, "--paths: found --effective-density, too, expected one of them");
}

void check_densities(const MaskCommand& command, const Method& method) {
  const std::vector<double> densities = command.densities();
  if (!command.nested && densities.size() > 1)
    fail(ExitCode::usage, "--density: found {} densities, expected one; --nested makes a mask of each",
         densities.size());
  if (command.effective_density && method.needs_mask)
    fail(ExitCode::usage, "--effective-density: {} keeps as many parameters as its mask", method.name);
  if (!command.nested) return;
  if (!method.reads(reads::nested))
    fail(ExitCode::usage, "--nested: {} makes no masks inside each other; {} do", method.name,
         methods_where([](const Method& m) { return m.reads(reads::nested); }));
  if (command.count != 1)
    fail(ExitCode::usage, "--nested: found --count {}, expected masks of one seed", command.count);
  if (command.effective_density) fail(ExitCode::usage, "--nested: found --effective-density, expected one of them");
  if (std::ranges::adjacent_find(densities, std::less_equal<>{}) != densities.end())
    fail(ExitCode::usage, "--density: found {}, expected falling densities for --nested", command.density);
}

}  // namespace

std::vector<double> MaskCommand::densities() const { return parse_densities(density); }

std::span<const MethodOption> method_options() { return options_of_methods; }

std::vector<std::string> flags_of(const Method& method) {
  std::vector<std::string> flags;
  for (const MethodOption& option : options_of_methods)
    if (method.reads(option.bit)) flags.emplace_back(option.flag);
  return flags;
}

void check_method_options(const CLI::App& app, const MethodChoice& choice, const Method& method) {
  for (const MethodOption& option : options_of_methods) {
    const CLI::Option* const given = app.get_option_no_throw(option.flag);
    if (method.reads(option.bit) || given == nullptr || given->count() == 0) continue;
    const std::vector<std::string> flags = flags_of(method);
    fail(ExitCode::usage, "{}: {} does not read it; {}", option.flag, method.name,
         flags.empty() ? "it has no options of its own" : fmt::format("its options: {}", fmt::join(flags, ", ")));
  }
  if (!choice.scores.empty() && !reads_scores(method))
    fail(ExitCode::usage, "--scores: {} reads no scores; {} do", method.name, methods_where(reads_scores));
  if (choice.scores.empty() && method.values == Values::scores)
    fail(ExitCode::usage, "--scores: {} needs a file of scores", method.name);
}

Weights load_scores(const MethodChoice& choice, const Network& network, const Globals& globals) {
  const TensorFile file = read_tensor_file(choice.scores);
  return match_weights(network, file.tensors, choice.scores, [&](const std::string& line) { globals.notice(line); });
}

void check_mask_options(const CLI::App& app, const MaskCommand& command, const Method& method) {
  if (command.net.empty()) fail(ExitCode::usage, "NET is required");
  if (command.output.empty()) fail(ExitCode::usage, "--output is required");
  check_method_options(app, command, method);
  check_needs(command, method);
  check_densities(command, method);
  if (command.count < 1) fail(ExitCode::usage, "--count: found {}, expected at least 1", command.count);
  if (command.seed + static_cast<std::uint64_t>(command.count - 1) < command.seed)
    fail(ExitCode::usage, "--count: found {} seeds from {} on, expected the last to be at most 2^64 - 1", command.count,
         command.seed);
}

MethodOptions to_method_options(const MethodChoice& choice, int threads, Progress progress) {
  const WalkOptions walks{.granularity = choice.granularity == "kernel" ? Granularity::kernel : Granularity::parameter,
                          .start = choice.start == "balanced"  ? Start::balanced
                                   : choice.start == "uniform" ? Start::uniform
                                                               : Start::round_robin,
                          .shortcuts = choice.shortcuts == "walk"    ? Shortcuts::walk
                                       : choice.shortcuts == "weigh" ? Shortcuts::weigh
                                                                     : Shortcuts::skip,
                          .max_walks = choice.max_walks};
  return {.walks = walks,
          .scope = choice.scope == "layer" ? Scope::per_layer : Scope::global,
          .rounds = choice.rounds,
          .schedule = choice.schedule == "linear" ? PruningSchedule::linear : PruningSchedule::exponential,
          .paths = choice.paths,
          .threads = threads,
          .progress = std::move(progress)};
}

std::vector<MaskJob> mask_jobs(const MaskCommand& command) {
  const std::filesystem::path output = command.output;
  const auto beside = [&](const std::string& which) {
    return output.parent_path() / fmt::format("{}-{}{}", output.stem().string(), which, output.extension().string());
  };
  const std::vector<double> densities = command.densities();
  std::vector<MaskJob> jobs;
  if (command.nested)
    for (const double density : densities) jobs.push_back({command.seed, density, beside(fmt::format("{}", density))});
  for (std::int64_t i = 0; i < command.count && !command.nested; ++i) {
    const std::uint64_t seed = command.seed + static_cast<std::uint64_t>(i);
    jobs.push_back(
        {seed, densities.empty() ? 0 : densities.front(), command.count == 1 ? output : beside(std::to_string(seed))});
  }
  return jobs;
}

void add_method_argument(CLI::App& app, MethodChoice& choice, bool (*offered)(const Method&)) {
  std::string help = "How to choose the mask; `mask --list` says more:\n";
  for (const Method& method : methods())
    if (offered(method)) help += fmt::format("{:<15} {}\n", method.name, method.summary);
  app.add_option("--method", choice.method, help)->capture_default_str();
  app.add_option("--scores", choice.scores,
                 "Scores: a tensor a parameter, as weights come; gradient-walk, scores and others read them");
}

std::vector<std::string> add_method_options(CLI::App& app, MethodChoice& choice) {
  app.add_option("--granularity", choice.granularity, "What a walk keeps of an edge: one parameter or its kernel")
      ->check(CLI::IsMember({"parameter", "kernel"}))
      ->capture_default_str();
  app.add_option("--start", choice.start,
                 "Where walks start: each input (output) unit in turn, the one used least, or any")
      ->check(CLI::IsMember({"round-robin", "balanced", "uniform"}))
      ->capture_default_str();
  app.add_option("--shortcuts", choice.shortcuts,
                 "Beside weighted links, skip fixed ones, walk all alike, or weigh all by their magnitude")
      ->check(CLI::IsMember({"skip", "walk", "weigh"}))
      ->capture_default_str();
  app.add_option("--scope", choice.scope, "Count over the network, or each layer its share")
      ->check(CLI::IsMember({"global", "layer"}))
      ->capture_default_str();
  app.add_option("--max-walks", choice.max_walks, "Give up after so many walks; 0: 64 a parameter and a million")
      ->check(count_check(0));
  app.add_option("--rounds", choice.rounds, "Rounds in which synflow prunes")
      ->check(count_check(1))
      ->capture_default_str();
  app.add_option("--schedule", choice.schedule, "How synflow's rounds share the pruning: equal ratios or equal steps")
      ->check(CLI::IsMember({"exponential", "linear"}))
      ->capture_default_str();
  return {"--granularity", "--start", "--shortcuts", "--scope", "--max-walks", "--rounds", "--schedule"};
}

void add_mask_command_options(CLI::App& app, MaskCommand& command) {
  add_network_options(app, command);
  app.get_option("NET")->required(false);  // --list needs none; check_mask_options asks for it
  add_method_argument(app, command, [](const Method&) { return true; });
  app.add_flag("--list", command.list, "Print every method with its needs, options and source, and make no mask");
  app.add_option("--density", command.density,
                 "Kept / prunable parameters, above 0 and at most 1; with --nested several after commas, falling")
      ->check(densities_check());
  app.add_flag("--nested", command.nested, "A mask of each density, inside the one before; files NAME-DENSITY.ext");
  app.add_flag("--effective-density", command.effective_density,
               "Meet the density by parameters on an input-output path, not by kept ones: tries masks by bisection");
  app.add_option("--seed", command.seed, "Seed of the method's own randomness")
      ->check(seed_check())
      ->capture_default_str();
  app.add_option("--count", command.count, "Masks to make, from seeds SEED, SEED + 1, …")->capture_default_str();
  add_mask_options(app, command);
  (void)add_method_options(app, command);
  app.add_option("--paths", command.paths, "The number of best paths to keep, instead of --density")
      ->check(count_check(1));
  app.add_option("-o,--output", command.output, "Mask file: .safetensors, .npz or .pt; with --count NAME-SEED.ext");
  add_globals(app, command);
}

}  // namespace phew::tools
