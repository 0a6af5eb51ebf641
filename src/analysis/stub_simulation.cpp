#include "analysis/stub_simulation.hpp"

#include "graph/random_stream.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <utility>
#include <vector>

namespace phew {
namespace {

/// 64 independent bits at a time, each 1 with chance p: lane by lane the comparison U < p of a uniform U with p, digit
/// by digit from the highest, until every lane has a digit that differs from p's. About 8 random words, whatever p is.
class BernoulliWords {
 public:
  BernoulliWords(const RandomStream& stream, double p)
      : stream_(stream), certain_(p >= 1), digits_(certain_ ? 0 : static_cast<std::uint64_t>(std::ldexp(p, 64))) {}

  std::uint64_t next() {
    if (certain_) return ~std::uint64_t{0};
    std::uint64_t below = 0, undecided = ~std::uint64_t{0};
    for (std::uint64_t rest = digits_; rest != 0 && undecided != 0; rest <<= 1) {
      const std::uint64_t random = random_word();
      if (rest >> 63 != 0) {
        below |= undecided & ~random;
        undecided &= random;
      } else {
        undecided &= ~random;
      }
    }
    return below;
  }

 private:
  std::uint64_t random_word() {
    if (second_left_) {
      second_left_ = false;
      return second_;
    }
    const auto block = stream_.block(step_++);
    second_ = static_cast<std::uint64_t>(block[2]) << 32 | block[3];
    second_left_ = true;
    return static_cast<std::uint64_t>(block[0]) << 32 | block[1];
  }

  RandomStream stream_;
  bool certain_;
  std::uint64_t digits_;  ///< p's binary digits behind the point
  std::uint32_t step_ = 0;
  std::uint64_t second_ = 0;
  bool second_left_ = false;
};

/// The units at the ends of a random link that a kept parameter enters or leaves, as bits.
struct LinkEnds {
  explicit LinkEnds(std::size_t words) : entered(words), left(words) {}
  std::vector<std::uint64_t> entered, left;
};

void draw_link(BernoulliWords bits, std::int64_t width, LinkEnds& ends) {
  const std::size_t words = ends.left.size();
  const std::uint64_t last = ~std::uint64_t{0} >> (static_cast<std::uint64_t>(-width) & 63);
  std::fill(ends.entered.begin(), ends.entered.end(), 0);
  std::fill(ends.left.begin(), ends.left.end(), 0);
  for (std::size_t target = 0; target < static_cast<std::size_t>(width); ++target) {
    std::uint64_t any = 0;
    for (std::size_t w = 0; w < words; ++w) {
      const std::uint64_t kept = bits.next() & (w + 1 == words ? last : ~std::uint64_t{0});
      ends.left[w] |= kept;
      any |= kept;
    }
    if (any != 0) ends.entered[target / 64] |= std::uint64_t{1} << (target % 64);
  }
}

/// Stub units of one trial: those of a hidden layer that are entered or left, but not both.
std::int64_t stubs_of_trial(const RandomPruning& pruning, std::uint64_t seed, std::int64_t trial, LinkEnds& before,
                            LinkEnds& after) {
  std::int64_t stubs = 0;
  const std::int64_t links = pruning.hidden_layers + 1;
  for (std::int64_t link = 0; link < links; ++link) {
    const RandomStream stream(seed, Purpose::simulation, static_cast<std::uint64_t>(trial * links + link));
    draw_link(BernoulliWords(stream, 1 - pruning.pruned), pruning.width, after);
    if (link > 0)
      for (std::size_t w = 0; w < after.left.size(); ++w) stubs += std::popcount(before.entered[w] ^ after.left[w]);
    std::swap(before, after);
  }
  return stubs;
}

/// A seed of a setting's own, so that what one setting draws neither repeats another's nor depends on which others are
/// simulated beside it.
std::uint64_t seed_of(const RandomPruning& pruning, std::uint64_t seed) {
  const auto sizes = RandomStream(seed, Purpose::simulation, static_cast<std::uint64_t>(pruning.width))
                         .block(static_cast<std::uint32_t>(pruning.hidden_layers));
  const std::uint64_t own = static_cast<std::uint64_t>(sizes[0]) << 32 | sizes[1];
  const auto block = RandomStream(own, Purpose::simulation, std::bit_cast<std::uint64_t>(pruning.pruned)).block(0);
  return static_cast<std::uint64_t>(block[0]) << 32 | block[1];
}

}  // namespace

StubCounts& StubCounts::operator+=(const StubCounts& other) {
  trials += other.trials;
  stubs += other.stubs;
  squares += other.squares;
  with_stubs += other.with_stubs;
  return *this;
}

Estimate stub_units_estimate(const StubCounts& counts) {
  const auto n = static_cast<double>(counts.trials);
  if (counts.trials == 0) return {};
  const double mean = static_cast<double>(counts.stubs) / n;
  if (counts.trials == 1) return {mean, 0};
  const double variance = (static_cast<double>(counts.squares) / n - mean * mean) * n / (n - 1);
  return {mean, std::sqrt(std::max(variance, 0.0) / n)};
}

Estimate any_stub_estimate(const StubCounts& counts) {
  if (counts.trials == 0) return {};
  const auto k = static_cast<double>(counts.with_stubs), n = static_cast<double>(counts.trials);
  const double shifted = (k + 2) / (n + 4);
  return {k / n, std::sqrt(shifted * (1 - shifted) / (n + 4))};
}

StubCounts simulate_stubs(const RandomPruning& pruning, std::uint64_t seed, std::int64_t first, std::int64_t count) {
  const auto words = static_cast<std::size_t>((pruning.width + 63) / 64);
  LinkEnds before(words), after(words);
  const std::uint64_t own = seed_of(pruning, seed);
  StubCounts counts;
  for (std::int64_t trial = first; trial < first + count; ++trial) {
    const std::int64_t stubs = stubs_of_trial(pruning, own, trial, before, after);
    counts += {1, stubs, stubs * stubs, stubs > 0 ? 1 : 0};
  }
  return counts;
}

}  // namespace phew
