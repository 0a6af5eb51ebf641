// The registry of methods: a name and options give a mask. A variant is a row of options, not a copy of a file.
#pragma once

#include "graph/layered_graph.hpp"
#include "graph/mask.hpp"
#include "graph/score.hpp"
#include "walks/phew.hpp"

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

namespace phew {

/// What a user may set; each method reads what concerns it.
struct MethodOptions {
  Granularity granularity = Granularity::parameter;
  Scope scope = Scope::global;
  std::int64_t max_walks = 0;
  int threads = 1;
  Progress progress;
};

/// A mask and how it came about; walks and steps are 0 for methods that do not walk.
struct MethodResult {
  Mask mask;
  std::int64_t kept = 0;
  std::int64_t walks = 0;
  std::int64_t steps = 0;
};

/// Makes masks of one prepared network: sample(target, seed), any number of times.
using MaskSampler = std::function<MethodResult(std::int64_t target, std::uint64_t seed)>;

struct Method {
  std::string_view name;
  bool needs_weights;
  bool walks;      ///< reads granularity and max_walks
  bool has_scope;  ///< reads scope
  std::string_view summary;
  std::string_view source;  ///< paper and section
  /// Does the work that does not depend on seed and target (a pass over the weights). Errors as Walker and keep_walks.
  MaskSampler (*prepare)(const LayeredGraph& graph, const MethodOptions& options);
};

/// All methods, in the order in which help lists them.
[[nodiscard]] std::span<const Method> methods();
/// Throws Error(usage) with the nearest name.
[[nodiscard]] const Method& find_method(std::string_view name);

}  // namespace phew
