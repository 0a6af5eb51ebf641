#include "analysis/similarity.hpp"

#include "graph/bit_kernels.hpp"
#include "graph/error.hpp"

namespace phew {
namespace {

/// Expected sizes of the intersection and the union of independent random masks with these counts.
struct Expected {
  double both = 0;
  double either = 0;
};

Expected expected(const Overlap& counts) {
  if (counts.size == 0) return {};
  const auto a = static_cast<double>(counts.kept_a), b = static_cast<double>(counts.kept_b);
  const double both = a * b / static_cast<double>(counts.size);
  return {both, a + b - both};
}

std::optional<double> ratio(const Expected& e) {
  if (e.either <= 0) return std::nullopt;
  return e.both / e.either;
}

Jaccard jaccard(const Overlap& counts, const Expected& chance) {
  if (counts.either == 0) return {};
  return {.value = static_cast<double>(counts.both) / static_cast<double>(counts.either), .chance = ratio(chance)};
}

}  // namespace

Overlap& Overlap::operator+=(const Overlap& other) {
  size += other.size;
  kept_a += other.kept_a;
  kept_b += other.kept_b;
  both += other.both;
  either += other.either;
  return *this;
}

std::optional<double> Jaccard::corrected() const {
  if (!value || !chance || *chance >= 1) return std::nullopt;
  return (*value - *chance) / (1 - *chance);
}

Overlap overlap(const BitMatrix& a, const BitMatrix& b) {
  if (a.rows() != b.rows() || a.columns() != b.columns())
    fail(ExitCode::internal, "overlap: found masks of {}x{} and {}x{}, expected equal sizes", a.rows(), a.columns(),
         b.rows(), b.columns());
  Overlap sum{a.rows() * a.columns()};
  const PairCounts counts = count_pair(a.words(), b.words());
  sum.kept_a = counts.a;
  sum.kept_b = counts.b;
  sum.both = counts.both;
  sum.either = sum.kept_a + sum.kept_b - sum.both;
  return sum;
}

std::optional<double> chance_jaccard(const Overlap& counts) { return ratio(expected(counts)); }

Similarity similarity(std::span<const Overlap> tensors) {
  Similarity result;
  Overlap all;
  Expected chance;
  for (const Overlap& t : tensors) {
    const Expected e = expected(t);
    result.links.push_back(jaccard(t, e));
    all += t;
    chance.both += e.both;
    chance.either += e.either;
  }
  result.whole = jaccard(all, chance);
  result.chance_global = ratio(expected(all));
  return result;
}

Similarity similarity(const Mask& a, const Mask& b) {
  if (a.tensor_count() != b.tensor_count())
    fail(ExitCode::internal, "similarity: found masks of {} and {} tensors, expected equal numbers", a.tensor_count(),
         b.tensor_count());
  std::vector<Overlap> tensors;
  for (std::size_t t = 0; t < a.tensor_count(); ++t) tensors.push_back(overlap(a[t], b[t]));
  return similarity(tensors);
}

}  // namespace phew
