// MaskGroups: similarity within and across groups of masks, with intervals and a test that respect that pairs which
// share a mask are not independent.
#pragma once

#include "analysis/similarity.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace phew {

/// Mean of a statistic over pairs of masks. Pairs without a value (null) are left out.
struct PairMean {
  std::int64_t pairs = 0;           ///< pairs with a value
  std::optional<double> mean;       ///< none without pairs
  std::optional<double> std;        ///< standard deviation over the pairs (n − 1); none below two pairs
  std::optional<double> low, high;  ///< 95 % jackknife interval of the mean over masks, see pair_mean
};

/// A symmetric table of one statistic over all pairs of `masks`; the diagonal is not used.
class PairTable {
 public:
  explicit PairTable(std::size_t masks) : masks_(masks), values_(masks * masks) {}

  [[nodiscard]] std::size_t masks() const { return masks_; }
  [[nodiscard]] const std::optional<double>& operator()(std::size_t i, std::size_t j) const {
    return values_[i * masks_ + j];
  }
  void set(std::size_t i, std::size_t j, std::optional<double> value) {
    values_[i * masks_ + j] = value;
    values_[j * masks_ + i] = value;
  }

 private:
  std::size_t masks_;
  std::vector<std::optional<double>> values_;
};

/// Mean over the pairs of masks within one group (`first` … `first + count` − 1), with the interval
/// mean ± t·SE, SE² = (m − 1)/m · Σ_i (θ₍ᵢ₎ − θ̄)², θ₍ᵢ₎ the mean without mask i and t Student's 97.5 % point with m − 1
/// degrees of freedom: the delete-one jackknife of a U-statistic over its m masks (Arvesen 1969), never over pairs.
/// No interval below three masks.
[[nodiscard]] PairMean mean_within(const PairTable& table, std::size_t first, std::size_t count);
/// Mean over the pairs of one mask of the first `a` and one of the rest. The jackknife's variances of both groups add
/// (a + b − 2 degrees of freedom); a group of one mask cannot be left out and adds none: the interval then holds for
/// that mask.
[[nodiscard]] PairMean mean_across(const PairTable& table, std::size_t a);

/// A permutation test of "the groups' masks are exchangeable" against "masks agree more within groups than across".
struct PermutationTest {
  double statistic = 0;        ///< mean over all pairs within a group − mean over all pairs across
  double p = 1;                ///< share of labelings whose statistic is at least this
  double smallest_p = 1;       ///< what no result can go below with so many masks and labelings
  std::int64_t labelings = 0;  ///< labelings looked at
  bool exact = false;          ///< all of them, rather than a sample
};

struct PermutationOptions {
  std::int64_t enumerate_up_to = 100'000;  ///< labelings; beyond that, a sample
  std::int64_t samples = 9'999;
  std::uint64_t seed = 0;  ///< of the sample (RandomStream, Purpose::simulation, stream i for labeling i)
};

/// Permutes which mask is in which group (never pairs: pairs that share a mask are dependent). The first `a` masks are
/// the first group. With a group of one mask against n the smallest p is 1/(n + 1). A sample of k labelings gives
/// p = (1 + hits)/(1 + k). None where no pair within a group or none across has a value, as with one mask a side.
/// O(labelings · masks²).
[[nodiscard]] std::optional<PermutationTest> permutation_test(const PairTable& table, std::size_t a,
                                                              const PermutationOptions& options = {});

}  // namespace phew
