// Theory: the paper's closed forms, to stand beside what is measured. Stub units under random pruning (Appendix A.1,
// Eq. 5–8) and the mean edge-weight product of a walk (Sec. 5.1 and Appendix A.3, Eq. 4).
#pragma once

#include "graph/direction.hpp"
#include "graph/initializer.hpp"
#include "graph/layered_graph.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace phew {

/// The parameters on one side of a unit, each pruned with the same chance, independently of all others.
struct PrunedSide {
  std::int64_t parameters = 0;
  double pruned = 0;  ///< chance that one is pruned, 0 … 1

  /// pruned^parameters: nothing is kept on this side.
  [[nodiscard]] double none_kept() const;
  /// 1 − pruned^parameters, without cancellation where that is small.
  [[nodiscard]] double some_kept() const;
};

/// Chance that a unit is a stub, entered but not left or left but not entered: a(1 − b) + b(1 − a), where a and b are
/// none_kept() of its sides. Eq. 5 for sides of its own width and density each.
[[nodiscard]] double stub_probability(const PrunedSide& in, const PrunedSide& out);

/// The setting of Appendix A.1: an MLP whose layers, inputs and outputs included, all have `width` units, each of its
/// parameters pruned with chance `pruned`, independently.
struct RandomPruning {
  std::int64_t width = 0;          ///< N
  std::int64_t hidden_layers = 0;  ///< L
  double pruned = 0;               ///< x, the pruning ratio: 1 − density

  [[nodiscard]] std::int64_t hidden_units() const { return width * hidden_layers; }
};

/// Eq. 5: chance that a hidden unit is a stub, 2 x^N (1 − x^N). Exact.
[[nodiscard]] double stub_probability(const RandomPruning& pruning);
/// Eq. 6: expected number of stub units, P · N · L. Exact.
[[nodiscard]] double expected_stub_units(const RandomPruning& pruning);
/// Eq. 7–8: chance of at least one stub unit if units were independent, 1 − (1 − P)^(N L). Units of one layer are;
/// units of neighbouring layers share a parameter, so this is an approximation.
[[nodiscard]] double any_stub_probability(const RandomPruning& pruning);
/// Variance of the number of stub units. Exact; own derivation: stubs within a layer are independent, and two units of
/// neighbouring layers covary by (2 x^N − 1)² x^(2N − 1) (1 − x) through the one parameter between them.
[[nodiscard]] double stub_units_variance(const RandomPruning& pruning);

/// One step of a walk: the parameters that it chooses from, each drawn from N(0, std²).
struct WalkStep {
  std::int64_t choices = 0;
  double std = 0;
};

/// E|w| for w ~ N(0, 1), √(2/π): what a uniform walk multiplies its product by in a step, whatever the width.
[[nodiscard]] double mean_uniform_step();
/// E[Σw² / Σ|w|] over `choices` independent w ~ N(0, 1): the same for a walk that chooses in proportion to |w| (Eq. 3).
/// By numerical integration of n ∫ E[h² e^(−th)] E[e^(−th)]^(n−1) dt, h = |w|, over t from 0 to infinity, which is
/// exact since 1/S = ∫ e^(−tS) dt; relative error below 1e-10. Grows from √(2/π) for one choice to the limit
/// √(π/2) ≈ 1.2533 as 1 − (2 − π/2)/n. Throws Error(internal) for choices < 1.
[[nodiscard]] double mean_biased_step(std::int64_t choices);

/// The mean edge-weight product of a walk over random initial weights.
struct ExpectedEwp {
  double uniform = 0;      ///< Eq. 4, uniform walk: (2/π)^(L/2) Π σ. Exact at any width
  double biased_wide = 0;  ///< Eq. 4, biased walk: (π/2)^(L/2) Π σ. The limit of wide layers
  double biased = 0;       ///< biased walk: Π σ E[Σw² / Σ|w|], for each step's own number of choices. Exact
};

/// Products over the steps of a walk.
[[nodiscard]] ExpectedEwp expected_ewp(std::span<const WalkStep> steps);

/// The steps of a walk of parameters on a network that is a chain of weighted links, as MLPs and VGGs are: in each link
/// the walk chooses among all parameters of the unit's out-edges (forward) or in-edges (reverse), since an edge in
/// proportion to its kernel's Σ|w| and then a parameter in proportion to |w| is a parameter in proportion to |w|.
/// Throws Error(unsupported) if the graph is no such chain and Error(usage) if `initializer` is not a normal one.
[[nodiscard]] std::vector<WalkStep> walk_steps(const LayeredGraph& graph, const Initializer& initializer,
                                               Direction direction);

/// Natural logarithms of what the edge-weight products of paths are expected to be over the initial weights.
struct ExpectedEwpLog {
  double uniform = 0;  ///< ln E[EWP] of any one path, so of their mean, too: Eq. 4, uniform walk
  double biased = 0;   ///< ln E[EWP] of a biased walk at these widths, forward and reverse walks one as often
};
/// For dense weights drawn by `initializer`, or masks that do not look at them. None where Eq. 4 does not apply: the
/// graph is no chain as in walk_steps, or the initializer is not a normal one.
[[nodiscard]] std::optional<ExpectedEwpLog> expected_ewp_log(const LayeredGraph& graph, const Initializer& initializer);

}  // namespace phew
