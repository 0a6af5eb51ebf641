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

/// Lists in `found` (room for n) where low < scores[i] ≤ high and counts them; returns how many are at most `low`.
PHEW_FOR_EACH_CPU std::int64_t find_between(const float* scores, std::size_t n, float low, float high,
                                            std::uint32_t* found, std::size_t& found_count) {
  constexpr std::size_t block = 64;
  std::int64_t below = 0;
  std::size_t i = 0, count = 0;
  for (; i + block <= n; i += block) {
    std::array<std::uint8_t, block> between;
    std::int32_t at_most_low = 0;
    for (std::size_t k = 0; k < block; ++k) {
      const std::int32_t to_low = scores[i + k] <= low ? 1 : 0, to_high = scores[i + k] <= high ? 1 : 0;
      at_most_low += to_low;
      between[k] = static_cast<std::uint8_t>(to_high - to_low);
    }
    below += at_most_low;
    for (std::size_t k = 0; k < block; k += 8) {
      std::uint64_t bytes = 0;
      std::memcpy(&bytes, between.data() + k, sizeof bytes);
      for (; bytes != 0; bytes &= bytes - 1)
        found[count++] = static_cast<std::uint32_t>(i + k + static_cast<std::size_t>(std::countr_zero(bytes)) / 8);
    }
  }
  for (; i < n; ++i) {
    below += scores[i] <= low ? 1 : 0;
    if (scores[i] > low && scores[i] <= high) found[count++] = static_cast<std::uint32_t>(i);
  }
  found_count = count;
  return below;
}

class Cut {
 public:
  explicit Cut(SynapticFlow& flow) : flow_(flow), tensors_(flow.tensors()) {}

  /// A bracket that very probably holds the count-th lowest score.
  [[nodiscard]] Bracket guess(std::int64_t count) const;
  /// Lists the candidates of a bracket, and returns how many survivors' scores are below it.
  std::int64_t survey(const Bracket& bracket);
  [[nodiscard]] std::int64_t candidates() const { return std::ssize(candidates_); }
  /// Prunes what is below the bracket and the first `count` candidates.
  void prune(const Bracket& bracket, std::int64_t count);

 private:
  [[nodiscard]] std::vector<std::int64_t> sample(std::int64_t size) const;
  void prune_up_to(std::int64_t key);

  SynapticFlow& flow_;
  std::vector<SurvivingTensor>& tensors_;
  std::vector<Candidate> candidates_;
};

/// About `size` of the survivors' scores, at random distances.
std::vector<std::int64_t> Cut::sample(std::int64_t size) const {
  std::int64_t entries = 0;
  for (const SurvivingTensor& tensor : tensors_) entries += tensor.survivors() + tensor.gaps();
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
  const double margin = 3.5 * std::sqrt(rank + 1) + 1;
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

std::int64_t Cut::survey(const Bracket& bracket) {
  candidates_.clear();
  std::int64_t below = 0;
  std::vector<std::uint32_t> found;
  for (std::size_t t = 0; t < tensors_.size(); ++t) {
    const float low = score_at_most(bracket.low, flow_.exponent(t)),
                high = score_at_most(bracket.high, flow_.exponent(t));
    if (low >= 0) below -= tensors_[t].gaps();  // their scores are 0
    for (std::int64_t r = 0; r < tensors_[t].rows(); ++r) {
      const std::span<const float> scores = flow_.scores(t, r);
      if (found.size() < scores.size()) found.resize(scores.size());
      std::size_t count = 0;
      below += find_between(scores.data(), scores.size(), low, high, found.data(), count);
      const std::size_t begin = tensors_[t].row(r).first;
      for (const std::uint32_t i : std::span(found).first(count))
        if (!std::signbit(tensors_[t].value(begin + i)))
          candidates_.push_back({score_key(scores[i], flow_.exponent(t)), t, begin + i});
    }
  }
  return below;
}

void Cut::prune(const Bracket& bracket, std::int64_t count) {
  if (count == 0) return prune_up_to(bracket.low);
  const auto last = candidates_.begin() + count - 1;
  std::nth_element(candidates_.begin(), last, candidates_.end());
  const std::int64_t key = last->key;
  for (auto c = candidates_.begin(); c <= last; ++c)
    if (c->key == key) tensors_[c->tensor].prune(c->entry);
  prune_up_to(key - 1);
}

void Cut::prune_up_to(std::int64_t key) {
  for (std::size_t t = 0; t < tensors_.size(); ++t) {
    const float cut = score_at_most(key, flow_.exponent(t));
    for (std::int64_t r = 0; cut >= 0 && r < tensors_[t].rows(); ++r)
      tensors_[t].prune_row(r, flow_.scores(t, r).data(), cut);
    tensors_[t].settle();
  }
}

}  // namespace

std::int64_t score_key(float s, std::int64_t exponent) {
  if (s == 0) return 0;
  int shift = 0;
  const auto mantissa = static_cast<std::int64_t>(std::ldexp(std::frexp(s, &shift), mantissa_bits + 1));
  return ((exponent + shift + exponent_bias) << mantissa_bits) + (mantissa - implied_bit);
}

float score_at_most(std::int64_t key, std::int64_t exponent) {
  if (key < 0) return -1;
  const std::int64_t shift = (key >> mantissa_bits) - exponent_bias - exponent;
  if (key == 0 || shift < -200) return 0;
  if (shift > 128) return std::numeric_limits<float>::infinity();
  const auto mantissa = static_cast<double>((key & (implied_bit - 1)) + implied_bit);
  const double exact = std::ldexp(mantissa, static_cast<int>(shift - mantissa_bits - 1));
  const auto nearest = static_cast<float>(exact);
  return static_cast<double>(nearest) > exact ? std::nextafter(nearest, 0.0F) : nearest;
}

void prune_lowest(SynapticFlow& flow, std::int64_t count) {
  Cut cut(flow);
  Bracket bracket = cut.guess(count);
  std::int64_t below = cut.survey(bracket);
  if (below > count) {
    bracket = {-1, bracket.low};
    below = cut.survey(bracket);
  } else if (below + cut.candidates() < count) {
    bracket = {bracket.high, Bracket{}.high};
    below = cut.survey(bracket);
  }
  cut.prune(bracket, count - below);
}

}  // namespace phew
