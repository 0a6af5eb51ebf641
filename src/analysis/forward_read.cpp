#include "analysis/forward_read.hpp"

#include "analysis/log_sum.hpp"
#include "graph/error.hpp"
#include "graph/forward_rows.hpp"
#include "graph/io/mapped_file.hpp"
#include "graph/parallel.hpp"
#include "graph/sweep.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <vector>

namespace phew {
namespace {

/// What the paths from the inputs to a layer's units sum up to.
struct LayerSums {
  ScaledSums count, ewp, square, trace;
  std::vector<double> mean, variance;  ///< of ln EWP; 0 where there is no path

  explicit LayerSums(const Layer& layer) : mean(units(layer)), variance(units(layer)) {
    for (ScaledSums* sums : {&count, &ewp, &square}) sums->value.assign(units(layer), layer.input ? 1.0 : 0.0);
    trace.value.assign(units(layer), 0.0);
  }
  static std::size_t units(const Layer& layer) { return static_cast<std::size_t>(layer.units); }

  /// Adds the paths that a link brings; changes `part`.
  void add(LayerSums& part) {
    count.add(part.count.value, part.count.exponent);
    ewp.add(part.ewp.value, part.ewp.exponent);
    square.add(part.square.value, part.square.exponent);
    trace.add(part.trace.value, part.trace.exponent);
    for (std::size_t i = 0; i < mean.size(); ++i) {
      if (part.count.value[i] == 0) continue;
      const double share = part.count.value[i] / count.value[i];  // add() brought both to one scale
      const double shift = part.mean[i] - mean[i];
      mean[i] += share * shift;
      variance[i] = (1 - share) * variance[i] + share * part.variance[i] + share * (1 - share) * shift * shift;
    }
  }
  void normalise() {
    for (ScaledSums* sums : {&count, &ewp, &square, &trace}) sums->normalise();
  }
};

/// What the sources of one group contribute, by position of a row; padded to the vectors of forward_rows.
class Factors {
 public:
  Factors(const Link& link, std::int64_t group, const LayerSums& from) {
    const std::int64_t first = group * link.group_sources;
    for (std::int64_t s = first; s < first + link.group_sources; ++s)
      if (from.count.value[at(s)] > 0) {
        offset_ = from.mean[at(s)];
        break;
      }
    fill(0, link, first, [&](std::size_t s) { return from.count.value[s]; });
    fill(1, link, first, [&](std::size_t s) { return from.ewp.value[s]; });
    fill(2, link, first, [&](std::size_t s) { return from.square.value[s]; });
    fill(3, link, first, [&](std::size_t s) { return from.trace.value[s]; });
    fill(4, link, first, [&](std::size_t s) { return from.count.value[s] * (from.mean[s] - offset_); });
    fill(5, link, first, [&](std::size_t s) {
      const double mean = from.mean[s] - offset_;
      return from.count.value[s] * (from.variance[s] + mean * mean);
    });
  }

  [[nodiscard]] RowFactors rows() const {
    return {values_[0].data(), values_[1].data(), values_[2].data(),
            values_[3].data(), values_[4].data(), values_[5].data()};
  }
  /// What was taken from the means, so that those of a link alike in all sources lose no digits in their squares.
  [[nodiscard]] double offset() const { return offset_; }

 private:
  static std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

  template <typename F>
  void fill(std::size_t which, const Link& link, std::int64_t first, F&& value) {
    std::vector<double>& values = values_[which];
    values.reserve(at(link.group_sources * link.kernel + forward_row_padding));
    for (std::int64_t s = first; s < first + link.group_sources; ++s)
      values.insert(values.end(), at(link.kernel), value(at(s)));
    values.resize(values.size() + forward_row_padding);
  }

  double offset_ = 0;
  std::array<std::vector<double>, 6> values_;
};

/// Reads a weighted link's tensor.
class LinkRead {
 public:
  LinkRead(const LayeredGraph& graph, const Link& link, BitMatrix& bits)
      : weights_(graph.weights()[link.parameter]), link_(link), bits_(bits), length_(bits.columns()) {
    const auto kept = std::ranges::find_if(weights_, [](float w) { return w != 0; });
    if (kept != weights_.end() && std::isfinite(*kept)) log_offset_ = std::log(std::abs(static_cast<double>(*kept)));
    give_back(std::as_bytes(weights_));  // there may be many zeros before it
  }

  void run(const LayerSums& from, LayerSums& part, int threads) {
    part.count.exponent = from.count.exponent;
    part.ewp.exponent = from.ewp.exponent;
    part.square.exponent = from.square.exponent;
    part.trace.exponent = from.trace.exponent;
    std::vector<double> left_out(part.mean.size());
    const std::int64_t block = std::clamp<std::int64_t>(block_weights / std::max<std::int64_t>(length_, 1), 1, 64);
    for (std::int64_t g = 0; g < link_.groups; ++g) {
      const Factors factors(link_, g, from);
      const std::int64_t first = g * link_.group_targets, last = first + link_.group_targets;
      parallel_for(threads, (link_.group_targets + block - 1) / block, [&](std::int64_t b) {
        read_rows(first + b * block, std::min(first + (b + 1) * block, last), factors, part, left_out);
      });
    }
    part.trace.add(left_out, from.square.exponent);
  }

 private:
  static constexpr std::int64_t block_weights = std::int64_t{1} << 19;  // 2 MB: what a thread has in memory at a time

  void read_rows(std::int64_t begin, std::int64_t end, const Factors& factors, LayerSums& part,
                 std::vector<double>& left_out) {
    const std::int64_t words = bits_.words_per_row(), rows = end - begin;
    const auto weights =
        weights_.subspan(static_cast<std::size_t>(begin * length_), static_cast<std::size_t>(rows * length_));
    std::vector<RowSums> sums(static_cast<std::size_t>(rows));
    std::vector<std::uint64_t> kept(static_cast<std::size_t>(rows * words));
    take(std::as_bytes(weights));
    forward_rows(weights.data(), rows, length_, factors.rows(), log_offset_, sums.data(), kept.data(), words);
    give_back(std::as_bytes(weights));
    for (std::int64_t r = 0; r < rows; ++r) {
      const auto row = std::span(kept).subspan(static_cast<std::size_t>(r * words), static_cast<std::size_t>(words));
      for_each_set(row, [&](std::int64_t p) { bits_.set(begin + r, p); });
      store(sums[static_cast<std::size_t>(r)], factors.offset(), static_cast<std::size_t>(begin + r), part, left_out);
    }
  }

  void store(const RowSums& sums, double offset, std::size_t t, LayerSums& part, std::vector<double>& left_out) const {
    part.count.value[t] = sums.count;
    part.ewp.value[t] = sums.ewp;
    part.square.value[t] = sums.square;
    part.trace.value[t] = sums.trace;
    left_out[t] = sums.left_out;
    if (sums.count == 0) return;
    const double mean = sums.log_sum / sums.count;
    part.mean[t] = offset + log_offset_ + mean;
    part.variance[t] = std::max(0.0, sums.log_squares / sums.count - mean * mean);
  }

  std::span<const float> weights_;
  const Link& link_;
  BitMatrix& bits_;
  std::int64_t length_;
  double log_offset_ = 0;  ///< ln of the first weight kept: where all are alike, their logarithms become 0
};

/// A fixed link copies its sources.
void copy(const Link& link, const LayerSums& from, LayerSums& part) {
  const std::pair<const ScaledSums*, ScaledSums*> sums[]{
      {&from.count, &part.count}, {&from.ewp, &part.ewp}, {&from.square, &part.square}, {&from.trace, &part.trace}};
  for (const auto& [source, target] : sums) {
    copy_forward(link, source->value, target->value);
    target->exponent = source->exponent;
  }
  copy_forward(link, from.mean, part.mean);
  copy_forward(link, from.variance, part.variance);
}

/// Totals over the output units of all layers.
class Totals {
 public:
  void add(const LayerSums& layer) {
    add(layer.count, paths_);
    add(layer.ewp, ewp_);
    add(layer.trace, trace_);
    // The moments as those of one unit to which all outputs lead, merged in the log domain's shares.
    for (std::size_t i = 0; i < layer.mean.size(); ++i)
      if (layer.count.value[i] > 0) outputs_.push_back({log_of(layer.count, i), layer.mean[i], layer.variance[i]});
  }

  [[nodiscard]] PathTotals totals() const {
    return {scaled(finite(paths_.log()), std::numbers::log10e), finite(ewp_.log()), finite(trace_.log())};
  }

  [[nodiscard]] std::optional<LogMoments> log_ewp() const {
    if (outputs_.empty()) return std::nullopt;
    double mean = 0, variance = 0;
    for (const Output& o : outputs_) mean += std::exp(o.log_count - paths_.log()) * o.mean;
    for (const Output& o : outputs_)
      variance += std::exp(o.log_count - paths_.log()) * (o.variance + (o.mean - mean) * (o.mean - mean));
    return LogMoments{mean, std::sqrt(variance)};
  }

 private:
  struct Output {
    double log_count, mean, variance;
  };

  static double log_of(const ScaledSums& sums, std::size_t i) { return std::log(sums.value[i]) + sums.log_scale(); }
  static std::optional<double> finite(double log) { return std::isfinite(log) ? std::optional(log) : std::nullopt; }
  static std::optional<double> scaled(std::optional<double> log, double by) {
    return log ? std::optional(*log * by) : std::nullopt;
  }
  static void add(const ScaledSums& sums, LogSum& to) {
    double sum = 0;
    for (const double v : sums.value) sum += v;
    to.add(std::log(sum) + sums.log_scale());
  }

  LogSum paths_, ewp_, trace_;
  std::vector<Output> outputs_;
};

void check_finite(const LayeredGraph& graph, const Link& link, const LayerSums& part) {
  if (!std::ranges::all_of(part.ewp.value, [](double v) { return std::isfinite(v); }))
    graph.weights().require_finite(link.parameter);
}

}  // namespace

ForwardRead forward_read(const LayeredGraph& graph, int threads) {
  if (!graph.has_weights() || graph.has_mask())
    fail(ExitCode::internal, "forward_read: expected a graph with weights and without a mask");
  ForwardRead read{Mask(graph.parameters()), {}, {}};
  std::vector<LayerSums> sums;
  Totals totals;
  for (const Layer& layer : graph.layers()) {
    LayerSums& to = sums.emplace_back(layer);
    for (const std::size_t l : layer.in_links) {
      const Link& link = graph.links()[l];
      LayerSums part(layer);
      for (ScaledSums* all : {&part.count, &part.ewp, &part.square}) std::ranges::fill(all->value, 0.0);
      if (link.fixed()) {
        copy(link, sums[link.from], part);
      } else {
        LinkRead(graph, link, read.mask[link.parameter]).run(sums[link.from], part, threads);
        check_finite(graph, link, part);
      }
      to.add(part);
    }
    to.normalise();
    if (layer.output) totals.add(to);
  }
  read.totals = totals.totals();
  read.log_ewp = totals.log_ewp();
  return read;
}

}  // namespace phew
