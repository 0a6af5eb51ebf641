#include "analysis/similarity_csv.hpp"

#include <fmt/format.h>

namespace phew {
namespace {

/// A text as a field: quoted where it holds what would end it.
std::string field(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + '"';
}

std::string field(const std::optional<double>& number) { return number ? fmt::format("{}", *number) : ""; }

/// What a line is about, besides its pair.
struct Scope {
  std::string names;  ///< scope, link, parameter
  std::int64_t prunable = 0, kept_first = 0, kept_second = 0;
};

std::string line(const std::string& pair, const Scope& scope, const Jaccard& j,
                 const std::optional<double>& chance_global) {
  return fmt::format("{},{},{},{},{},{},{},{},{},{},{}\n", pair, scope.names, scope.prunable, scope.kept_first,
                     scope.kept_second, field(j.value), field(j.chance), field(j.chance_error), field(chance_global),
                     field(j.corrected()), field(j.unaligned));
}

const char* group_of(const MaskPair& pair, std::size_t a) {
  if (pair.second < a) return "within_a";
  return pair.first >= a ? "within_b" : "across";
}

}  // namespace

std::string to_csv(const GroupSimilarity& groups, std::span<const Parameter> parameters, std::span<const Mask> masks,
                   std::span<const MaskSource> sources, std::size_t a) {
  std::string text =
      "group,first,second,scope,link,parameter,prunable,kept_first,kept_second,jaccard,chance,chance_error,"
      "chance_global,corrected,unaligned\n";
  for (const MaskPair& pair : groups.pairs) {
    const Mask &first = masks[pair.first], &second = masks[pair.second];
    const Similarity& s = pair.similarity;
    const std::string names =
        fmt::format("{},{},{}", group_of(pair, a), field(sources[pair.first].file), field(sources[pair.second].file));
    text += line(names, {"whole,,", first.size(), first.kept(), second.kept()}, s.whole, s.chance_global);
    for (std::size_t l = 0; l < parameters.size(); ++l)
      text += line(names,
                   {fmt::format("link,{},{}", field(link_name(parameters[l])), field(parameters[l].name)),
                    parameters[l].size(), first[l].count(), second[l].count()},
                   s.links[l], {});
  }
  return text;
}

}  // namespace phew
