#include "analysis/report.hpp"

namespace phew {
namespace {

constexpr Definition analyze_table[] = {
    {"network.prunable", "Parameters that a mask can remove; biases and batch-norm never count.", "DESIGN 2"},
    {"network.kept", "Parameters that the mask keeps; a tensor used twice counts once.", "DESIGN 2"},
    {"network.density", "kept / prunable.", "DESIGN 2"},
    {"network.effective", "Kept parameters on at least one path from an input unit to an output unit.", "DESIGN 2"},
    {"network.effective_density", "effective / prunable.", "DESIGN 2"},
    {"network.stub_units",
     "Hidden units that a kept weighted edge enters but from which none can be reached, or that one leaves but which "
     "none reaches; reaching runs along fixed edges only.",
     "paper Sec. 2, A.1; DESIGN 2"},
    {"network.dead_units", "Hidden units that no kept weighted edge enters or leaves.", "DESIGN 2"},
    {"network.collapsed_links", "Weighted links without a kept parameter (layer collapse).", "paper Sec. 2; DESIGN 2"},
    {"network.connected", "Whether there is any path from an input unit to an output unit.", "DESIGN 2"},
    {"network.unused_inputs", "Input units that no kept edge leaves.", "paper A.1; DESIGN 2"},
    {"network.unused_outputs", "Output units that no kept edge enters.", "paper A.1; DESIGN 2"},
    {"network.paths_log10",
     "Decimal logarithm of the number of input-output paths; a path names one kept parameter per kernel. Null without "
     "a "
     "path.",
     "DESIGN 6"},
    {"network.ewp_log_total",
     "Natural logarithm of the sum over all paths of the edge-weight product, the product of |w|. Null without a path, "
     "without weights, or if every path holds a weight of 0.",
     "paper Sec. 3; DESIGN 6"},
    {"network.path_kernel_trace_log",
     "Natural logarithm of the sum over all paths and over each path's parameters of the squared product of the path's "
     "other weights. Null as ewp_log_total.",
     "Gebhart et al. 2021; DESIGN 5"},
    {"network.min_hidden_cut",
     "The fewest hidden units whose removal leaves no path: 0 if there is none, null if some path has no hidden unit. "
     "Copies (Concat, Split, shuffle) cannot be cut.",
     "Menger 1927; DESIGN 6"},
    {"layers.units", "Units of the layer: neurons, or channels.", "DESIGN 2"},
    {"layers.stub_units", "The layer's stub units.", "paper Sec. 2, A.1; DESIGN 2"},
    {"layers.dead_units", "The layer's dead units.", "DESIGN 2"},
    {"layers.units_on_path", "Units on at least one input-output path (effective nodes).", "DESIGN 6"},
    {"layers.cut_units",
     "Its units in the minimum cut, of all such sets the one nearest the inputs; null as "
     "min_hidden_cut.",
     "Menger 1927; DESIGN 6"},
    {"links.prunable", "Parameters of the link's tensor.", "DESIGN 2"},
    {"links.kept", "Those that the mask keeps.", "DESIGN 2"},
    {"links.effective", "Those kept and on at least one path; for a tied tensor, of any of its links.", "DESIGN 2"},
    {"links.density", "kept / prunable of the link.", "DESIGN 2"},
    {"links.effective_density", "effective / prunable of the link.", "DESIGN 2"},
    {"links.zero_weights", "Kept parameters whose weight is 0; null without weights.", "DESIGN 6"},
};

constexpr Definition similarity_table[] = {
    {"jaccard.whole",
     "Jaccard index of the masks: parameters kept by both / parameters kept by either; null if neither keeps any. For "
     "groups, the mean over pairs.",
     "paper Sec. 6.2; DESIGN 6"},
    {"jaccard.chance",
     "Index expected of independent random masks with these link densities p and q: sum of n p q / sum of n (p + q - p "
     "q) over links of n parameters.",
     "DESIGN 6"},
    {"jaccard.chance_global", "The same from the overall densities: p q / (p + q - p q).", "DESIGN 6"},
    {"jaccard.corrected", "(whole - chance) / (1 - chance): 0 at chance, 1 for equal masks; null where chance is 1.",
     "DESIGN 6"},
    {"links.jaccard", "Jaccard index of one parameter tensor; null if both masks keep none of it.",
     "paper Fig. 6; DESIGN 6"},
    {"links.chance", "p q / (p + q - p q) from the link's densities.", "DESIGN 6"},
    {"links.corrected", "(jaccard - chance) / (1 - chance) of the link.", "DESIGN 6"},
    {"groups.pairs", "Pairs of masks with an index.", "DESIGN 6"},
    {"groups.mean", "Mean Jaccard index over the pairs.", "paper Fig. 6; DESIGN 6"},
    {"groups.std", "Standard deviation over the pairs (n - 1); null below two.", "DESIGN 6"},
    {"groups.low",
     "Lower end of the 95 % jackknife interval over masks, not pairs: mean - t SE, SE^2 = (m - 1)/m times the sum of "
     "squared deviations of the means that leave one mask out; across groups the variances of both add. Null below "
     "three masks.",
     "Arvesen 1969; DESIGN 6"},
    {"groups.high", "Its upper end.", "Arvesen 1969; DESIGN 6"},
    {"groups.test",
     "Permutation test of whether the groups differ: it permutes which mask is in which group, never pairs. Null with "
     "one group or one mask a side.",
     "DESIGN 6"},
    {"groups.statistic", "Mean index over all pairs within a group minus that over the pairs across.", "DESIGN 6"},
    {"groups.p", "Share of labelings whose statistic is at least the one found.", "DESIGN 6"},
    {"groups.smallest_p", "What p cannot go below with so many masks and labelings.", "DESIGN 6"},
    {"groups.labelings", "Labelings looked at.", "DESIGN 6"},
    {"groups.exact", "Whether these are all labelings, rather than a seeded sample.", "DESIGN 6"},
};

}  // namespace

std::span<const Definition> analyze_definitions() { return analyze_table; }
std::span<const Definition> similarity_definitions() { return similarity_table; }

}  // namespace phew
