// phew-graph mask NET --method phew --density 0.05 --seed 0 [--count 10] -o ticket.safetensors
#include "common/interrupt.hpp"
#include "common/progress.hpp"
#include "graph/io/mask_file.hpp"
#include "graph/version.hpp"
#include "phew-graph/commands.hpp"
#include "phew-graph/effective_density.hpp"
#include "phew-graph/mask_options.hpp"
#include "phew-graph/method_list.hpp"

#include <algorithm>
#include <chrono>
#include <memory>

namespace phew::tools {
namespace {

namespace fs = std::filesystem;
using Metadata = std::map<std::string, std::string>;

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

/// What a mask is made of, read from files or initialised.
struct Source {
  Network network;
  LoadedWeights weights;  ///< empty where nothing reads them
  MethodInput input;
  Metadata metadata;  ///< what files say of the input
};

/// The mask to start from; its name, and the method that made it, go to the metadata.
Mask load_mask(const MaskCommand& command, const Network& network, Metadata& metadata) {
  const TensorFile file = read_tensor_file(command.mask);
  metadata["mask"] = fs::path(command.mask).filename().string();
  if (const auto maker = file.metadata.find("method"); maker != file.metadata.end())
    metadata["mask_method"] = maker->second;
  return mask_from_tensors(file, network.parameters(), {.zeros_are_pruned = command.zeros_are_pruned});
}

Source load(const MaskCommand& command, const Method& method) {
  LoadedNetwork loaded = load_network(command, command);
  Network& network = loaded.network;
  for (const double density : command.densities()) (void)target_of(density, network.prunable());  // before any file
  const bool reads_weights =
      method.values == Values::weights || (method.values == Values::either && command.scores.empty());
  LoadedWeights weights;
  if (reads_weights || !command.weights.empty()) weights = load_weights(command, loaded, command);
  Metadata metadata;
  if (!weights.weights.empty()) {
    metadata["weights_xxh3"] = hash_of(weights.weights);
    if (command.weights.empty() && loaded.weights.empty())
      metadata.insert({{"init", command.init}, {"init_seed", std::to_string(command.init_seed)}});
  }
  MethodInput input{LayeredGraph(network, weights.weights)};
  if (!command.scores.empty()) {
    input.scores = load_scores(command, network, command);
    metadata["scores_xxh3"] = hash_of(input.scores);
  }
  if (method.needs_mask) input.mask = load_mask(command, network, metadata);
  return {std::move(network), std::move(weights), std::move(input), std::move(metadata)};
}

double share(std::int64_t part, std::int64_t all) { return static_cast<double>(part) / static_cast<double>(all); }

/// A mask that was made, and for what.
struct Made {
  MaskJob job;
  std::int64_t target = 0;  ///< that the method was given
  MethodResult result;
  Seconds seconds{};
};

Metadata metadata_of(const MaskCommand& command, const Method& method, const Source& source, const Made& made) {
  const std::int64_t prunable = source.network.prunable();
  Metadata data = source.metadata;
  data["method"] = command.method;
  data["seed"] = std::to_string(made.job.seed);
  if (command.paths == 0)
    data["target_density"] = fmt::format("{}", made.job.density > 0 ? made.job.density : share(made.target, prunable));
  data["density"] = fmt::format("{}", share(made.result.kept, prunable));
  data["network"] = source.network.name();
  data["mask_rule"] = std::to_string(mask_rule_version);
  data["version"] = std::string(version);
  if (command.effective_density) data["target"] = "effective density";
  for (const MethodOption& option : method_options()) {
    if (!method.reads(option.bit) || option.value == nullptr) continue;
    std::string key = option.flag + 2;
    std::ranges::replace(key, '-', '_');
    if (const std::string value = option.value(command); !value.empty()) data[key] = value;
  }
  return data;
}

Json to_json(const MaskCommand& command, const Network& network, const Made& made) {
  const Seconds& s = made.seconds;
  Json json{{"method", command.method},
            {"seed", made.job.seed},
            {"prunable", network.prunable()},
            {"target", made.target},
            {"kept", made.result.kept},
            {"density", share(made.result.kept, network.prunable())},
            {"walks", made.result.walks},
            {"steps", made.result.steps},
            {"seconds", {{"load", s.load}, {"prepare", s.prepare}, {"sample", s.sample}, {"write", s.write}}},
            {"files", Json::array({made.job.file.string()})}};
  for (const Detail& detail : made.result.details)
    std::visit([&](const auto& value) { json.emplace(detail.key, value); }, detail.value);
  return json;
}

/// ", 12 walks", or ", paths 12, inputs used 3": what the method says of its mask; of walks --json says more.
std::string in_words(const MethodResult& result) {
  if (result.walks > 0) return fmt::format(", {} walks", result.walks);
  std::string words;
  for (const Detail& detail : result.details) {
    std::string key = detail.key;
    std::ranges::replace(key, '_', ' ');
    std::visit([&](const auto& value) { words += fmt::format(", {} {}", key, value); }, detail.value);
  }
  return words;
}

/// Refuses before any work what could not be written after it.
void check_output(const MaskCommand& command, const std::vector<MaskJob>& jobs) {
  std::error_code ignored;
  const std::pair<const char*, const std::string&> inputs[]{
      {"network", command.net}, {"weights", command.weights}, {"scores", command.scores}, {"mask", command.mask}};
  for (const MaskJob& job : jobs)
    for (const auto& [kind, input] : inputs)
      if (!input.empty() && fs::equivalent(job.file, input, ignored))
        fail(ExitCode::usage, "{}: found the {} file as output, expected another", job.file.string(), kind);
  check_writable_tensor_file(command.output);
}

/// The number of parameters to keep (0: as many as a number of paths has): by density, or the given mask's own, which a
/// density must not contradict.
std::int64_t target_of_job(const MaskCommand& command, const Method& method, const Source& source, const MaskJob& job) {
  if (command.paths > 0) return 0;
  if (!method.needs_mask) return target_of(job.density, source.network.prunable());
  const std::int64_t kept = source.input.mask.kept(), prunable = source.network.prunable();
  if (job.density > 0 && target_of(job.density, prunable) != kept)
    fail(ExitCode::usage, "--density: found {}, but {} keeps {} of {} parameters, and so does {}; leave --density out",
         job.density, command.mask, kept, prunable, method.name);
  return kept;
}

/// Makes the masks of a command, in order.
class Maker {
 public:
  Maker(const MaskCommand& command, const Source& source, const MaskSampler& sampler, std::vector<std::int64_t> targets)
      : command_(command), source_(source), sampler_(sampler), targets_(std::move(targets)) {}

  Made make(std::size_t index, const MaskJob& job) {
    const std::int64_t target = targets_[index];
    if (command_.effective_density) return effective(target, job);
    if (!command_.nested) return {job, target, sampler_.sample(target, job.seed)};
    if (nested_.empty()) nested_ = sampler_.nested(targets_, job.seed);
    return {job, target, std::move(nested_[index])};
  }

 private:
  [[nodiscard]] Made effective(std::int64_t wanted, const MaskJob& job) const {
    EffectiveMask found = meet_effective_density(
        source_.input.graph, wanted, [&](std::int64_t target) { return sampler_.sample(target, job.seed); });
    Made made{job, wanted, std::move(found.result)};
    made.result.details.insert(made.result.details.end(),
                               {{"method_target", found.target},
                                {"effective", found.effective},
                                {"effective_density", share(found.effective, source_.network.prunable())},
                                {"iterations", std::int64_t{found.iterations}}});
    command_.notice(fmt::format("{}: {} parameters on a path (wanted {}), after {} masks", job.file.string(),
                                found.effective, wanted, found.iterations));
    return made;
  }

  const MaskCommand& command_;
  const Source& source_;
  const MaskSampler& sampler_;
  std::vector<std::int64_t> targets_;
  std::vector<MethodResult> nested_;
};

void report(const MaskCommand& command, const Source& source, const std::vector<Json>& masks) {
  Json document{{"schema", {{"name", "phew-graph/mask"}, {"version", 1}}}, {"network", source.network.name()}};
  document["weights"] = source.weights.source.empty() ? Json() : Json(source.weights.source);
  document.update(masks.front());
  Json files = Json::array();
  for (const Json& mask : masks) files.push_back(mask["files"].front());
  document["files"] = files;
  if (command.nested || command.count > 1) document["masks"] = masks;
  print_json(document);
}

void run(const MaskCommand& command, const CLI::App& app) {
  if (command.list) return print_methods(command.json);
  const Method& method = find_method(command.method);
  check_mask_options(app, command, method);
  if (command.count > 1 && !method.reads(reads::seed))
    command.notice(fmt::format("{} draws nothing at random: the masks of all seeds are one", method.name));
  const std::vector<MaskJob> jobs = mask_jobs(command);
  check_output(command, jobs);
  Stopwatch watch;
  Seconds seconds;
  const Source source = load(command, method);
  std::vector<std::int64_t> targets;
  for (const MaskJob& job : jobs) targets.push_back(target_of_job(command, method, source, job));
  seconds.load = watch.lap();

  ProgressBar bar(command.quiet);
  const auto progress = [&](std::int64_t kept, std::int64_t all) { bar.update(kept, all, "parameters"); };
  const MaskSampler sampler =
      method.prepare(source.input, to_method_options(command, command.thread_count(), progress));
  seconds.prepare = watch.lap();

  Maker maker(command, source, sampler, targets);
  std::vector<Json> masks;
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    Made made = maker.make(i, jobs[i]);
    bar.clear();
    if (made.target == 0) made.target = made.result.kept;
    made.seconds = std::exchange(seconds, {});
    made.seconds.sample = watch.lap();
    const HoldInterrupts hold;
    write_mask_file(made.job.file, made.result.mask, source.network.parameters(),
                    metadata_of(command, method, source, made));
    made.seconds.write = watch.lap();
    command.notice(fmt::format("{}: kept {} of {} (target {}){}", made.job.file.string(), made.result.kept,
                               source.network.prunable(), made.target, in_words(made.result)));
    masks.push_back(to_json(command, source.network, made));
  }
  if (command.json) report(command, source, masks);
}

}  // namespace

void add_mask(CLI::App& app) {
  CLI::App* command = app.add_subcommand("mask", "Choose a subnetwork: one bit per prunable parameter");
  const auto options = std::make_shared<MaskCommand>();
  add_mask_command_options(*command, *options);
  command->callback([=] { run(*options, *command); });
}

}  // namespace phew::tools
