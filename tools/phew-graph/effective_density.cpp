#include "phew-graph/effective_density.hpp"

#include "graph/error.hpp"
#include "graph/reach.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace phew::tools {
namespace {

/// Tries targets, and remembers the best mask that had enough.
class Search {
 public:
  Search(const LayeredGraph& graph, std::int64_t wanted, const SampleTarget& sample)
      : graph_(graph), wanted_(wanted), sample_(sample) {}

  /// Whether the mask of this target has enough effective parameters.
  bool enough(std::int64_t target) {
    MethodResult result = sample_(target);
    const LayeredGraph masked = graph_.masked(result.mask);
    const std::int64_t effective = effective_mask(masked, reach(masked)).kept();
    ++iterations_;
    most_ = std::max(most_, effective);
    if (effective < wanted_) return false;
    if (!best_ || effective <= best_->effective) best_ = EffectiveMask{std::move(result), target, effective};
    return true;
  }

  [[nodiscard]] EffectiveMask take_best() {
    best_->iterations = iterations_;
    return std::move(*best_);
  }

  [[noreturn]] void unreachable() const {
    const auto all = static_cast<double>(graph_.prunable());
    fail(ExitCode::data,
         "effective density {:.6g}: found at most {:.6g} ({} of {} parameters on a path), expected {} parameters; "
         "lower the density",
         static_cast<double>(wanted_) / all, static_cast<double>(most_) / all, most_, graph_.prunable(), wanted_);
  }

 private:
  const LayeredGraph& graph_;
  std::int64_t wanted_;
  const SampleTarget& sample_;
  std::int64_t most_ = 0;
  int iterations_ = 0;
  std::optional<EffectiveMask> best_;
};

}  // namespace

EffectiveMask meet_effective_density(const LayeredGraph& graph, std::int64_t wanted, const SampleTarget& sample) {
  Search search(graph, wanted, sample);
  std::int64_t too_low = wanted - 1, high = wanted;
  while (!search.enough(high)) {
    if (high >= graph.prunable()) search.unreachable();
    too_low = high;
    high = std::min(2 * high, graph.prunable());
  }
  while (high - too_low > 1) {
    const std::int64_t middle = too_low + (high - too_low) / 2;
    (search.enough(middle) ? high : too_low) = middle;
  }
  return search.take_best();
}

}  // namespace phew::tools
