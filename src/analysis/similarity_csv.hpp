// SimilarityCsv: the pairs of a comparison as a table for pandas and its like.
#pragma once

#include "analysis/group_similarity.hpp"
#include "analysis/report.hpp"

#include <span>
#include <string>

namespace phew {

/// One line for each pair of masks and each scope of it, the whole network and every link, below a line of names:
/// group (within_a, within_b, across), first, second (files), scope (whole, link), link, parameter, prunable,
/// kept_first, kept_second, jaccard, chance, chance_error, chance_global, corrected, unaligned. What does not exist is
/// empty, which pandas reads as NaN. RFC 4180 but for its line ends, which are "\n"; numbers read back exactly.
/// Arguments as to_json's; `masks` are those compared.
[[nodiscard]] std::string to_csv(const GroupSimilarity& groups, std::span<const Parameter> parameters,
                                 std::span<const Mask> masks, std::span<const MaskSource> sources, std::size_t a);

}  // namespace phew
