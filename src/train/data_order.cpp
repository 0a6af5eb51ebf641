#include "train/data_order.hpp"

#include "graph/error.hpp"
#include "graph/random_stream.hpp"

#include <algorithm>
#include <numeric>

namespace phew {

std::vector<std::int64_t> data_order(std::int64_t count, std::uint64_t seed, std::uint64_t epoch) {
  if (count > std::int64_t{1} << 32) fail(ExitCode::unsupported, "data of {} examples: expected at most 2^32", count);
  std::vector<std::int64_t> order(static_cast<std::size_t>(count));
  std::iota(order.begin(), order.end(), std::int64_t{0});
  const RandomStream stream(seed, Purpose::data_order, epoch);
  RandomStream::Block block{};
  std::uint32_t drawn = 0;
  for (std::size_t left = order.size(); left > 1; --left, ++drawn) {
    if (drawn % block.size() == 0) block = stream.block(drawn / static_cast<std::uint32_t>(block.size()));
    // `left` may be 2^32, which the 32-bit below() cannot take.
    const std::uint64_t chosen = static_cast<std::uint64_t>(block[drawn % block.size()]) * left >> 32;
    std::swap(order[left - 1], order[chosen]);
  }
  return order;
}

std::vector<std::pair<std::int64_t, std::int64_t>> batch_ranges(std::int64_t count, std::int64_t batch_size) {
  std::vector<std::pair<std::int64_t, std::int64_t>> ranges;
  for (std::int64_t begin = 0; begin < count; begin += batch_size) {
    const std::int64_t end = std::min(begin + batch_size, count);
    if (end - begin == 1 && batch_size > 1 && !ranges.empty())
      ranges.back().second = end;
    else
      ranges.emplace_back(begin, end);
  }
  return ranges;
}

}  // namespace phew
