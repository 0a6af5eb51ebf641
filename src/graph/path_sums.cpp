#include "graph/path_sums.hpp"

#include "graph/bit_kernels.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace phew {
namespace {

constexpr double minus_infinity = -std::numeric_limits<double>::infinity();

/// The two products of a link's value matrix M[target][source] = Σ over the kernel's kept parameters of their value:
/// M f (forward) and Mᵀ b (backward), by rows of its tensor.
class LinkProducts {
 public:
  LinkProducts(const LayeredGraph& graph, const Link& link, PathValue value)
      : link_(link),
        value_(graph.has_weights() ? value : PathValue::one),
        weights_(value_ == PathValue::one ? nullptr : graph.weights()[link.parameter].data()),
        mask_(graph.has_mask() ? &graph.mask()[link.parameter] : nullptr),
        length_(link.group_sources * link.kernel),
        positions_(mask_ == nullptr ? 0 : static_cast<std::size_t>(length_) + 4) {}

  void forward(const std::vector<double>& f, std::vector<double>& out) {
    std::vector<double> storage;
    for (std::int64_t g = 0; g < link_.groups; ++g) {
      const double* by_column = by_position(link_, g, f, storage);
      const std::int64_t first = g * link_.group_targets;
      double* targets = out.data() + first;
      if (mask_ == nullptr)
        rows_dot(value_, row(first), link_.group_targets, length_, by_column, targets);
      else
        for (std::int64_t t = first; t < first + link_.group_targets; ++t)
          targets[t - first] = dot_at(value_, row(t), positions_.data(), list(t), by_column);
    }
  }

  void backward(const std::vector<double>& b, std::vector<double>& out) {
    std::vector<double> by_column(static_cast<std::size_t>(length_));
    for (std::int64_t g = 0; g < link_.groups; ++g) {
      std::ranges::fill(by_column, 0.0);
      add_rows(g, b, by_column.data());
      add_by_source(link_, g, by_column, out);
    }
  }

 private:
  /// Null where weights play no part.
  [[nodiscard]] const float* row(std::int64_t t) const {
    return weights_ == nullptr ? nullptr : weights_ + t * length_;
  }

  /// Writes down where the bits of row t are set, and returns how many there are.
  std::int64_t list(std::int64_t t) { return list_bits(mask_->row(t), positions_.data()); }

  /// Adds the rows of group g, each times its target's b.
  void add_rows(std::int64_t g, const std::vector<double>& b, double* by_column) {
    const std::int64_t first = g * link_.group_targets;
    if (mask_ == nullptr) {
      rows_add(value_, row(first), link_.group_targets, length_, b.data() + first, by_column);
      return;
    }
    for (std::int64_t t = first; t < first + link_.group_targets; ++t)
      add_at(value_, row(t), positions_.data(), list(t), b[static_cast<std::size_t>(t)], by_column);
  }

  const Link& link_;
  PathValue value_;
  const float* weights_;
  const BitMatrix* mask_;
  std::int64_t length_;
  std::vector<std::int32_t> positions_;  ///< of one row's set bits
};

/// A NaN or an infinity among the weights shows in the sums: forward sums are at most 1 and products are in double.
void check_finite(const LayeredGraph& graph, const Link& link, const std::vector<double>& sums) {
  if (std::ranges::all_of(sums, [](double v) { return std::isfinite(v); })) return;
  graph.weights().require_finite(link.parameter);
}

double total_log(const LayeredGraph& graph, const std::vector<ScaledSums>& forward) {
  double total = minus_infinity;
  for (std::size_t i = 0; i < forward.size(); ++i) {
    if (!graph.layers()[i].output) continue;
    double sum = 0;
    for (const double v : forward[i].value) sum += v;
    if (sum <= 0) continue;
    const double log = forward[i].log_scale() + std::log(sum);
    total = std::max(total, log) + std::log1p(std::exp(-std::abs(total - log)));
  }
  return total;
}

std::vector<ScaledSums> forward_sums(const LayeredGraph& graph, PathValue value) {
  return sweep_forward(graph, &ScaledSums::add,
                       [&](std::size_t l, const std::vector<double>& f, std::vector<double>& part) {
                         const Link& link = graph.links()[l];
                         if (link.fixed()) {
                           copy_forward(link, f, part);
                         } else {
                           LinkProducts(graph, link, value).forward(f, part);
                           check_finite(graph, link, part);
                         }
                         return std::int64_t{0};
                       });
}

}  // namespace

PathSums path_sums(const LayeredGraph& graph, PathValue value) {
  PathSums sums;
  sums.forward = forward_sums(graph, value);
  sums.backward = sweep_backward(graph, &ScaledSums::add,
                                 [&](std::size_t l, const std::vector<double>& b, std::vector<double>& part) {
                                   const Link& link = graph.links()[l];
                                   if (link.fixed()) {
                                     copy_backward(link, &ScaledSums::add, b, part);
                                   } else {
                                     LinkProducts(graph, link, value).backward(b, part);
                                   }
                                   return std::int64_t{0};
                                 });
  sums.total_log = total_log(graph, sums.forward);
  return sums;
}

double path_total_log(const LayeredGraph& graph, PathValue value) {
  return total_log(graph, forward_sums(graph, value));
}

}  // namespace phew
