#include "graph/sweep.hpp"

#include <algorithm>
#include <cmath>

namespace phew {
namespace {

constexpr double smallest_maximum = 0x1p-850;

/// x · 2^e; what falls below the smallest double is 0.
double scaled(double x, std::int64_t e) { return std::ldexp(x, static_cast<int>(std::max<std::int64_t>(e, -5000))); }

void scale(std::vector<double>& values, std::int64_t exponent) {
  if (exponent == 0) return;
  for (double& v : values) v = scaled(v, exponent);
}

bool all_zero(const std::vector<double>& values) {
  return std::ranges::all_of(values, [](double v) { return v == 0; });
}

}  // namespace

bool ScaledSums::align(std::vector<double>& part, std::int64_t part_exponent) {
  if (all_zero(part)) return false;
  if (all_zero(value)) exponent = part_exponent;
  if (part_exponent > exponent) {
    scale(value, exponent - part_exponent);
    exponent = part_exponent;
  }
  scale(part, part_exponent - exponent);
  return true;
}

void ScaledSums::add(std::vector<double>& part, std::int64_t part_exponent) {
  if (!align(part, part_exponent)) return;
  for (std::size_t i = 0; i < part.size(); ++i) value[i] += part[i];
}

void ScaledSums::raise(std::vector<double>& part, std::int64_t part_exponent) {
  if (!align(part, part_exponent)) return;
  double largest = 0;
  for (std::size_t i = 0; i < part.size(); ++i) largest = std::max(largest, value[i] = std::max(value[i], part[i]));
  for (double& v : value)
    if (v < smallest_maximum * largest) v = 0;
}

void ScaledSums::normalise() {
  if (all_zero(value)) return;
  int shift = 0;
  (void)std::frexp(*std::ranges::max_element(value), &shift);
  scale(value, -shift);
  exponent += shift;
}

void copy_forward(const Link& link, const std::vector<double>& sources, std::vector<double>& part) {
  for (std::size_t t = 0; t < part.size(); ++t)
    if (const std::int64_t s = link.source_of[t]; s >= 0) part[t] = sources[static_cast<std::size_t>(s)];
}

void copy_backward(const Link& link, Combine combine, const std::vector<double>& targets, std::vector<double>& part) {
  for (std::size_t t = 0; t < targets.size(); ++t) {
    if (link.source_of[t] < 0) continue;
    double& source = part[static_cast<std::size_t>(link.source_of[t])];
    source = combine == &ScaledSums::raise ? std::max(source, targets[t]) : source + targets[t];
  }
}

const double* by_position(const Link& link, std::int64_t group, const std::vector<double>& sources,
                          std::vector<double>& storage) {
  const double* first = sources.data() + group * link.group_sources;
  if (link.kernel == 1) return first;
  storage.clear();
  storage.reserve(static_cast<std::size_t>(link.group_sources * link.kernel));
  for (const double* f = first; f != first + link.group_sources; ++f)
    storage.insert(storage.end(), static_cast<std::size_t>(link.kernel), *f);
  return storage.data();
}

void add_by_source(const Link& link, std::int64_t group, const std::vector<double>& by_position,
                   std::vector<double>& sources) {
  double* source = sources.data() + group * link.group_sources;
  for (auto p = by_position.begin(); p != by_position.end(); ++source)
    for (const auto end = p + link.kernel; p != end; ++p) *source += *p;
}

}  // namespace phew
