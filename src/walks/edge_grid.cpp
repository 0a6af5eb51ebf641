#include "walks/edge_grid.hpp"

namespace phew {

std::vector<EdgeGrid> edge_grids(const LayeredGraph& graph) {
  std::vector<EdgeGrid> grids(graph.parameters().size());
  for (std::size_t l = graph.links().size(); l-- > 0;) {
    const Link& link = graph.links()[l];
    if (!link.fixed())
      grids[link.parameter] = {l, graph.layers()[link.to].units, link.group_sources, link.groups, link.kernel};
  }
  return grids;
}

std::vector<Parameter> edge_parameters(std::span<const EdgeGrid> grids) {
  std::vector<Parameter> parameters;
  for (const EdgeGrid& grid : grids) parameters.push_back({"", {grid.targets, grid.sources}});
  return parameters;
}

Mask with_whole_kernels(const LayeredGraph& graph, std::span<const EdgeGrid> grids, const Mask& edges) {
  Mask mask(graph.parameters());
  for (std::size_t i = 0; i < grids.size(); ++i)
    for (std::int64_t t = 0; t < grids[i].targets; ++t)
      for_each_set(edges[i].row(t), [&](std::int64_t column) {
        for (std::int64_t p = column * grids[i].kernel; p < (column + 1) * grids[i].kernel; ++p) mask[i].set(t, p);
      });
  return mask;
}

}  // namespace phew
