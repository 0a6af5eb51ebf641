// phew-graph similarity A… [--against B…] [--align]: Jaccard indices of masks, beside their chance levels.
#include "analysis/aligned_similarity.hpp"
#include "analysis/report.hpp"
#include "analysis/similarity_csv.hpp"
#include "analysis/unit_blocks.hpp"
#include "common/mask_sources.hpp"
#include "common/network_options.hpp"
#include "common/program.hpp"
#include "common/progress.hpp"
#include "common/table.hpp"
#include "graph/io/atomic_file.hpp"
#include "graph/io/mask_file.hpp"
#include "graph/zoo.hpp"
#include "phew-graph/commands.hpp"
#include "phew-graph/definitions_text.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <set>

namespace phew::tools {
namespace {

namespace fs = std::filesystem;

struct SimilarityCommand : Globals {
  std::vector<std::string> group_a, group_b;  ///< files and folders
  bool zeros_are_pruned = false;
  PermutationOptions permutations;
  bool align = false;
  NetworkOptions network;  ///< to align; without NET the one that the masks' metadata name
  std::int64_t chance_pairs = 20;
  std::string csv;  ///< file; empty: none
};

/// All masks, group A first, and the tensors that they are for.
struct Masks {
  std::vector<Parameter> parameters;
  std::vector<Mask> masks;
  std::vector<MaskSource> sources;
  std::size_t a = 0;
  std::set<std::string> networks;  ///< that the masks' metadata name
};

/// A mask compared with itself agrees, and would count as a pair.
void check_new(const fs::path& name, const Masks& all) {
  std::error_code ignored;
  for (const MaskSource& other : all.sources)
    if (fs::equivalent(name, other.file, ignored))
      fail(ExitCode::usage, "{}: found it twice, expected each mask once; leave one out", name.string());
}

/// Throws unless the file has no tensors beyond those of the first mask; what it misses, reading it tells.
void check_same_network(const TensorFile& file, const Masks& all) {
  std::vector<std::string> names;
  for (const Parameter& p : all.parameters) names.push_back(p.name);
  for (const Parameter& p : masked_parameters(file))
    if (std::ranges::count(names, p.name) == 0)
      fail(ExitCode::data,
           "{}: {}: found a tensor that {} has not, expected masks of one network; the nearest there is {}",
           file.path.string(), p.name, all.sources.front().file, nearest_name(p.name, names));
}

void add_masks(Masks& all, const std::vector<std::string>& paths, const MaskFileOptions& options) {
  for (const std::string& path : paths) {
    for (const fs::path& name : mask_files(path)) {
      check_new(name, all);
      const TensorFile file = read_tensor_file(name);
      if (const auto network = file.metadata.find("network"); network != file.metadata.end())
        all.networks.insert(network->second);
      if (all.parameters.empty())
        all.parameters = masked_parameters(file);
      else
        check_same_network(file, all);
      all.masks.push_back(mask_from_tensors(file, all.parameters, options));
      all.sources.push_back({name.string(), all.masks.back().kept(), all.masks.back().density()});
    }
  }
}

Masks load_masks(const SimilarityCommand& command) {
  Masks all;
  const MaskFileOptions options{.zeros_are_pruned = command.zeros_are_pruned};
  add_masks(all, command.group_a, options);
  all.a = all.masks.size();
  add_masks(all, command.group_b, options);
  if (all.masks.size() < 2)
    fail(ExitCode::usage, "similarity: found one mask, expected at least two; name another or give --against");
  return all;
}

/// Says so where files hold one mask: such pairs agree for a reason of their own.
void notice_equal_masks(const SimilarityCommand& command, const Masks& all) {
  for (std::size_t i = 0; i < all.masks.size(); ++i)
    for (std::size_t j = i + 1; j < all.masks.size(); ++j)
      if (all.masks[i] == all.masks[j])
        command.notice(fmt::format("{} and {} hold the same mask", all.sources[i].file, all.sources[j].file));
}

/// The network to align in; its parameters become those of the masks, in its order.
Network network_of(const SimilarityCommand& command, Masks& all) {
  NetworkOptions options = command.network;
  if (options.net.empty()) {
    if (all.networks.size() != 1)
      fail(ExitCode::usage, "--align: found {} networks named in the masks' metadata, expected one; give --network",
           all.networks.size());
    options.net = *all.networks.begin();
  }
  Network network = load_network(options, command).network;
  const auto parameters = network.parameters();
  std::vector<std::size_t> place;  // of each of the network's parameters in the masks
  for (const Parameter& p : parameters) {
    const auto found = std::ranges::find_if(
        all.parameters, [&](const Parameter& other) { return other.name == p.name && other.shape == p.shape; });
    if (found == all.parameters.end())
      fail(ExitCode::data, "{}: {}: found no such tensor of shape {}, expected masks of {}; give their --network",
           all.sources.front().file, p.name, to_string(p.shape), options.net);
    place.push_back(static_cast<std::size_t>(found - all.parameters.begin()));
  }
  if (all.parameters.size() != parameters.size())
    fail(ExitCode::data, "{}: found {} tensors, expected the {} of {}; give the masks' --network",
         all.sources.front().file, all.parameters.size(), parameters.size(), options.net);
  for (Mask& mask : all.masks) {
    Mask ordered(parameters);
    for (std::size_t t = 0; t < place.size(); ++t) ordered[t] = std::move(mask[place[t]]);
    mask = std::move(ordered);
  }
  all.parameters.assign(parameters.begin(), parameters.end());
  return network;
}

/// A comparison, and how its pairs were aligned, if they were.
struct Comparison {
  GroupSimilarity groups;
  std::optional<AlignSource> align;
};

Comparison compare(const SimilarityCommand& command, Masks& all) {
  if (!command.align) return {compare_groups(all.masks, all.a, command.permutations), {}};
  const Network network = network_of(command, all);
  const LayeredGraph graph(network);
  AlignSource align{network.name(), 0, command.chance_pairs, command.permutations.seed};
  for (const UnitBlock& block : unit_blocks(graph).blocks)
    align.units += static_cast<std::int64_t>(block.vertices.size());
  ProgressBar bar(command.quiet);
  const AlignOptions options{
      .chance_pairs = command.chance_pairs,
      .seed = command.permutations.seed,
      .threads = command.thread_count(),
      .progress = [&](std::int64_t done, std::int64_t total) { bar.update(done, total, "alignments"); }};
  auto pairs = aligned_pairs(graph, all.masks, options);
  return {compare_groups(std::move(pairs), all.masks.size(), all.a, command.permutations), std::move(align)};
}

std::string interval(const PairMean& mean) {
  return mean.low ? fmt::format("{:.4f} ... {:.4f}", *mean.low, *mean.high) : "-";
}

/// What was aligned, and how well chance is known.
void print_align(const AlignSource& align, const PairsSummary& asked) {
  const std::optional<double>& error = asked.whole.chance_error.mean;
  fmt::print(
      "Aligned: {} hidden units of {} may change places. Chance: the mean of {} random mask pairs with as\n"
      "many parameters of each link, aligned the same way; standard error {} for the whole.\n",
      align.units, align.network, align.chance_pairs, error ? fmt::format("{:.2g}", *error) : "-");
}

void print_pair(const Masks& all, const Comparison& comparison) {
  for (const MaskSource& m : all.sources) fmt::print("{}: kept {}, density {:.6g}\n", m.file, m.kept, m.density);
  const Similarity& s = comparison.groups.pairs.front().similarity;
  const bool aligned = comparison.align.has_value();
  std::vector<std::string> header{"link", "parameters", "Jaccard", "chance", "corrected"};
  if (aligned) header.push_back("unaligned");
  Table table(header);
  const auto row = [&](const std::string& name, std::int64_t size, const Jaccard& j) {
    std::vector<std::string> cells{name, fmt::format("{}", size), decimal(j.value), decimal(j.chance),
                                   decimal(j.corrected())};
    if (aligned) cells.push_back(decimal(j.unaligned));
    table.add(std::move(cells));
  };
  row("whole", all.masks.front().size(), s.whole);
  for (std::size_t l = 0; l < all.parameters.size(); ++l)
    row(link_name(all.parameters[l]), all.parameters[l].size(), s.links[l]);
  fmt::print("\n{}\n", table.text());
  if (aligned)
    print_align(*comparison.align, comparison.groups.asked());
  else
    fmt::print("chance from the overall densities alone: {}\n", decimal(s.chance_global));
}

/// The three kinds of pairs that exist, with their names.
std::vector<std::pair<std::string, const PairsSummary*>> kinds(const GroupSimilarity& groups) {
  std::vector<std::pair<std::string, const PairsSummary*>> list;
  if (groups.within_a) list.emplace_back("within A", &*groups.within_a);
  if (groups.within_b) list.emplace_back("within B", &*groups.within_b);
  if (groups.across) list.emplace_back("across", &*groups.across);
  return list;
}

void print_group(const char* name, std::span<const MaskSource> masks) {
  if (masks.empty()) return;
  const auto [low, high] = std::ranges::minmax(masks, {}, &MaskSource::density);
  fmt::print("group {}: {} mask{}, density {:.6g}", name, masks.size(), masks.size() == 1 ? "" : "s", low.density);
  if (high.density > low.density) fmt::print(" ... {:.6g}", high.density);
  fmt::print(" ({})\n", shortened(masks.front().file, 50));
}

void print_whole(const Comparison& comparison) {
  const bool aligned = comparison.align.has_value();
  Table whole({"masks", "pairs", "Jaccard", "std", "95 % interval", "chance", aligned ? "unaligned" : "chance global",
               "corrected"});
  for (const auto& [name, s] : kinds(comparison.groups))
    whole.add({name, fmt::format("{}", s->whole.value.pairs), decimal(s->whole.value.mean), decimal(s->whole.value.std),
               interval(s->whole.value), decimal(s->whole.chance.mean),
               decimal(aligned ? s->whole.unaligned.mean : s->chance_global.mean), decimal(s->whole.corrected.mean)});
  fmt::print("\n{}", whole.text());
  if (const auto& test = comparison.groups.test)
    fmt::print(
        "\nwithin groups - across groups: {:.4f}, p = {:.4g} ({} {} labelings; the smallest p possible is {:.4g})\n",
        test->statistic, test->p, test->exact ? "all" : "a sample of", test->labelings, test->smallest_p);
}

void print_links(const Masks& all, const GroupSimilarity& groups) {
  std::vector<std::string> header{"link"};
  for (const auto& [name, s] : kinds(groups)) header.push_back(name);
  header.insert(header.end(), {"std", "95 % interval", "chance", "corrected"});
  Table links(header);
  for (std::size_t l = 0; l < all.parameters.size(); ++l) {
    std::vector<std::string> cells{link_name(all.parameters[l])};
    for (const auto& [name, s] : kinds(groups)) cells.push_back(decimal(s->links[l].value.mean));
    const JaccardSummary& asked = groups.asked().links[l];
    cells.insert(cells.end(), {decimal(asked.value.std), interval(asked.value), decimal(asked.chance.mean),
                               decimal(asked.corrected.mean)});
    links.add(std::move(cells));
  }
  fmt::print("\n{}", links.text());
  fmt::print("The last four columns are of the pairs {}.\n", groups.across ? "across the groups" : "within A");
}

void print_groups(const Masks& all, const Comparison& comparison) {
  const std::span<const MaskSource> sources = all.sources;
  print_group("A", sources.first(all.a));
  print_group("B", sources.subspan(all.a));
  print_whole(comparison);
  print_links(all, comparison.groups);
  if (comparison.align) print_align(*comparison.align, comparison.groups.asked());
}

/// Refuses before any work what could not be written after it.
void check_csv(const SimilarityCommand& command, const Masks& all) {
  std::error_code ignored;
  for (const MaskSource& m : all.sources)
    if (fs::equivalent(command.csv, m.file, ignored))
      fail(ExitCode::usage, "{}: found a mask as output, expected another file", command.csv);
  (void)AtomicFile(command.csv);
}

void run(const SimilarityCommand& command) {
  Masks all = load_masks(command);
  if (!command.csv.empty()) check_csv(command, all);
  notice_equal_masks(command, all);
  const Comparison comparison = compare(command, all);
  if (!command.csv.empty())
    write_file(command.csv, to_csv(comparison.groups, all.parameters, all.masks, all.sources, all.a));
  if (command.json)
    print_json(to_json(comparison.groups, all.parameters, all.sources, all.a, comparison.align));
  else if (all.masks.size() == 2)
    print_pair(all, comparison);
  else
    print_groups(all, comparison);
}

void add_align_options(CLI::App& command, SimilarityCommand& options) {
  CLI::Option* align = command.add_flag(
      "--align", options.align,
      "First match the hidden units of each pair so that the masks overlap the most: masks of different "
      "initialisations are alike only up to the order of units");
  command
      .add_option(
          "--network", options.network.net,
          "Network of the masks, for --align; without it the one that their metadata name. Built-in:\n" + zoo_help())
      ->needs(align);
  command
      .add_option("--align-chance", options.chance_pairs,
                  "Random mask pairs to align for the chance level, which aligning raises")
      ->check(CLI::Range(std::int64_t{20}, std::int64_t{1'000'000}))
      ->needs(align)
      ->capture_default_str();
}

}  // namespace

void add_similarity(CLI::App& app) {
  CLI::App* command = app.add_subcommand("similarity", "Jaccard indices of masks, beside their chance levels");
  const auto options = std::make_shared<SimilarityCommand>();
  command->add_option("A", options->group_a, "Masks of one network: files, or folders of them")->required();
  command->add_option("--against", options->group_b,
                      "A second group of masks: pairs across, and a test between groups. Masks that one method, or two "
                      "that walk, made with the same seed share random numbers: give such groups different seeds");
  command->add_flag("--zeros-are-pruned", options->zeros_are_pruned, "Read the zeros of weight files as pruned");
  command
      ->add_option("--permutations", options->permutations.samples,
                   "Labelings to sample for the test where they are too many to go through all")
      ->check(CLI::Range(std::int64_t{99}, std::int64_t{10'000'000}))
      ->capture_default_str();
  command->add_option("--seed", options->permutations.seed, "Seed of that sample, and of the masks of --align-chance")
      ->check(seed_check())
      ->capture_default_str();
  add_align_options(*command, *options);
  command->add_option("--csv", options->csv, "Write all pairs, whole and link by link, to this file as CSV");
  add_globals(*command, *options);
  command->footer(definitions_text(similarity_definitions(), "data/schema/similarity.json"));
  command->callback([=] { run(*options); });
}

}  // namespace phew::tools
