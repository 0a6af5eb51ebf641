#include "walks/random_mask.hpp"

#include "graph/random_stream.hpp"

#include <algorithm>
#include <vector>

namespace phew {
namespace {

/// Positions 0 … size − 1 of some consecutive tensors as bits of their mask.
class Positions {
 public:
  Positions(Mask& mask, std::size_t first, std::size_t count) : mask_(mask), first_(first), ends_(count) {
    for (std::size_t i = 0; i < count; ++i) {
      const BitMatrix& bits = mask[first + i];
      ends_[i] = (i == 0 ? 0 : ends_[i - 1]) + bits.rows() * bits.columns();
    }
  }
  [[nodiscard]] std::int64_t size() const { return ends_.empty() ? 0 : ends_.back(); }
  /// Sets a bit; returns whether it was 0.
  bool set(std::int64_t position) {
    const auto tensor = static_cast<std::size_t>(std::ranges::upper_bound(ends_, position) - ends_.begin());
    BitMatrix& bits = mask_[first_ + tensor];
    const std::int64_t offset = position - (tensor == 0 ? 0 : ends_[tensor - 1]);
    return bits.set(offset / bits.columns(), offset % bits.columns());
  }

 private:
  Mask& mask_;
  std::size_t first_;
  std::vector<std::int64_t> ends_;
};

/// Floyd's algorithm: for j = n − k … n − 1 take a random one of 0 … j, or j itself if that is taken.
void draw(Positions positions, std::int64_t count, std::uint64_t seed, std::uint64_t stream_base) {
  for (std::int64_t j = positions.size() - count; j < positions.size(); ++j) {
    const RandomStream stream(seed, Purpose::random_mask, stream_base + static_cast<std::uint64_t>(j));
    const auto bits = stream.block(0);
    const std::uint64_t other = below(static_cast<std::uint64_t>(j) + 1, bits[0], bits[1]);
    if (!positions.set(static_cast<std::int64_t>(other))) positions.set(j);
  }
}

}  // namespace

Mask random_mask(std::span<const Parameter> parameters, std::int64_t target, std::uint64_t seed, Scope scope) {
  Mask mask(parameters);
  if (scope == Scope::global) {
    draw(Positions(mask, 0, parameters.size()), target, seed, 0);
    return mask;
  }
  const std::vector<std::int64_t> targets = shares(parameters, target);
  std::uint64_t base = 0;  // so that no two tensors share random numbers
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    draw(Positions(mask, i, 1), targets[i], seed, base);
    base += static_cast<std::uint64_t>(parameters[i].size());
  }
  return mask;
}

}  // namespace phew
