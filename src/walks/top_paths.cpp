#include "walks/top_paths.hpp"

#include "graph/best_paths.hpp"
#include "graph/error.hpp"

#include <algorithm>
#include <vector>

namespace phew {
namespace {

/// The union of paths.
class Union {
 public:
  explicit Union(const LayeredGraph& graph)
      : graph_(graph),
        ends_(static_cast<std::size_t>(graph.unit_count())),
        starts_(ends_),
        edges_(graph.links().size()) {
    result_.mask = Mask(graph.parameters());
    for (std::size_t l = 0; l < edges_.size(); ++l)
      if (const Link& link = graph.links()[l]; !link.fixed())
        edges_[l] = BitMatrix(graph.layers()[link.to].units, link.group_sources);
  }

  void add(const BestPath& path) {
    ++result_.paths;
    result_.inputs_used += mark(starts_, path.start);
    for (const PathEdge& edge : path.edges)
      if (edge.position >= 0) add(edge);
    result_.outputs_used += mark(ends_, path.edges.empty() ? path.start : path.edges.back().target);
  }

  [[nodiscard]] const TopPathsMask& so_far() const { return result_; }
  [[nodiscard]] TopPathsMask take() { return std::move(result_); }

 private:
  static std::int64_t mark(std::vector<bool>& units, std::int64_t vertex) {
    if (units[static_cast<std::size_t>(vertex)]) return 0;
    units[static_cast<std::size_t>(vertex)] = true;
    return 1;
  }

  void add(const PathEdge& edge) {
    const Link& link = graph_.links()[edge.link];
    const std::int64_t row = edge.target - graph_.layers()[link.to].first;
    ++result_.steps;
    result_.kept += result_.mask[link.parameter].set(row, edge.position) ? 1 : 0;
    result_.distinct_edges += edges_[edge.link].set(row, edge.position / link.kernel) ? 1 : 0;
  }

  const LayeredGraph& graph_;
  std::vector<bool> ends_, starts_;  ///< by vertex
  std::vector<BitMatrix> edges_;     ///< by link: target, source within the group
  TopPathsMask result_;
};

[[noreturn]] void unreachable_density(const TopPathsMask& found, std::int64_t target, std::int64_t prunable, bool all) {
  const auto share = [&](std::int64_t n) { return static_cast<double>(n) / static_cast<double>(prunable); };
  fail(ExitCode::data,
       "density {:.6g}: found {:.6g} ({} of {} parameters) on {} {} paths{}, expected {} parameters; {}", share(target),
       share(found.kept), found.kept, prunable, all ? "all" : "the best", found.paths,
       all ? "" : ", the most that the search has memory for", target, "lower the density");
}

}  // namespace

TopPathsMask top_paths_mask(const LayeredGraph& graph, std::int64_t target, const TopPathsOptions& options) {
  BestPaths best(graph);
  Union paths(graph);
  const TopPathsMask& so_far = paths.so_far();
  const auto enough = [&] { return options.paths > 0 ? so_far.paths >= options.paths : so_far.kept >= target; };
  while (!enough()) {
    if (options.paths == 0 && best.bytes() > options.most_bytes)
      unreachable_density(so_far, target, graph.prunable(), false);
    const std::optional<BestPath> path = best.next();
    if (!path && options.paths > 0) break;
    if (!path && so_far.paths == 0)
      fail(ExitCode::data, "{}: found no path of non-zero weights from an input to an output, expected one",
           graph.weights().source().empty() ? "weights" : graph.weights().source());
    if (!path) unreachable_density(so_far, target, graph.prunable(), true);
    paths.add(*path);
    if (options.progress && so_far.paths % 1024 == 0) options.progress(so_far.kept, target);
  }
  return paths.take();
}

}  // namespace phew
