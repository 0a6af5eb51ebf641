#include "analysis/path_report.hpp"

namespace phew {
namespace {

// Sources as in definitions.cpp.
constexpr Definition paths_table[] = {
    {"ewp.log_total",
     "Natural logarithm of the total EWP: the sum over all paths from an input to an output unit of the edge-weight "
     "product, the product of |w|. A path names one kept parameter per kernel; with --kernel-level it is a path of "
     "edges, each of value sum |w| over its kernel's kept parameters, and the total is the same. Null if it is 0.",
     "paper Sec. 3"},
    {"ewp.mean_ewp_log", "Natural logarithm of the mean EWP over all paths, those of EWP 0 included.",
     "paper Sec. 5.1"},
    {"ewp.expected_mean_ewp_log",
     "Natural logarithm of what mean_ewp is on average over these initial weights, where no mask looked at them: "
     "(2/pi)^(L/2) times the product of the layers' standard deviations. Null unless the weights are initial ones of a "
     "normal distribution, the network is a chain (an MLP, a VGG) and paths name parameters.",
     "paper Eq. 4, A.3"},
    {"ewp.expected_walk_ewp_log",
     "The same of the EWP of one walk biased by |w| on the dense network: (pi/2)^(L/2) times that product for wide "
     "layers, here for the network's own widths, forward and reverse walks one as often.",
     "paper Eq. 3-4; own"},
    {"ewp.log_mean",
     "Mean of ln EWP over all paths of EWP > 0: exact, by dynamic programming over units, which merges (count, mean, "
     "M2).",
     "own; Chan et al. 1983"},
    {"ewp.log_std", "Standard deviation of ln EWP over the same paths; divides by their number.",
     "own; Chan et al. 1983"},
    {"ewp.log_min", "Least ln EWP of a path of EWP > 0.", "own"},
    {"ewp.log_max", "Greatest ln EWP of a path.", "own"},
    {"ewp.paths", "Number of paths; null above 2^53.", "own"},
    {"ewp.paths_log10", "Decimal logarithm of their number; null without a path.", "own"},
    {"ewp.zero_paths",
     "Paths that hold a weight of 0 and that log_mean, log_std, log_min and the quantiles leave out; null above 2^53.",
     "own"},
    {"ewp.zero_paths_log10", "Decimal logarithm of their number; null without one.", "own"},
    {"ewp.paths_exact", "Number of paths as an integer of any length, in a string; with --exact-paths.", "own"},
    {"ewp.zero_paths_exact", "The same of zero_paths.", "own"},
    {"ewp.samples",
     "Paths of EWP > 0 that were drawn for the quantiles, uniformly: each step in proportion to the number of paths "
     "behind it.",
     "own"},
    {"ewp.seed", "Seed of that sample.", "own"},
    {"ewp.quantiles", "Quantiles of ln EWP over all paths of EWP > 0, estimated from the sample.", "own"},
    {"quantiles.quantile", "The probability: this share of the paths has an ln EWP of at most log.", "own"},
    {"quantiles.log", "The sample's order statistic of rank samples times quantile, rounded up.", "own"},
    {"quantiles.standard_error", "Its bootstrap standard error, in closed form.", "Maritz and Jarrett 1978"},
    {"quantiles.low",
     "Lower end of the 95 % interval: an order statistic by the binomial distribution, so whatever the distribution "
     "is the interval covers the quantile with at least 95 %. Null if the sample is too small.",
     "David and Nagaraja 2003"},
    {"quantiles.high", "Its upper end.", "David and Nagaraja 2003"},
    {"top.ewp", "EWP of the path, the largest first; null above what a double holds.", "paper Sec. 3, 5"},
    {"top.ewp_log", "Its natural logarithm.", "paper Sec. 3, 5"},
    {"top.units", "The path's units, LAYER[INDEX], from an input to an output.", "own"},
    {"top.parameters",
     "The parameters between them, fixed edges left out: TENSOR[INDEX] as PyTorch and NumPy take it; with "
     "--kernel-level the index of the kernel.",
     "own"},
    {"layers.units", "Units of the layer.", "own"},
    {"layers.ewp_share",
     "Share of the total EWP of the paths through the layer: 1 unless a link bypasses it. Null if the total is 0.",
     "own"},
    {"layers.ewp_share_max", "The largest share of one of its units: a bottleneck if it is near 1.", "own"},
    {"layers.effective_width",
     "1 / sum of s^2 over the units' shares s of what passes through the layer: as many units as would share it "
     "equally. Null where nothing passes.",
     "own; participation ratio"},
    {"links.ewp_share", "Share of the total EWP of the paths over the link; fixed links (shortcuts), too.", "own"},
    {"units.ewp", "Each unit with a share of the total EWP above 0; with --list-units ewp.", "own"},
};

}  // namespace

std::span<const Definition> paths_definitions() { return paths_table; }

}  // namespace phew
