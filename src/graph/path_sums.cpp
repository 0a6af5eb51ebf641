#include "graph/path_sums.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

namespace phew {
namespace {

constexpr double minus_infinity = -std::numeric_limits<double>::infinity();

/// The two products of a link's value matrix M[target][source] = Σ over the kernel's kept parameters of their value:
/// M f (forward) and Mᵀ b (backward), by rows of its tensor.
class LinkProducts {
 public:
  LinkProducts(const LayeredGraph& graph, const Link& link, PathValue value, const KeptParameters* kept)
      : link_(link),
        value_(graph.has_weights() ? value : PathValue::one),
        weights_(value_ == PathValue::one ? nullptr : graph.weights()[link.parameter].data()),
        length_(link.group_sources * link.kernel) {
    if (graph.has_mask()) kept_.emplace(graph, link.parameter, value_ != PathValue::one, kept);
  }

  void forward(const std::vector<double>& f, std::vector<double>& out) {
    std::vector<double> storage;
    for (std::int64_t g = 0; g < link_.groups; ++g) {
      const double* by_column = by_position(link_, g, f, storage);
      const std::int64_t first = g * link_.group_targets;
      double* targets = out.data() + first;
      if (!kept_)
        rows_dot(value_, row(first), link_.group_targets, length_, by_column, targets);
      else
        for (std::int64_t t = 0; t < link_.group_targets; ++t) {
          const KeptRow kept = kept_->row(first + t);
          targets[t] = dot_at(value_, kept.weights.data(), kept.positions.data(), kept.positions.size(), by_column);
        }
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

  /// Adds the rows of group g, each times its target's b.
  void add_rows(std::int64_t g, const std::vector<double>& b, double* by_column) {
    const std::int64_t first = g * link_.group_targets;
    if (!kept_) {
      rows_add(value_, row(first), link_.group_targets, length_, b.data() + first, by_column);
      return;
    }
    for (std::int64_t t = first; t < first + link_.group_targets; ++t) {
      const KeptRow kept = kept_->row(t);
      add_at(value_, kept.weights.data(), kept.positions.data(), kept.positions.size(), b[static_cast<std::size_t>(t)],
             by_column);
    }
  }

  const Link& link_;
  PathValue value_;
  const float* weights_;
  std::int64_t length_;
  std::optional<KeptRowReader> kept_;  ///< with a mask
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

std::vector<ScaledSums> forward_sums(const LayeredGraph& graph, PathValue value, const KeptParameters* kept) {
  return sweep_forward(graph, &ScaledSums::add,
                       [&](std::size_t l, const std::vector<double>& f, std::vector<double>& part) {
                         const Link& link = graph.links()[l];
                         if (link.fixed()) {
                           copy_forward(link, f, part);
                         } else {
                           LinkProducts(graph, link, value, kept).forward(f, part);
                           check_finite(graph, link, part);
                         }
                         return std::int64_t{0};
                       });
}

}  // namespace

PathSums path_sums(const LayeredGraph& graph, PathValue value) {
  std::optional<KeptParameters> kept;
  if (value != PathValue::one) kept = KeptParameters::of(graph);
  return path_sums(graph, value, kept ? &*kept : nullptr);
}

PathSums path_sums(const LayeredGraph& graph, PathValue value, const KeptParameters* kept) {
  PathSums sums;
  sums.forward = forward_sums(graph, value, kept);
  sums.backward = sweep_backward(graph, &ScaledSums::add,
                                 [&](std::size_t l, const std::vector<double>& b, std::vector<double>& part) {
                                   const Link& link = graph.links()[l];
                                   if (link.fixed()) {
                                     copy_backward(link, &ScaledSums::add, b, part);
                                   } else {
                                     LinkProducts(graph, link, value, kept).backward(b, part);
                                   }
                                   return std::int64_t{0};
                                 });
  sums.total_log = total_log(graph, sums.forward);
  return sums;
}

double path_total_log(const LayeredGraph& graph, PathValue value, const KeptParameters* kept) {
  return total_log(graph, forward_sums(graph, value, kept));
}

}  // namespace phew
