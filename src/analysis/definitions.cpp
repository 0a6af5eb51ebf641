#include "analysis/report.hpp"

namespace phew {
namespace {

// Sources: "paper" is the PHEW paper (Patil and Dovrolis 2021), "own" this toolkit's definition.
constexpr Definition analyze_table[] = {
    {"network.prunable", "Parameters that a mask can remove; biases and batch-norm never count.", "own"},
    {"network.kept", "Parameters that the mask keeps; a tensor used twice counts once.", "own"},
    {"network.density", "kept / prunable.", "own"},
    {"network.effective", "Kept parameters on at least one path from an input unit to an output unit.", "own"},
    {"network.effective_density", "effective / prunable.", "own"},
    {"network.stub_units",
     "Hidden units that a kept weighted edge enters but from which none can be reached, or that one leaves but which "
     "none reaches; reaching runs along fixed edges only.",
     "paper Sec. 2, A.1; over fixed edges: own"},
    {"network.dead_units", "Hidden units that no kept weighted edge enters or leaves.", "own"},
    {"network.collapsed_links", "Weighted links without a kept parameter (layer collapse).", "paper Sec. 2"},
    {"network.connected", "Whether there is any path from an input unit to an output unit.", "own"},
    {"network.unused_inputs", "Input units that no kept edge leaves.", "paper A.1"},
    {"network.unused_outputs", "Output units that no kept edge enters.", "paper A.1"},
    {"network.paths_log10",
     "Decimal logarithm of the number of input-output paths; a path names one kept parameter per kernel. Null without "
     "a "
     "path.",
     "own"},
    {"network.ewp_log_total",
     "Natural logarithm of the sum over all paths of the edge-weight product, the product of |w|. Null without a path, "
     "without weights, or if every path holds a weight of 0.",
     "paper Sec. 3"},
    {"network.ewp_mean_log", "Natural logarithm of the mean edge-weight product of a path. Null as ewp_log_total.",
     "paper Sec. 5.1"},
    {"network.expected_ewp_mean_log",
     "What it is on average over these initial weights, where no mask looked at them. Null unless they are initial "
     "weights of a normal distribution and the network is a chain (an MLP, a VGG).",
     "paper Eq. 4, A.3"},
    {"network.ewp_log_mean",
     "Mean over all paths of the natural logarithm of the edge-weight product. Known after one read of weights whose "
     "own zeros are pruned (--zeros-are-pruned without --mask), else null: phew-graph paths says it of any mask.",
     "own"},
    {"network.ewp_log_std", "Standard deviation of the same, over all paths; likewise.", "own"},
    {"network.path_kernel_trace_log",
     "Natural logarithm of the sum over all paths and over each path's parameters of the squared product of the path's "
     "other weights (so one weight of 0 is no division). Null without weights or a path, or where all products are 0.",
     "Gebhart et al. 2021"},
    {"network.min_hidden_cut",
     "The fewest hidden units whose removal leaves no path: 0 if there is none, null if some path has no hidden unit. "
     "Copies (Concat, Split, shuffle) cannot be cut.",
     "Menger 1927"},
    {"network.flops",
     "Floating-point operations of one example, forward: 2 for each kept parameter and each output position of its op; "
     "nothing else counts.",
     "own"},
    {"network.components",
     "Connected components over kept and fixed edges, the direction of edges aside; a unit without edges is one.",
     "own"},
    {"network.isolated_units", "Components of a single unit, which has no edge.", "own"},
    {"network.largest_component", "Units of the largest component.", "own"},
    {"network.expected_stub_units",
     "Stub units that random pruning would leave on average at these densities of the links: sum over units of a (1 - "
     "b) + b (1 - a), a and b the chances that none of a unit's in- or out-parameters is kept, over shortcuts as for "
     "stub_units.",
     "paper Eq. 5-6; over fixed edges: own"},
    {"network.expected_stub_units_global", "The same at the density of the whole in every link.", "paper Eq. 5-6"},
    {"network.expected_any_stub",
     "Chance of at least one stub unit at these densities of the links, if units were independent.", "paper Eq. 7-8"},
    {"layers.units", "Units of the layer: neurons, or channels.", "own"},
    {"layers.stub_units", "The layer's stub units.", "paper Sec. 2, A.1; over fixed edges: own"},
    {"layers.expected_stub_units", "Its share of expected_stub_units.", "paper Eq. 5-6; over fixed edges: own"},
    {"layers.dead_units", "The layer's dead units.", "own"},
    {"layers.units_on_path", "Units on at least one input-output path (effective nodes).", "own"},
    {"layers.cut_units",
     "Its units in the minimum cut, of all such sets the one nearest the inputs; null as "
     "min_hidden_cut.",
     "Menger 1927"},
    {"layers.ewp_share_max",
     "The largest share of one of its units in the EWP of all paths: a bottleneck if near 1. Null without EWP.", "own"},
    {"layers.effective_width",
     "1 / sum of s^2 over the units' shares s of the EWP that passes through the layer: as many units as would share "
     "it equally. Null where none passes.",
     "own; participation ratio"},
    {"links.prunable", "Parameters of the link's tensor.", "own"},
    {"links.kept", "Those that the mask keeps.", "own"},
    {"links.effective", "Those kept and on at least one path; for a tied tensor, of any of its links.", "own"},
    {"links.density", "kept / prunable of the link.", "own"},
    {"links.effective_density", "effective / prunable of the link.", "own"},
    {"links.zero_weights", "Kept parameters whose weight is 0; null without weights.", "own"},
    {"links.flops", "Its part of the network's FLOPs.", "own"},
    {"links.ewp_share", "Share of the EWP of all paths that passes over the link; null without EWP.", "own"},
    {"links.out_degree",
     "Degrees of the source layer's units within the link: an edge counts once, however many parameters of its kernel "
     "are kept.",
     "own"},
    {"links.in_degree", "Degrees of the target layer's units within the link.", "own"},
    {"links.spectrum", "Of the 0/1 matrix of the link's edges; with --spectra.", "own"},
    {"degrees.possible", "Edges that a unit of the dense link has.", "own"},
    {"degrees.least", "Smallest degree.", "own"},
    {"degrees.mean", "Mean degree over all units of the side.", "own"},
    {"degrees.most", "Largest degree.", "own"},
    {"degrees.std", "Standard deviation over the units.", "own"},
    {"degrees.underloaded",
     "Units more than three standard deviations of the binomial distribution of this mean below it: too few edges for "
     "chance.",
     "own"},
    {"degrees.overloaded", "Units as far above it.", "own"},
    {"degrees.units", "Units of degree 0, 1, 2, ... up to the largest; with --degrees.", "own"},
    {"spectrum.singular_values", "The largest singular values, descending, each as often as it occurs.", "own"},
    {"spectrum.source_degree", "Mean degree of the source units that have an edge.", "own"},
    {"spectrum.target_degree", "Mean degree of the target units that have an edge.", "own"},
    {"spectrum.ramanujan_difference",
     "sqrt(source_degree - 1) + sqrt(target_degree - 1) - the second-largest singular value: at least 0 if the edges "
     "spread as well as an expander's; null if fewer than two units of a side have an edge.",
     "Hoory et al. 2006"},
    {"parametric.connected",
     "Whether there is a path where shortcuts, fixed edges into a join that a weighted link enters too, are ignored; "
     "with --parametric.",
     "own"},
    {"parametric.effective", "Kept parameters on such a path.", "own"},
    {"parametric.effective_density", "effective / prunable.", "own"},
    {"parametric.stub_units", "Stub units where reaching does not run along shortcuts.", "paper Sec. 2, A.1; own"},
    {"parametric.layers", "Each layer's stub_units and units_on_path, likewise.", "own"},
};

constexpr Definition similarity_table[] = {
    {"jaccard.whole",
     "Jaccard index of the masks: parameters kept by both / parameters kept by either; null if neither keeps any. For "
     "groups, the mean over pairs.",
     "Jaccard 1912; paper Sec. 6.2"},
    {"jaccard.chance",
     "Index expected of independent random masks with these link densities p and q: sum of n p q / sum of n (p + q - p "
     "q) over links of n parameters. With --align, the mean over random mask pairs that keep as many parameters of "
     "each link and are aligned the same way.",
     "own"},
    {"jaccard.chance_global", "The same from the overall densities: p q / (p + q - p q); null with --align.", "own"},
    {"jaccard.corrected", "(whole - chance) / (1 - chance): 0 at chance, 1 for equal masks; null where chance is 1.",
     "own"},
    {"jaccard.unaligned", "The index before units were matched; with --align.", "own"},
    {"jaccard.chance_error",
     "Standard error of the simulated chance; for groups the mean over pairs, which is no less than that of their "
     "mean; "
     "with --align.",
     "own"},
    {"links.jaccard", "Jaccard index of one parameter tensor; null if both masks keep none of it.", "paper Fig. 6"},
    {"links.chance",
     "p q / (p + q - p q) from the link's densities; with --align the mean over the same aligned random mask pairs.",
     "own"},
    {"links.corrected", "(jaccard - chance) / (1 - chance) of the link.", "own"},
    {"links.unaligned", "The index before units were matched; with --align.", "own"},
    {"links.chance_error", "Standard error of the simulated chance; with --align.", "own"},
    {"align.network", "The network whose hidden units were matched.", "own"},
    {"align.units",
     "Hidden units that may change places. Units tied by identity links or shared tensors, and depthwise ones, move "
     "together; other grouped convolutions keep their groups.",
     "own"},
    {"align.chance_pairs",
     "Random mask pairs in each chance level. Pairs are aligned to overlap the most: block by block an exact linear "
     "assignment, given all other units, until none betters the overlap, from four starts, the best of which counts: a "
     "local optimum, never below the index before aligning.",
     "Ainsworth et al. 2023; Jonker and Volgenant 1987"},
    {"align.seed", "Seed of the random masks.", "own"},
    {"groups.pairs", "Pairs of masks with an index.", "own"},
    {"groups.mean", "Mean Jaccard index over the pairs.", "paper Fig. 6"},
    {"groups.std", "Standard deviation over the pairs (n - 1); null below two.", "own"},
    {"groups.low",
     "Lower end of the 95 % jackknife interval over masks, not pairs: mean - t SE, SE^2 = (m - 1)/m times the sum of "
     "squared deviations of the means that leave one mask out; across groups the variances of both add. Null below "
     "three masks.",
     "Arvesen 1969"},
    {"groups.high", "Its upper end.", "Arvesen 1969"},
    {"groups.test",
     "Permutation test of whether the groups differ: it permutes which mask is in which group, never pairs. Null with "
     "one group or one mask a side.",
     "own"},
    {"groups.statistic", "Mean index over all pairs within a group minus that over the pairs across.", "own"},
    {"groups.p", "Share of labelings whose statistic is at least the one found.", "own"},
    {"groups.smallest_p", "What p cannot go below with so many masks and labelings.", "own"},
    {"groups.labelings", "Labelings looked at.", "own"},
    {"groups.exact", "Whether these are all labelings, rather than a seeded sample.", "own"},
};

}  // namespace

std::span<const Definition> analyze_definitions() { return analyze_table; }
std::span<const Definition> similarity_definitions() { return similarity_table; }

}  // namespace phew
