#include "analysis/aligned_similarity.hpp"

#include "analysis/unit_matching.hpp"
#include "graph/parallel.hpp"
#include "graph/random_stream.hpp"

#include <cmath>
#include <map>
#include <mutex>

namespace phew {
namespace {

std::size_t at(std::int64_t index) { return static_cast<std::size_t>(index); }

/// Kept parameters by tensor.
using Counts = std::vector<std::int64_t>;

Counts counts_of(const Mask& mask) {
  Counts counts;
  for (std::size_t t = 0; t < mask.tensor_count(); ++t) counts.push_back(mask[t].count());
  return counts;
}

/// Random masks take streams from here on; the labelings of permutation_test, which may have the same seed, take those
/// below.
constexpr std::uint64_t first_mask_stream = std::uint64_t{1} << 40;

/// Exactly counts[t] parameters of tensor t, every choice of them equally likely: Floyd's sampling (random number j of
/// 0 … j, or j itself if that is taken). Mask `index` of a seed has its own streams, one a tensor.
Mask random_mask(std::span<const Parameter> parameters, const Counts& counts, std::uint64_t seed, std::uint64_t index) {
  Mask mask(parameters);
  for (std::size_t t = 0; t < counts.size(); ++t) {
    const RandomStream stream(seed, Purpose::simulation, first_mask_stream + index * counts.size() + t);
    BitMatrix& bits = mask[t];
    const std::int64_t size = bits.rows() * bits.columns();
    for (std::int64_t j = size - counts[t]; j < size; ++j) {
      const auto random = stream.block(static_cast<std::uint32_t>(j - (size - counts[t])));
      const auto other = static_cast<std::int64_t>(below(static_cast<std::uint64_t>(j) + 1, random[0], random[1]));
      if (!bits.set(other / bits.columns(), other % bits.columns())) bits.set(j / bits.columns(), j % bits.columns());
    }
  }
  return mask;
}

/// Mean and standard error, in the order of the values.
struct Mean {
  std::optional<double> mean, error;
};

Mean mean_of(const std::vector<double>& values) {
  if (values.empty()) return {};
  const auto n = static_cast<double>(values.size());
  double sum = 0, squares = 0;
  for (const double v : values) sum += v;
  for (const double v : values) squares += (v - sum / n) * (v - sum / n);
  if (values.size() == 1) return {sum, {}};
  return {sum / n, std::sqrt(squares / (n - 1) / n)};
}

/// What aligning makes of random masks that keep these numbers of parameters.
struct Chance {
  explicit Chance(std::int64_t pairs) : samples(at(pairs)) {}

  std::vector<Similarity> samples;
  Mean whole{};
  std::vector<Mean> links{};

  void finish() {
    const auto over = [&](auto&& pick) {
      std::vector<double> values;
      for (const Similarity& s : samples)
        if (const std::optional<double>& value = pick(s).value) values.push_back(*value);
      return mean_of(values);
    };
    whole = over([](const Similarity& s) -> const Jaccard& { return s.whole; });
    for (std::size_t l = 0; l < samples.front().links.size(); ++l)
      links.push_back(over([l](const Similarity& s) -> const Jaccard& { return s.links[l]; }));
  }
};

/// All alignments of a comparison: of the pairs, and of random pairs in their stead.
class Comparison {
 public:
  Comparison(const LayeredGraph& graph, std::span<const Mask> masks, const AlignOptions& options)
      : graph_(graph), masks_(masks), options_(options), matcher_(graph) {
    for (const Mask& mask : masks) counts_.push_back(counts_of(mask));
    for (std::size_t i = 0; i < masks.size(); ++i)
      for (std::size_t j = i + 1; j < masks.size(); ++j) {
        pairs_.push_back({i, j, {}});
        chances_.try_emplace(chance_key(i, j), options.chance_pairs);
      }
  }

  std::vector<MaskPair> run() {
    std::vector<std::pair<const ChanceKey*, Chance*>> chances;
    for (auto& [key, chance] : chances_) chances.emplace_back(&key, &chance);
    const auto pairs = static_cast<std::int64_t>(pairs_.size());
    const std::int64_t total = pairs + static_cast<std::int64_t>(chances.size()) * options_.chance_pairs;
    parallel_for(options_.threads, total, [&](std::int64_t task) {
      if (task < pairs) {
        MaskPair& pair = pairs_[at(task)];
        pair.similarity = aligned(masks_[pair.first], masks_[pair.second]);
      } else {
        const std::int64_t sample = (task - pairs) % options_.chance_pairs;
        const auto& [key, chance] = chances[at((task - pairs) / options_.chance_pairs)];
        chance->samples[at(sample)] = random_pair(*key, static_cast<std::uint64_t>(sample));
      }
      report(total);
    });
    for (const auto& [key, chance] : chances) chance->finish();
    for (MaskPair& pair : pairs_) complete(pair);
    return std::move(pairs_);
  }

 private:
  /// Numbers of kept parameters of both masks, the smaller first: which of two random masks is aligned to which says
  /// nothing.
  using ChanceKey = std::pair<Counts, Counts>;

  [[nodiscard]] ChanceKey chance_key(std::size_t i, std::size_t j) const {
    return counts_[j] < counts_[i] ? ChanceKey{counts_[j], counts_[i]} : ChanceKey{counts_[i], counts_[j]};
  }
  [[nodiscard]] Similarity aligned(const Mask& a, const Mask& b) const {
    return similarity(a, relabelled(graph_, b, matcher_.match(a, b)));
  }
  [[nodiscard]] Similarity random_pair(const ChanceKey& counts, std::uint64_t sample) const {
    return aligned(random_mask(graph_.parameters(), counts.first, options_.seed, 2 * sample),
                   random_mask(graph_.parameters(), counts.second, options_.seed, 2 * sample + 1));
  }
  void report(std::int64_t total) {
    if (!options_.progress) return;
    const std::lock_guard lock(mutex_);
    options_.progress(++done_, total);
  }
  /// Puts what was before aligning, and chance, beside a pair's indices.
  void complete(MaskPair& pair) const {
    const Similarity before = similarity(masks_[pair.first], masks_[pair.second]);
    const Chance& chance = chances_.at(chance_key(pair.first, pair.second));
    const auto complete = [](Jaccard& j, const Jaccard& unaligned, const Mean& mean) {
      j.unaligned = unaligned.value;
      j.chance = mean.mean;
      j.chance_error = mean.error;
    };
    Similarity& s = pair.similarity;
    complete(s.whole, before.whole, chance.whole);
    for (std::size_t l = 0; l < s.links.size(); ++l) complete(s.links[l], before.links[l], chance.links[l]);
    s.chance_global.reset();
  }

  const LayeredGraph& graph_;
  std::span<const Mask> masks_;
  const AlignOptions& options_;
  UnitMatcher matcher_;
  std::vector<Counts> counts_;  ///< by mask
  std::vector<MaskPair> pairs_;
  std::map<ChanceKey, Chance> chances_;
  std::int64_t done_ = 0;
  std::mutex mutex_;
};

}  // namespace

std::vector<MaskPair> aligned_pairs(const LayeredGraph& graph, std::span<const Mask> masks,
                                    const AlignOptions& options) {
  for (const Mask& mask : masks) (void)graph.masked(mask);  // refuses what does not fit
  return Comparison(graph, masks, options).run();
}

}  // namespace phew
