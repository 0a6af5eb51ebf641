#include "walks/phew.hpp"

#include "graph/error.hpp"
#include "graph/parallel.hpp"

#include <algorithm>
#include <cmath>

namespace phew {
namespace {

/// Consecutive walks, sampled side by side and merged in order.
class Batch {
 public:
  /// Samples walks first … first + count − 1.
  void sample(const Walker& walker, std::uint64_t seed, std::int64_t first, std::int64_t count, int threads) {
    constexpr std::int64_t group = 64;  // walks a task
    groups_.resize(static_cast<std::size_t>((count + group - 1) / group));
    parallel_for(threads, static_cast<std::int64_t>(groups_.size()), [&](std::int64_t g) {
      Group& walks = groups_[static_cast<std::size_t>(g)];
      walks.kept.clear();
      walks.ends.clear();
      for (std::int64_t w = g * group; w < std::min(count, (g + 1) * group); ++w) {
        walker.walk(seed, static_cast<std::uint64_t>(first + w), walks.kept);
        walks.ends.push_back(walks.kept.size());
      }
    });
  }

  /// Calls keep(span of one walk's steps) in walk order until it returns false.
  template <typename Keep>
  void merge(Keep&& keep) const {
    for (const Group& walks : groups_) {
      std::size_t begin = 0;
      for (const std::size_t end : walks.ends) {
        if (!keep(std::span(walks.kept).subspan(begin, end - begin))) return;
        begin = end;
      }
    }
  }

 private:
  struct Group {
    std::vector<Kept> kept;
    std::vector<std::size_t> ends;  ///< by walk, into kept
  };
  std::vector<Group> groups_;
};

/// Sets a step's bits and returns how many were new.
std::int64_t mark(Mask& mask, const LayeredGraph& graph, const Kept& step) {
  const std::size_t parameter = graph.links()[step.link].parameter;
  std::int64_t fresh = 0;
  for (std::int64_t p = step.first; p < step.last; ++p)
    if (!graph.has_mask() || graph.mask()[parameter].test(step.row, p))
      fresh += mask[parameter].set(step.row, p) ? 1 : 0;
  return fresh;
}

[[noreturn]] void unreachable_density(std::int64_t target, std::int64_t reached, std::int64_t prunable,
                                      std::string_view why, std::string_view advice) {
  const auto share = [&](std::int64_t n) { return static_cast<double>(n) / static_cast<double>(prunable); };
  fail(ExitCode::data, "density {:.6g}: found {:.6g} ({} of {} parameters) {}, expected {} parameters; {}",
       share(target), share(reached), reached, prunable, why, target, advice);
}

/// How many walks to sample next: what the last batch's yield says is still needed, so that few are wasted.
std::int64_t next_batch(std::int64_t missing, double yield) {
  constexpr double most = 2048, least = 16;
  return static_cast<std::int64_t>(std::clamp(static_cast<double>(missing) / std::max(yield, 1e-3), least, most));
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
  const LayeredGraph& graph = walker.graph();
  const std::int64_t prunable = graph.prunable();
  if (const std::int64_t reachable = walker.reachable(); reachable < target)
    unreachable_density(target, reachable, prunable, "within reach of walks", "lower the density");
  const std::int64_t most = walker.max_walks();

  WalkMask result{Mask(graph.parameters())};
  Batch batch;
  double yield = static_cast<double>(graph.links().size());  // new parameters a walk, at first all of its steps
  while (result.kept < target) {
    const std::int64_t count = std::min(next_batch(target - result.kept, yield), most - result.walks);
    if (count <= 0)
      unreachable_density(target, result.kept, prunable, fmt::format("after {} walks", result.walks),
                          "lower the density or raise --max-walks");
    batch.sample(walker, seed, result.walks, count, threads);
    const std::int64_t before = result.kept;
    batch.merge([&](std::span<const Kept> walk) {
      for (const Kept& step : walk) result.kept += mark(result.mask, graph, step);
      ++result.walks;
      result.steps += static_cast<std::int64_t>(walk.size());
      return result.kept < target;
    });
    yield = static_cast<double>(result.kept - before) / static_cast<double>(count);
    if (progress) progress(result.kept, target);
  }
  return result;
}

WalkMask phew_mask(const LayeredGraph& graph, const PhewOptions& options) {
  const std::int64_t target = target_of(options.density, graph.prunable());
  return keep_walks(Walker(graph, options.walks, options.threads), target, options.seed, options.threads);
}

}  // namespace phew
