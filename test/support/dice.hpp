// Dice: random numbers one after another from one RandomStream, for tests that draw their inputs.
#pragma once

#include "graph/random_stream.hpp"

#include <cstdint>

namespace phew::test {

/// The same numbers for the same (seed, index) on every machine.
class Dice {
 public:
  explicit Dice(std::uint64_t seed, std::uint64_t index = 0) : stream_(seed, Purpose::simulation, index) {}

  /// 32 random bits.
  std::uint32_t bits() {
    if (used_ == block_.size()) {
      block_ = stream_.block(step_++);
      used_ = 0;
    }
    return block_[used_++];
  }
  /// Uniform in 0 … n − 1.
  std::int64_t below(std::int64_t n) { return phew::below(static_cast<std::uint32_t>(n), bits()); }
  /// Uniform in first … last.
  std::int64_t between(std::int64_t first, std::int64_t last) { return first + below(last - first + 1); }
  /// Uniform in [0, 1).
  double uniform() { return unit_interval(bits()); }
  bool chance(double p) { return uniform() < p; }

 private:
  RandomStream stream_;
  RandomStream::Block block_{};
  std::size_t used_ = 4;
  std::uint32_t step_ = 0;
};

}  // namespace phew::test
