#include "walks/synflow.hpp"

#include "graph/error.hpp"
#include "walks/score_cut.hpp"
#include "walks/synaptic_flow.hpp"

namespace phew {
namespace {

/// Prunes the parameters of the lowest scores, so that `target` survive. Of equal scores the earlier ones survive.
void prune_to(SynapticFlow& flow, std::int64_t target) {
  const std::int64_t survivors = flow.survivors();
  if (target >= survivors) return;
  flow.sweep();
  prune_lowest(flow, survivors - target);
}

void check(const LayeredGraph& graph, std::span<const std::int64_t> targets, const SynflowOptions& options,
           std::int64_t survivors) {
  if (options.rounds < 1) fail(ExitCode::usage, "--rounds: found {}, expected at least 1", options.rounds);
  for (const std::int64_t target : targets) {
    if (target < 0 || target > survivors)
      fail(ExitCode::data, "target: found {} of {} parameters, expected at most the {} that are kept before", target,
           graph.prunable(), survivors);
    survivors = target;
  }
}

}  // namespace

std::vector<Mask> synflow_masks(const LayeredGraph& graph, std::span<const std::int64_t> targets,
                                const SynflowOptions& options) {
  SynapticFlow flow(graph, options.value);
  std::int64_t start = flow.survivors();
  check(graph, targets, options, start);
  std::vector<Mask> masks;
  for (const std::int64_t target : targets) {
    for (std::int64_t round = 1; round <= options.rounds; ++round) {
      prune_to(flow, left_after(round, options.rounds, start, target, options.schedule));
      if (options.progress) options.progress(start - flow.survivors(), start - target);
    }
    start = target;
    Mask& mask = masks.emplace_back(graph.parameters());
    for (std::size_t p = 0; p < graph.parameters().size(); ++p) flow.tensors()[p].mark(mask[p]);
  }
  return masks;
}

}  // namespace phew
