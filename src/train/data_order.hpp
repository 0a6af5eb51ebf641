// The order in which an epoch visits its examples.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

namespace phew {

/// A random permutation of 0 … count − 1, fair up to 2^-32 a draw: Fisher–Yates on the stream
/// (seed, Purpose::data_order, epoch), so that an epoch's order depends on nothing else. O(count).
/// Throws Error(unsupported) for more than 2^32 examples.
[[nodiscard]] std::vector<std::int64_t> data_order(std::int64_t count, std::uint64_t seed, std::uint64_t epoch);

/// Batches of an epoch as half-open ranges of its order. A rest of one example joins the batch before it, since
/// batch-norm has no variance over one example.
[[nodiscard]] std::vector<std::pair<std::int64_t, std::int64_t>> batch_ranges(std::int64_t count,
                                                                              std::int64_t batch_size);

}  // namespace phew
