#include "analysis/group_similarity.hpp"

#include "graph/error.hpp"

namespace phew {
namespace {

/// Which pairs a mean is over.
struct PairSet {
  std::size_t first = 0, count = 0;  ///< a group's masks, or the first group's and `across`
  bool across = false;
};

PairMean mean_over(const PairSet& set, const PairTable& table) {
  return set.across ? mean_across(table, set.count) : mean_within(table, set.first, set.count);
}

/// The table of one number of each pair.
template <typename Number>
PairTable tabulate(std::size_t masks, std::span<const MaskPair> pairs, Number&& number) {
  PairTable table(masks);
  for (const MaskPair& p : pairs) table.set(p.first, p.second, number(p.similarity));
  return table;
}

/// Means of value, chance and correction of the Jaccard index that `pick` takes from a similarity.
template <typename Pick>
JaccardSummary summarise(const PairSet& set, std::size_t masks, std::span<const MaskPair> pairs, Pick&& pick) {
  const auto mean = [&](auto&& number) {
    return mean_over(set, tabulate(masks, pairs, [&](const Similarity& s) { return number(pick(s)); }));
  };
  return {mean([](const Jaccard& j) { return j.value; }), mean([](const Jaccard& j) { return j.chance; }),
          mean([](const Jaccard& j) { return j.corrected(); }), mean([](const Jaccard& j) { return j.unaligned; }),
          mean([](const Jaccard& j) { return j.chance_error; })};
}

PairsSummary summarise(const PairSet& set, std::size_t masks, std::span<const MaskPair> pairs) {
  PairsSummary summary;
  summary.whole = summarise(set, masks, pairs, [](const Similarity& s) { return s.whole; });
  summary.chance_global = mean_over(set, tabulate(masks, pairs, [](const Similarity& s) { return s.chance_global; }));
  for (std::size_t l = 0; l < pairs.front().similarity.links.size(); ++l)
    summary.links.push_back(summarise(set, masks, pairs, [l](const Similarity& s) { return s.links[l]; }));
  return summary;
}

}  // namespace

GroupSimilarity compare_groups(std::span<const Mask> masks, std::size_t a, const PermutationOptions& options) {
  std::vector<MaskPair> pairs;
  for (std::size_t i = 0; i < masks.size(); ++i)
    for (std::size_t j = i + 1; j < masks.size(); ++j) pairs.push_back({i, j, similarity(masks[i], masks[j])});
  return compare_groups(std::move(pairs), masks.size(), a, options);
}

GroupSimilarity compare_groups(std::vector<MaskPair> pairs, std::size_t n, std::size_t a,
                               const PermutationOptions& options) {
  if (n < 2 || a == 0 || a > n || pairs.size() != n * (n - 1) / 2)
    fail(ExitCode::internal, "compare_groups: found {} pairs of {} masks, {} in group A", pairs.size(), n, a);
  GroupSimilarity result;
  result.pairs = std::move(pairs);
  const std::size_t b = n - a;
  if (a > 1) result.within_a = summarise({0, a, false}, n, result.pairs);
  if (b > 1) result.within_b = summarise({a, b, false}, n, result.pairs);
  if (b == 0) return result;
  result.across = summarise({0, a, true}, n, result.pairs);
  result.test =
      permutation_test(tabulate(n, result.pairs, [](const Similarity& s) { return s.whole.value; }), a, options);
  return result;
}

}  // namespace phew
