// BitCounts: set bits of two rows of words and of their intersection, at the speed of reading them.
#pragma once

#include <cstdint>
#include <span>

namespace phew {

struct BitCounts {
  std::int64_t a = 0, b = 0;  ///< set in each
  std::int64_t both = 0;      ///< set in both
};

/// Counts by the widest vectors that the processor has (Highway). `a` and `b` are equally long.
[[nodiscard]] BitCounts count_bits(std::span<const std::uint64_t> a, std::span<const std::uint64_t> b);

}  // namespace phew
