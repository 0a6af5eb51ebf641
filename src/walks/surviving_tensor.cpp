#include "walks/surviving_tensor.hpp"

#include "graph/for_each_cpu.hpp"

#include <algorithm>
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

void SurvivingTensor::settle() {
  // A list's entry costs between two and three times that of a row of all positions.
  const std::int64_t few = dense() ? entries() * 3 / 8 : entries() - entries() / 8;
  if (survivors_ < few) clear_gaps();
}

void SurvivingTensor::clear_gaps() {
  std::vector<float> values;
  std::vector<std::uint32_t> positions;
  values.reserve(static_cast<std::size_t>(survivors_));
  positions.reserve(static_cast<std::size_t>(survivors_) + 1);
  for (std::int64_t r = 0; r < rows_; ++r) {
    const auto [begin, end] = row(r);
    begin_[static_cast<std::size_t>(r)] = values.size();
    for (std::size_t e = begin; e < end; ++e) {
      if (std::signbit(values_[e])) continue;
      values.push_back(values_[e]);
      positions.push_back(dense() ? static_cast<std::uint32_t>(e - begin) : positions_[e]);
    }
    end_[static_cast<std::size_t>(r)] = values.size();
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
