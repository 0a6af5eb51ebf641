// The registry of methods: a name and options give a mask. A variant is a row of options, not a copy of a file.
#pragma once

#include "graph/layered_graph.hpp"
#include "graph/mask.hpp"
#include "graph/score.hpp"
#include "walks/phew.hpp"
#include "walks/synflow.hpp"

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace phew {

/// What a user may set; each method reads the options that its row names.
struct MethodOptions {
  WalkOptions walks{};  ///< the bias is the method's own
  Scope scope = Scope::global;
  std::int64_t rounds = 100;
  PruningSchedule schedule = PruningSchedule::exponential;
  std::int64_t paths = 0;  ///< so many instead of a target; 0: until the target is met
  int threads = 1;
  Progress progress{};
};

/// What a method works on.
struct MethodInput {
  LayeredGraph graph;  ///< dense; with weights where the method reads them
  Weights scores{};    ///< a number per parameter; empty unless given
  Mask mask{};         ///< of no tensors unless given
};

/// A figure that a method reports beside its mask, under a key of `mask --json`.
struct Detail {
  std::string key;
  std::variant<std::int64_t, double, std::string> value;
};

/// A mask and how it came about.
struct MethodResult {
  Mask mask;
  std::int64_t kept = 0;
  std::int64_t walks = 0;  ///< 0 for methods that do not walk
  std::int64_t steps = 0;
  std::vector<Detail> details{};
};

/// Makes masks of one prepared network, any number of times. Safe to call from one thread at a time.
struct MaskSampler {
  /// One mask. A function of the input, the options, `target` and `seed`.
  std::function<MethodResult(std::int64_t target, std::uint64_t seed)> sample;
  /// Masks of falling targets, each inside the one before; empty where the method has no such masks (its row then lacks
  /// reads::nested). The first is that of `sample`.
  std::function<std::vector<MethodResult>(std::span<const std::int64_t> targets, std::uint64_t seed)> nested{};
};

/// A sampler whose single mask is the first of nested ones.
[[nodiscard]] MaskSampler nested_sampler(
    std::function<std::vector<MethodResult>(std::span<const std::int64_t> targets, std::uint64_t seed)> nested);

/// Where a method takes its number per parameter from.
enum class Values {
  none,
  weights,
  scores,  ///< --scores FILE
  either   ///< scores where given, else weights
};

/// The options that a method may read; a row names its own as a sum of bits.
namespace reads {
inline constexpr unsigned granularity = 1, max_walks = 2, start = 4, shortcuts = 8, scope = 16, rounds = 32, paths = 64,
                          schedule = 128;
inline constexpr unsigned nested = 1U << 16;  ///< makes masks inside each other
inline constexpr unsigned seed = 1U << 17;    ///< draws at random
inline constexpr unsigned walks = granularity | max_walks | start | shortcuts;
}  // namespace reads

struct Method {
  std::string_view name;
  Values values;
  bool needs_mask;   ///< a mask to start from, whose kept count is the target
  unsigned options;  ///< of namespace reads
  std::string_view summary;
  std::string_view source;  ///< paper and section
  /// Does the work that does not depend on seed and target (a pass over the weights). Errors as Walker and keep_walks.
  MaskSampler (*prepare)(const MethodInput& input, const MethodOptions& options);

  [[nodiscard]] bool reads(unsigned option) const { return (options & option) != 0; }
};

/// All methods, in the order in which help lists them.
[[nodiscard]] std::span<const Method> methods();
/// Throws Error(usage) with the nearest name.
[[nodiscard]] const Method& find_method(std::string_view name);

}  // namespace phew
