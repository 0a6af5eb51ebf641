// Path steps: what a path goes over from one unit to the next, at the two levels at which paths are counted.
#pragma once

#include "graph/layered_graph.hpp"

#include <cmath>
#include <cstdint>

namespace phew {

/// A path names one kept parameter of each kernel that it passes; at kernel level it is a path of edges, and an edge's
/// value is Σ|w| over its kernel's kept parameters. A kernel of nine kept parameters is nine steps, or one.
enum class PathLevel { parameter, kernel };

/// Calls f(source unit, position, value) for each step into unit `target` over a link, in ascending order of position:
/// source unit by its index in its layer, position within the target's row (at kernel level the kernel's first; −1 for
/// a fixed edge), value |w| or Σ|w| (1 without weights and for a fixed edge). Weights of 0 are steps, too.
template <typename F>
void for_each_step(const LayeredGraph& graph, const Link& link, PathLevel level, std::int64_t target, F&& f) {
  if (link.fixed()) {
    const std::int64_t source = link.source_of[static_cast<std::size_t>(target)];
    if (source >= 0) f(source, std::int64_t{-1}, 1.0);
    return;
  }
  const std::int64_t first = link.first_source(target), kernel = link.kernel;
  const float* row =
      graph.has_weights() ? graph.weights()[link.parameter].data() + target * link.group_sources * kernel : nullptr;
  const auto value = [row](std::int64_t p) { return row == nullptr ? 1.0 : std::abs(static_cast<double>(row[p])); };
  if (level == PathLevel::kernel) {
    for_each_in_edge(graph, link, target, [&](std::int64_t column, std::int64_t begin, std::int64_t) {
      f(first + column, begin, row == nullptr ? 1.0 : graph.magnitude(link, target, column));
    });
  } else if (graph.has_mask()) {
    for_each_set(graph.mask()[link.parameter].row(target),
                 [&](std::int64_t p) { f(first + (kernel == 1 ? p : p / kernel), p, value(p)); });
  } else {
    for (std::int64_t column = 0, p = 0; column < link.group_sources; ++column)
      for (const std::int64_t end = p + kernel; p < end; ++p) f(first + column, p, value(p));
  }
}

}  // namespace phew
