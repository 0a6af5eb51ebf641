#include "walks/score_cut.hpp"

#include "graph/for_each_cpu.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <span>
#include <tuple>
#include <vector>

namespace phew {
namespace {

constexpr std::int64_t exponent_bias = std::int64_t{1} << 38;
constexpr std::int64_t mantissa_bits = 23;
constexpr std::int64_t implied_bit = std::int64_t{1} << mantissa_bits;

/// Keys above `low` and up to `high`.
struct Bracket {
  std::int64_t low = -1;
  std::int64_t high = std::numeric_limits<std::int64_t>::max();
};

struct Candidate {
  std::int64_t key = 0;
  std::size_t tensor = 0;
  std::size_t entry = 0;

  /// The order of pruning: the lowest score first, of equal ones the last position.
  bool operator<(const Candidate& other) const {
    return std::tuple(key, other.tensor, other.entry) < std::tuple(other.key, tensor, entry);
  }
};

/// Lists in `found` (room for n) where 0 ≤ scores[i] ≤ high, −0 excepted, and returns how many there are.
PHEW_FOR_EACH_CPU std::size_t find_at_most(const float* scores, std::size_t n, float high, std::uint32_t* found) {
  constexpr std::size_t block = 64;
  constexpr std::uint64_t gather_bits = 0x0102040810204080;  // times eight bytes of 0 or 1: those bits in the top byte
  const std::int32_t high_bits = std::bit_cast<std::int32_t>(high);  // floats of at least 0 are ordered as their bits
  std::size_t i = 0, count = 0;
  for (; i + block <= n; i += block) {
    std::array<std::uint8_t, block> low;
    for (std::size_t k = 0; k < block; ++k) {
      const std::int32_t bits = std::bit_cast<std::int32_t>(scores[i + k]);
      const std::int32_t at_most = bits <= high_bits ? 1 : 0, gap = bits < 0 ? 1 : 0;
      low[k] = static_cast<std::uint8_t>(at_most - gap);
    }
    std::uint64_t mask = 0;
    for (std::size_t k = 0; k < block; k += 8) {
      std::uint64_t bytes = 0;
      std::memcpy(&bytes, low.data() + k, sizeof bytes);
      mask |= (bytes * gather_bits) >> 56U << k;
    }
    for (; mask != 0; mask &= mask - 1)
      found[count++] = static_cast<std::uint32_t>(i + static_cast<std::size_t>(std::countr_zero(mask)));
  }
  for (; i < n; ++i)
    if (scores[i] <= high && !std::signbit(scores[i])) found[count++] = static_cast<std::uint32_t>(i);
  return count;
}

class Cut {
 public:
  explicit Cut(SynapticFlow& flow) : flow_(flow), tensors_(flow.tensors()) {}

  /// A bracket that very probably holds the count-th lowest score.
  [[nodiscard]] Bracket guess(std::int64_t count) const;
  /// Lists the survivors whose scores are below or within a bracket.
  void survey(const Bracket& bracket);
  [[nodiscard]] std::int64_t below() const { return std::ssize(below_); }
  [[nodiscard]] std::int64_t within() const { return std::ssize(within_); }
  /// Prunes the first `count` of what was listed, at least all that is below the bracket.
  void prune(std::int64_t count);

 private:
  [[nodiscard]] std::vector<std::int64_t> sample(std::int64_t size) const;

  SynapticFlow& flow_;
  std::vector<SurvivingTensor>& tensors_;
  struct Place {
    std::size_t tensor = 0, entry = 0;
  };
  std::vector<Place> below_;
  std::vector<Candidate> within_;
};

/// About `size` of the survivors' scores, at random distances.
std::vector<std::int64_t> Cut::sample(std::int64_t size) const {
  std::int64_t entries = 0;
  for (const SurvivingTensor& tensor : tensors_) entries += tensor.entries();
  const auto most = static_cast<std::uint64_t>(std::max<std::int64_t>(1, 2 * (entries / size) - 1));
  std::vector<std::int64_t> keys;
  std::uint64_t random = 1;
  std::size_t skip = 0;  // entries until the next
  for (std::size_t t = 0; t < tensors_.size(); ++t)
    for (std::int64_t r = 0; r < tensors_[t].rows(); ++r) {
      const auto [begin, end] = tensors_[t].row(r);
      for (; skip < end - begin; skip += 1 + (random >> 33) % most) {
        if (const std::size_t entry = begin + skip; !std::signbit(tensors_[t].value(entry)))
          keys.push_back(score_key(flow_.score(t, r, entry), flow_.exponent(t)));
        random = random * 6364136223846793005U + 1442695040888963407U;
      }
      skip -= end - begin;
    }
  return keys;
}

Bracket Cut::guess(std::int64_t count) const {
  constexpr std::int64_t sample_size = 8192;
  const std::int64_t survivors = flow_.survivors();
  if (survivors < 2 * sample_size) return {};
  std::vector<std::int64_t> keys = sample(sample_size);
  const double rank = static_cast<double>(keys.size()) * static_cast<double>(count) / static_cast<double>(survivors);
  const double margin = 3.0 * std::sqrt(rank + 1) + 1;
  const auto low = static_cast<std::ptrdiff_t>(rank - margin), high = static_cast<std::ptrdiff_t>(rank + margin);
  Bracket bracket;
  auto end = keys.end();
  if (high < std::ssize(keys)) {
    end = keys.begin() + high;
    std::ranges::nth_element(keys, end);
    bracket.high = *end;
  }
  if (low > 0) {
    std::nth_element(keys.begin(), keys.begin() + low, end);
    bracket.low = keys[static_cast<std::size_t>(low)] - 1;
  }
  return bracket;
}

void Cut::survey(const Bracket& bracket) {
  below_.clear();
  within_.clear();
  std::vector<std::uint32_t> found;
  for (std::size_t t = 0; t < tensors_.size(); ++t) {
    const std::int64_t exponent = flow_.exponent(t);
    const float low = score_at_most(bracket.low, exponent), high = score_at_most(bracket.high, exponent);
    for (std::int64_t r = 0; r < tensors_[t].rows(); ++r) {
      const std::span<const float> scores = flow_.scores(t, r);
      if (found.size() < scores.size()) found.resize(scores.size());
      const std::size_t count = find_at_most(scores.data(), scores.size(), high, found.data());
      const std::size_t begin = tensors_[t].row(r).first;
      for (const std::uint32_t i : std::span(found).first(count)) {
        if (scores[i] <= low)
          below_.push_back({t, begin + i});
        else
          within_.push_back({score_key(scores[i], exponent), t, begin + i});
      }
    }
  }
}

void Cut::prune(std::int64_t count) {
  const auto last = within_.begin() + (count - below());
  std::nth_element(within_.begin(), last, within_.end());
  for (const Place& place : below_) tensors_[place.tensor].prune(place.entry);
  for (auto c = within_.begin(); c != last; ++c) tensors_[c->tensor].prune(c->entry);
  for (SurvivingTensor& tensor : tensors_) tensor.settle();
}

}  // namespace

std::int64_t score_key(float s, std::int64_t exponent) {
  if (s == 0) return 0;
  const std::int32_t bits = std::bit_cast<std::int32_t>(s);
  if (bits >= implied_bit) return ((exponent + exponent_bias) << mantissa_bits) + bits;
  const auto shift = static_cast<std::int64_t>(std::countl_zero(static_cast<std::uint32_t>(bits))) - 8;  // denormal
  return ((exponent + exponent_bias - shift) << mantissa_bits) + (std::int64_t{bits} << shift);
}

float score_at_most(std::int64_t key, std::int64_t exponent) {
  if (key < 0) return -1;
  const std::int64_t shift = (key >> mantissa_bits) - exponent_bias - exponent - 126;  // score = mantissa · 2^shift
  if (key == 0 || shift < -200) return 0;
  if (shift > 128) return std::numeric_limits<float>::infinity();
  const auto mantissa = static_cast<double>((key & (implied_bit - 1)) + implied_bit);
  const double exact = std::ldexp(mantissa, static_cast<int>(shift - mantissa_bits - 1));
  const auto nearest = static_cast<float>(exact);
  return static_cast<double>(nearest) > exact ? std::nextafter(nearest, 0.0F) : nearest;
}

void prune_lowest(SynapticFlow& flow, std::int64_t count) {
  Cut cut(flow);
  const Bracket bracket = cut.guess(count);
  cut.survey(bracket);
  if (cut.below() > count) {
    cut.survey({-1, bracket.low});
  } else if (cut.below() + cut.within() < count) {
    cut.survey({bracket.high, Bracket{}.high});
  }
  cut.prune(count);
}

}  // namespace phew
