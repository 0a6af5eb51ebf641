// phew-graph similarity A… [--against B…]: Jaccard indices of masks, beside their chance levels.
#include "analysis/report.hpp"
#include "common/mask_sources.hpp"
#include "common/program.hpp"
#include "common/table.hpp"
#include "graph/io/mask_file.hpp"
#include "phew-graph/commands.hpp"

#include <algorithm>
#include <memory>

namespace phew::tools {
namespace {

namespace fs = std::filesystem;

struct SimilarityCommand : Globals {
  std::vector<std::string> group_a, group_b;  ///< files and folders
  bool zeros_are_pruned = false;
  PermutationOptions permutations;
};

/// All masks, group A first, and the tensors that they are for.
struct Masks {
  std::vector<Parameter> parameters;
  std::vector<Mask> masks;
  std::vector<MaskSource> sources;
  std::size_t a = 0;
};

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
      const TensorFile file = read_tensor_file(name);
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

std::string interval(const PairMean& mean) {
  return mean.low ? fmt::format("{:.4f} ... {:.4f}", *mean.low, *mean.high) : "-";
}

void print_pair(const Masks& all, const GroupSimilarity& groups) {
  for (const MaskSource& m : all.sources) fmt::print("{}: kept {}, density {:.6g}\n", m.file, m.kept, m.density);
  const Similarity& s = groups.pairs.front().similarity;
  Table table({"link", "parameters", "Jaccard", "chance", "corrected"});
  const auto row = [&](const std::string& name, std::int64_t size, const Jaccard& j) {
    table.add({name, fmt::format("{}", size), decimal(j.value), decimal(j.chance), decimal(j.corrected())});
  };
  row("whole", all.masks.front().size(), s.whole);
  for (std::size_t l = 0; l < all.parameters.size(); ++l)
    row(link_name(all.parameters[l]), all.parameters[l].size(), s.links[l]);
  fmt::print("\n{}\nchance from the overall densities alone: {}\n", table.text(), decimal(s.chance_global));
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

void print_groups(const Masks& all, const GroupSimilarity& groups) {
  const std::span<const MaskSource> sources = all.sources;
  print_group("A", sources.first(all.a));
  print_group("B", sources.subspan(all.a));
  Table whole({"masks", "pairs", "Jaccard", "std", "95 % interval", "chance", "chance global", "corrected"});
  for (const auto& [name, s] : kinds(groups))
    whole.add({name, fmt::format("{}", s->whole.value.pairs), decimal(s->whole.value.mean), decimal(s->whole.value.std),
               interval(s->whole.value), decimal(s->whole.chance.mean), decimal(s->chance_global.mean),
               decimal(s->whole.corrected.mean)});
  fmt::print("\n{}", whole.text());
  if (const auto& test = groups.test)
    fmt::print(
        "\nwithin groups - across groups: {:.4f}, p = {:.4g} ({} {} labelings; the smallest p possible is {:.4g})\n",
        test->statistic, test->p, test->exact ? "all" : "a sample of", test->labelings, test->smallest_p);

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

void run(const SimilarityCommand& command) {
  const Masks all = load_masks(command);
  const GroupSimilarity groups = compare_groups(all.masks, all.a, command.permutations);
  if (command.json)
    print_json(to_json(groups, all.parameters, all.sources, all.a));
  else if (all.masks.size() == 2)
    print_pair(all, groups);
  else
    print_groups(all, groups);
}

std::string definitions_text() {
  std::string text =
      "The keys of --json (schema: data/schema/similarity.json) and what they mean [source; \"paper\": Patil and\n"
      "Dovrolis 2021, \"own\": this toolkit]:\n";
  for (const Definition& d : similarity_definitions())
    text += fmt::format("  {}\n{}", d.key, wrapped(fmt::format("{} [{}]", d.text, d.source), 6));
  return text;
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
  command->add_option("--seed", options->permutations.seed, "Seed of that sample")
      ->check(seed_check())
      ->capture_default_str();
  add_globals(*command, *options);
  command->footer(definitions_text());
  command->callback([=] { run(*options); });
}

}  // namespace phew::tools
