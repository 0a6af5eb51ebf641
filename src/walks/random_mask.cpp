#include "walks/random_mask.hpp"

#include "graph/error.hpp"
#include "graph/parallel.hpp"

#include <algorithm>

namespace phew {
namespace {

/// Consecutive tensors within which parameters are drawn together: all of them, or one.
struct Region {
  std::size_t first = 0, count = 0;
};

std::vector<Region> regions_of(std::size_t tensors, std::size_t counts) {
  if (counts == 1) return {{0, tensors}};
  if (counts != tensors) fail(ExitCode::internal, "found {} counts for {} tensors", counts, tensors);
  std::vector<Region> regions;
  for (std::size_t i = 0; i < tensors; ++i) regions.push_back({i, 1});
  return regions;
}

/// Positions 0 … size − 1 of a region's tensors as bits of their mask.
class Positions {
 public:
  Positions(Mask& mask, const Region& region) : mask_(mask), first_(region.first), ends_(region.count) {
    for (std::size_t i = 0; i < region.count; ++i) {
      const BitMatrix& bits = mask[first_ + i];
      ends_[i] = (i == 0 ? 0 : ends_[i - 1]) + bits.rows() * bits.columns();
    }
  }
  [[nodiscard]] std::int64_t size() const { return ends_.empty() ? 0 : ends_.back(); }
  /// Sets a bit; returns whether it was 0.
  bool set(std::int64_t position) {
    const auto tensor = static_cast<std::size_t>(std::ranges::upper_bound(ends_, position) - ends_.begin());
    BitMatrix& bits = mask_[first_ + tensor];
    const std::int64_t offset = position - (tensor == 0 ? 0 : ends_[tensor - 1]);
    return bits.set(offset / bits.columns(), offset % bits.columns());
  }

 private:
  Mask& mask_;
  std::size_t first_;
  std::vector<std::int64_t> ends_;
};

/// Subsets of 0 … size − 1, one after another; no two share random numbers.
class Subsets {
 public:
  Subsets(std::uint64_t seed, Purpose purpose) : seed_(seed), purpose_(purpose) {}

  /// Floyd's algorithm: for j = size − count … size − 1 take a random one of 0 … j, or j itself if that is taken.
  /// `set` marks a number and returns whether it was unmarked.
  template <typename Set>
  void draw(std::int64_t size, std::int64_t count, Set&& set) {
    if (count < 0 || count > size) fail(ExitCode::internal, "cannot keep {} of {} parameters", count, size);
    for (std::int64_t j = size - count; j < size; ++j) {
      const auto bits = RandomStream(seed_, purpose_, used_ + static_cast<std::uint64_t>(j)).block(0);
      const auto other = static_cast<std::int64_t>(below(static_cast<std::uint64_t>(j) + 1, bits[0], bits[1]));
      if (!set(other)) set(j);
    }
    used_ += static_cast<std::uint64_t>(size);
  }

 private:
  std::uint64_t seed_;
  Purpose purpose_;
  std::uint64_t used_ = 0;  ///< streams
};

/// `counts` of the parameters that `from` keeps.
Mask thinned(std::span<const Parameter> parameters, const Mask& from, const Counts& counts, Subsets& subsets) {
  Mask mask(parameters);
  const std::vector<Region> regions = regions_of(parameters.size(), counts.size());
  for (std::size_t r = 0; r < regions.size(); ++r) {
    const Region& region = regions[r];
    std::int64_t kept = 0;
    for (std::size_t i = region.first; i < region.first + region.count; ++i) kept += from[i].count();
    BitMatrix chosen(1, kept);  // by rank among the kept
    subsets.draw(kept, counts[r], [&](std::int64_t rank) { return chosen.set(0, rank); });
    std::int64_t rank = 0;
    for (std::size_t i = region.first; i < region.first + region.count; ++i)
      for (std::int64_t row = 0; row < from[i].rows(); ++row)
        for_each_set(from[i].row(row), [&](std::int64_t column) {
          if (chosen.test(0, rank++)) mask[i].set(row, column);
        });
  }
  return mask;
}

}  // namespace

Mask random_mask(std::span<const Parameter> parameters, std::int64_t target, std::uint64_t seed, Scope scope) {
  const Counts counts = scope == Scope::global ? Counts{target} : shares(parameters, target);
  return std::move(random_masks(parameters, std::span(&counts, 1), seed, Purpose::random_mask).front());
}

std::vector<Mask> random_masks(std::span<const Parameter> parameters, std::span<const Counts> counts,
                               std::uint64_t seed, Purpose purpose) {
  std::vector<Mask> masks;
  Subsets subsets(seed, purpose);
  for (const Counts& each : counts) {
    if (!masks.empty()) {
      masks.push_back(thinned(parameters, masks.back(), each, subsets));
      continue;
    }
    Mask& mask = masks.emplace_back(parameters);
    const std::vector<Region> regions = regions_of(parameters.size(), each.size());
    for (std::size_t r = 0; r < regions.size(); ++r) {
      Positions positions(mask, regions[r]);
      subsets.draw(positions.size(), each[r], [&](std::int64_t position) { return positions.set(position); });
    }
  }
  return masks;
}

Mask bernoulli_mask(std::span<const Parameter> parameters, double chance, std::uint64_t seed, int threads) {
  Mask mask(parameters);
  std::uint64_t before = 0;  // parameters of earlier tensors
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    BitMatrix& bits = mask[i];
    parallel_for(threads, bits.rows(), [&](std::int64_t row) {
      const std::uint64_t first = before + static_cast<std::uint64_t>(row * bits.columns());
      RandomStream::Block block{};
      for (std::int64_t column = 0; column < bits.columns(); ++column) {
        const std::uint64_t position = first + static_cast<std::uint64_t>(column);
        const std::size_t half = position % 2 * 2;
        if (column == 0 || half == 0) block = RandomStream(seed, Purpose::bernoulli_mask, position / 2).block(0);
        if (unit_interval(block[half], block[half + 1]) < chance) bits.set(row, column);
      }
    });
    before += static_cast<std::uint64_t>(parameters[i].size());
  }
  return mask;
}

}  // namespace phew
