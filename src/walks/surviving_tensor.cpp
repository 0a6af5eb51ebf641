#include "walks/surviving_tensor.hpp"

#include "graph/for_each_cpu.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace phew {
namespace {

/// Values are scaled so that their squares neither overflow nor, within 2^-60 of the largest, lose bits.
std::int64_t scale_of(std::span<const float> values) {
  float largest = 0;
  for (const float v : values) largest = std::max(largest, v);
  int exponent = 0;
  (void)std::frexp(largest, &exponent);
  return exponent;
}

PHEW_FOR_EACH_CPU void dense_scores(const float* __restrict w, std::size_t n, const float* __restrict f, float b,
                                    float* __restrict out) {
  for (std::size_t i = 0; i < n; ++i) out[i] = (w[i] * f[i]) * b;
}

/// Puts −0 for values whose score is at most `cut`; returns how many of them were not pruned before.
PHEW_FOR_EACH_CPU std::int64_t dense_prune(float* __restrict w, std::size_t n, const float* __restrict scores,
                                           float cut) {
  std::int32_t pruned = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const float value = w[i];
    const std::int32_t low = scores[i] <= cut ? 1 : 0;
    const std::int32_t alive = std::bit_cast<std::int32_t>(value) >= 0 ? 1 : 0;
    pruned += low & alive;
    w[i] = low != 0 ? -0.0F : value;
  }
  return pruned;
}

double list_dot(const float* w, const std::uint32_t* position, std::size_t n, const double* f) {
  double sums[4] = {};
  std::size_t i = 0;
  for (; i + 4 <= n; i += 4)
    for (std::size_t k = 0; k < 4; ++k) sums[k] += static_cast<double>(w[i + k]) * f[position[i + k]];
  for (; i < n; ++i) sums[0] += static_cast<double>(w[i]) * f[position[i]];
  return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

}  // namespace

SurvivingTensor::SurvivingTensor(const LayeredGraph& graph, std::size_t parameter, PathValue value)
    : rows_(graph.parameters()[parameter].rows()), columns_(graph.parameters()[parameter].row_length()) {
  const auto weights = graph.weights()[parameter];
  const BitMatrix* mask = graph.has_mask() ? &graph.mask()[parameter] : nullptr;
  values_.resize(weights.size());
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const auto at = static_cast<std::int64_t>(i);
    const bool kept = mask == nullptr || mask->test(at / columns_, at % columns_);
    if (kept && !std::isfinite(weights[i])) graph.weights().require_finite(parameter);
    values_[i] = kept ? std::abs(weights[i]) : -0.0F;
    survivors_ += kept ? 1 : 0;
  }
  if (value == PathValue::square) {
    const std::int64_t scale = scale_of(values_);
    for (float& v : values_) {
      const double x = std::ldexp(static_cast<double>(v), static_cast<int>(-scale));
      v = std::copysign(static_cast<float>(x * x), v);
    }
    exponent_ = 2 * scale;
  }
  entries_ = values_.size();
  for (std::int64_t r = 0; r < rows_; ++r) {
    begin_.push_back(static_cast<std::size_t>(r * columns_));
    end_.push_back(static_cast<std::size_t>((r + 1) * columns_));
  }
  settle();
}

void SurvivingTensor::dot(std::int64_t first, std::int64_t count, const double* f, double* out) const {
  if (dense()) return rows_dot(PathValue::magnitude, values_.data() + first * columns_, count, columns_, f, out);
  for (std::int64_t t = 0; t < count; ++t) {
    const auto [begin, end] = row(first + t);
    out[t] = list_dot(values_.data() + begin, positions_.data() + begin, end - begin, f);
  }
}

void SurvivingTensor::add(std::int64_t first, std::int64_t count, const double* b, double* out) const {
  if (dense()) return rows_add(PathValue::magnitude, values_.data() + first * columns_, count, columns_, b, out);
  for (std::int64_t t = 0; t < count; ++t) {
    const auto [begin, end] = row(first + t);
    for (std::size_t e = begin; e < end; ++e) out[positions_[e]] += static_cast<double>(values_[e]) * b[t];
  }
}

void SurvivingTensor::scores(std::int64_t r, const float* f, float b, float* out) const {
  const auto [begin, end] = row(r);
  if (dense()) return dense_scores(values_.data() + begin, end - begin, f, b, out);
  for (std::size_t e = begin; e < end; ++e) out[e - begin] = (values_[e] * f[positions_[e]]) * b;
}

void SurvivingTensor::prune(std::size_t entry) {
  values_[entry] = -0.0F;
  --survivors_;
}

void SurvivingTensor::prune_row(std::int64_t r, const float* scores, float cut) {
  const auto [begin, end] = row(r);
  if (dense()) {
    survivors_ -= dense_prune(values_.data() + begin, end - begin, scores, cut);
    return;
  }
  std::size_t to = begin;
  std::int64_t gaps = 0;
  for (std::size_t e = begin; e < end; ++e) {
    const bool gap = std::signbit(values_[e]);
    const bool keep = !gap && scores[e - begin] > cut;
    gaps += gap ? 1 : 0;
    values_[to] = values_[e];
    positions_[to] = positions_[e];
    to += keep ? 1 : 0;
  }
  end_[static_cast<std::size_t>(r)] = to;
  entries_ -= end - to;
  survivors_ -= static_cast<std::int64_t>(end - to) - gaps;
}

void SurvivingTensor::settle() {
  if (!dense() || survivors_ >= static_cast<std::int64_t>(entries_ / 4) || entries_ == 0) return;
  std::vector<float> values;
  std::vector<std::uint32_t> positions;
  values.reserve(static_cast<std::size_t>(survivors_));
  positions.reserve(static_cast<std::size_t>(survivors_) + 1);
  for (std::size_t r = 0; r < begin_.size(); ++r) {
    const std::size_t first = begin_[r];
    begin_[r] = values.size();
    for (std::size_t e = first; e < end_[r]; ++e) {
      if (std::signbit(values_[e])) continue;
      values.push_back(values_[e]);
      positions.push_back(static_cast<std::uint32_t>(e - first));
    }
    end_[r] = values.size();
  }
  entries_ = values.size();
  if (positions.empty()) positions.push_back(0);  // a list, though an empty one
  values_ = std::move(values);
  positions_ = std::move(positions);
}

void SurvivingTensor::mark(BitMatrix& bits) const {
  for (std::int64_t r = 0; r < rows_; ++r) {
    const auto [begin, end] = row(r);
    for (std::size_t e = begin; e < end; ++e)
      if (!std::signbit(values_[e])) bits.set(r, position(r, e));
  }
}

}  // namespace phew
