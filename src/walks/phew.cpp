#include "walks/phew.hpp"

#include "graph/error.hpp"
#include "walks/walk_sequence.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>

namespace phew {
namespace {

/// The mask that grows, walk by walk.
class Growth {
 public:
  explicit Growth(const Walker& walker)
      : walker_(walker), grown_{Mask(graph().parameters())}, starts_(static_cast<std::size_t>(graph().unit_count())) {
    for (const Link& link : graph().links()) bits_.push_back(link.fixed() ? nullptr : &grown_.mask[link.parameter]);
  }
  Growth(const Growth&) = delete;  // bits_ points into the mask
  Growth& operator=(const Growth&) = delete;

  void add(std::span<const Kept> steps, const WalkEnds& ends) {
    for (const Kept& step : steps) grown_.kept += mark(step);
    const auto count = static_cast<std::int64_t>(steps.size());
    grown_.shortest = grown_.walks == 0 ? count : std::min(grown_.shortest, count);
    grown_.longest = std::max(grown_.longest, count);
    grown_.steps += count;
    ++grown_.walks;
    ++starts_[static_cast<std::size_t>(ends.start)];
  }
  /// Brings what add() will touch near.
  void fetch(std::span<const Kept> steps) const {
    for (const Kept& step : steps) bits_[step.link]->prefetch(step.row, step.first);
  }
  void count_drawn(std::size_t walks) { grown_.drawn += static_cast<std::int64_t>(walks); }

  [[nodiscard]] std::int64_t kept() const { return grown_.kept; }
  [[nodiscard]] std::int64_t walks() const { return grown_.walks; }

  [[nodiscard]] WalkMask result() const {
    WalkMask result = grown_;
    result.inputs = start_counts(walker_.starts(Direction::forward));
    result.outputs = start_counts(walker_.starts(Direction::reverse));
    return result;
  }

 private:
  [[nodiscard]] const LayeredGraph& graph() const { return walker_.graph(); }

  /// Sets a step's bits and returns how many were new.
  std::int64_t mark(const Kept& step) {
    BitMatrix& bits = *bits_[step.link];
    if (step.count == 1) return bits.set(step.row, step.first) ? 1 : 0;
    const BitMatrix* within = graph().has_mask() ? &graph().mask()[graph().links()[step.link].parameter] : nullptr;
    std::int64_t fresh = 0;
    for (std::int64_t p = step.first; p < step.last(); ++p)
      if (within == nullptr || within->test(step.row, p)) fresh += bits.set(step.row, p) ? 1 : 0;
    return fresh;
  }

  [[nodiscard]] StartCounts start_counts(std::span<const std::int64_t> units) const {
    const auto uses = [&](std::int64_t unit) { return starts_[static_cast<std::size_t>(unit)]; };
    return {uses(*std::ranges::min_element(units, {}, uses)), uses(*std::ranges::max_element(units, {}, uses))};
  }

  const Walker& walker_;
  WalkMask grown_;                    ///< its start counts are worked out at last
  std::vector<BitMatrix*> bits_;      ///< by link
  std::vector<std::int64_t> starts_;  ///< by vertex
};

/// No walk keeps more than this: everything that lies on one edge of every link.
double greatest_yield(const Walker& walker) {
  double most = 0;
  for (const Link& link : walker.graph().links())
    if (!link.fixed())
      most += walker.options().granularity == Granularity::kernel ? static_cast<double>(link.kernel) : 1;
  return most;
}

[[noreturn]] void unreachable_density(std::int64_t target, std::int64_t reached, std::int64_t prunable,
                                      std::string_view why, std::string_view advice) {
  const auto share = [&](std::int64_t n) { return static_cast<double>(n) / static_cast<double>(prunable); };
  fail(ExitCode::data, "density {:.6g}: found {:.6g} ({} of {} parameters) {}, expected {} parameters; {}",
       share(target), share(reached), reached, prunable, why, target, advice);
}

/// How many walks to draw next: what the last batch's yield says is still needed, so that few are wasted.
std::size_t next_batch(std::int64_t missing, double yield, std::size_t most) {
  constexpr double least = 16;
  const double needed = static_cast<double>(missing) / std::max(yield, 1e-3);
  return static_cast<std::size_t>(
      std::clamp(needed, std::min(least, static_cast<double>(most)), static_cast<double>(most)));
}

}  // namespace

std::int64_t target_of(double density, std::int64_t prunable) {
  if (!(density > 0) || !(density <= 1))
    fail(ExitCode::usage, "density: found {}, expected a number above 0 and at most 1", density);
  const std::int64_t target = std::llround(density * static_cast<double>(prunable));
  if (target == 0)
    fail(ExitCode::usage, "density: found {}, expected one that keeps at least one of {} parameters", density,
         prunable);
  return target;
}

WalkMask keep_walks(const Walker& walker, std::int64_t target, std::uint64_t seed, int threads,
                    const Progress& progress) {
  return std::move(keep_walks_nested(walker, {&target, 1}, seed, threads, progress).front());
}

std::vector<WalkMask> keep_walks_nested(const Walker& walker, std::span<const std::int64_t> targets, std::uint64_t seed,
                                        int threads, const Progress& progress) {
  if (targets.empty() || !std::ranges::is_sorted(targets, std::greater<>{}))
    fail(ExitCode::internal, "nested masks need falling targets");
  const std::int64_t prunable = walker.graph().prunable();
  const std::int64_t last = targets.front();
  const std::int64_t most = walker.options().max_walks > 0 ? walker.options().max_walks : 64 * prunable + 1'000'000;
  WalkSequence walks(walker, seed);
  Growth growth(walker);
  std::vector<WalkMask> masks;  // of rising targets
  auto target = targets.rbegin();
  double yield = greatest_yield(walker);  // new parameters a walk
  bool reach_known = false;
  while (target != targets.rend()) {
    // As long as walks find much that is new, there is more to be reached: a pass over the weights saved.
    if (!reach_known && (2 * last > prunable || yield < 1)) {
      reach_known = true;
      if (const std::int64_t reachable = walker.reachable(); reachable < last)
        unreachable_density(last, reachable, prunable, "within reach of walks", "lower the density");
    }
    const std::size_t wanted = next_batch(*target - growth.kept(), yield, walker.options().batch);
    const std::size_t allowed = static_cast<std::size_t>(most - growth.walks());
    if (allowed == 0)
      unreachable_density(last, growth.kept(), prunable, fmt::format("after {} walks", growth.walks()),
                          "lower the density or raise --max-walks");
    const std::size_t count = walks.draw(std::min(wanted, allowed), threads);
    growth.count_drawn(count);
    const std::int64_t before = growth.kept();
    constexpr std::size_t ahead = 4;
    for (std::size_t i = 0; i < std::min(ahead, count); ++i) growth.fetch(walks[i]);
    for (std::size_t i = 0; i < count && target != targets.rend(); ++i) {
      if (i + ahead < count) growth.fetch(walks[i + ahead]);
      growth.add(walks[i], walks.ends(i));
      for (; target != targets.rend() && growth.kept() >= *target; ++target) masks.push_back(growth.result());
    }
    yield = static_cast<double>(growth.kept() - before) / static_cast<double>(count);
    if (progress) progress(growth.kept(), last);
  }
  std::ranges::reverse(masks);
  return masks;
}

WalkMask phew_mask(const LayeredGraph& graph, const PhewOptions& options) {
  const std::int64_t target = target_of(options.density, graph.prunable());
  return keep_walks(Walker(graph, options.walks, options.threads), target, options.seed, options.threads);
}

}  // namespace phew
