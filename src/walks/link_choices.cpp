#include "walks/link_choices.hpp"

#include "graph/error.hpp"
#include "walks/bias_sums.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace phew {
namespace {

constexpr std::int64_t fan = EdgeChoices::fan;

std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

/// Cumulative sums of `count` biases, in order, in float: a bias too small to raise the sum is as good as none. Padded
/// to `block` with the total, which it returns.
float accumulate_block(const float* biases, std::int64_t count, std::int64_t block, float* sums) {
  float sum = 0;
  for (std::int64_t i = 0; i < count; ++i) sums[i] = sum += biases[i];
  std::fill(sums + count, sums + block, sum);
  return sum;
}

}  // namespace

LinkChoices::LinkChoices(const LayeredGraph& graph, const Link& link, Bias bias)
    : graph_(&graph),
      link_(&link),
      bias_(bias),
      row_length_(graph.parameters()[link.parameter].row_length()),
      kept_(graph.has_mask() ? &graph.mask()[link.parameter] : nullptr) {
  if (constexpr auto most = std::numeric_limits<std::uint32_t>::max();
      row_length_ > most || graph.parameters()[link.parameter].rows() > most)
    fail(ExitCode::unsupported, "{}: found shape {}, expected rows and their lengths below 2^32",
         graph.parameters()[link.parameter].name, to_string(graph.parameters()[link.parameter].shape));
  if (bias != Bias::uniform) {
    if (!graph.has_weights()) fail(ExitCode::internal, "walks by weight need weights");
    values_ = graph.weights()[link.parameter];
  }
  set_up();
}

void LinkChoices::set_up() {
  using Leaf = EdgeChoices::Leaf;
  const std::int64_t targets = graph_->layers()[link_->to].units, sources = graph_->layers()[link_->from].units;
  const bool all_alive = sources_.empty();
  forward_ = {};
  reverse_ = {};
  forward_.leaves = link_->group_targets;
  reverse_.leaves = link_->group_sources;
  if (bias_ == Bias::uniform && kept_ == nullptr && all_alive) return;
  const bool raw_edges = raw() && link_->kernel == 1 && all_alive;
  for (EdgeChoices* choices : {&forward_, &reverse_}) {
    if (!raw_edges && choices->leaves <= EdgeChoices::short_row) choices->block = padded_to(fan, choices->leaves);
    choices->tree = ChoiceTree(choices == &forward_ ? sources : targets, choices->blocks());
  }
  if (raw_edges) {
    forward_.leaf = Leaf::reject;
    reverse_.leaf = Leaf::scan;
    forward_.weights = reverse_.weights = values_.data();
    forward_.stride = reverse_.stride = row_length_;
    return;
  }
  for (EdgeChoices* choices : {&forward_, &reverse_}) {
    choices->leaf = Leaf::cumulative;
    choices->stride = padded_to(choices->block, choices->leaves);
    choices->sums = FloatBuffer((choices == &forward_ ? sources : targets) * choices->stride);
  }
}

void LinkChoices::keep_alive(std::vector<std::uint8_t> sources, std::vector<std::uint8_t> targets) {
  sources_ = std::move(sources);
  targets_ = std::move(targets);
  set_up();
}

std::int64_t LinkChoices::tiles() const {
  if (forward_.leaf == EdgeChoices::Leaf::equal) return 0;
  return link_->groups * ((link_->group_targets + tile_size() - 1) / tile_size());
}

void LinkChoices::prepare(std::int64_t tile) {
  const std::int64_t tiles_a_group = (link_->group_targets + tile_size() - 1) / tile_size();
  const std::int64_t group = tile / tiles_a_group;
  const std::int64_t first = group * link_->group_targets + tile % tiles_a_group * tile_size();
  const std::int64_t last = std::min(first + tile_size(), (group + 1) * link_->group_targets);
  if (forward_.leaf == EdgeChoices::Leaf::cumulative)
    prepare_cumulative(first, last);
  else
    prepare_raw(first, last);
}

void LinkChoices::prepare_raw(std::int64_t first, std::int64_t last) {
  const std::int64_t columns = link_->group_sources, source = link_->first_source(first);
  std::vector<float> largest(at(columns));
  for (std::int64_t t = first; t < last; ++t) {
    const float* row = values_.data() + t * row_length_;
    bias_sums::by_block(row, columns, reverse_.tree.block_sums(t));
    bias_sums::raise_to(row, columns, largest.data());
  }
  float* sums = forward_.tree.block_sums(source) + (first - link_->first_target(source)) / fan;
  for (std::int64_t c = 0; c < columns; ++c, sums += forward_.tree.stride()) *sums = largest[at(c)];
}

void LinkChoices::prepare_cumulative(std::int64_t first, std::int64_t last) {
  const std::int64_t columns = link_->group_sources, source = link_->first_source(first), rows = last - first;
  // Row = target of the tile. Rows a power of two apart would share few lines of the cache.
  const std::int64_t stride = columns + fan;
  std::vector<float> biases(at(forward_.block * stride));
  for (std::int64_t t = first; t < last; ++t) {
    float* row = biases.data() + (t - first) * stride;
    fill_row(t, row);
    float* totals = reverse_.tree.block_sums(t);
    float* sums = reverse_.sums.data() + t * reverse_.stride;
    for (std::int64_t begin = 0; begin < columns; begin += reverse_.block)
      *totals++ =
          accumulate_block(row + begin, std::min(reverse_.block, columns - begin), reverse_.block, sums + begin);
  }
  bias_sums::accumulate_rows(biases.data(), rows, columns, stride);
  for (std::int64_t r = rows; r < forward_.block; ++r)
    std::copy_n(biases.data() + (rows - 1) * stride, columns, biases.data() + r * stride);
  const std::int64_t tile = (first - link_->first_target(source)) / tile_size();
  bias_sums::transpose(biases.data(), forward_.block, columns, stride,
                       forward_.sums.data() + source * forward_.stride + tile * forward_.block, forward_.stride);
  float* totals = forward_.tree.block_sums(source) + tile;
  const float* last_row = biases.data() + (forward_.block - 1) * stride;
  for (std::int64_t c = 0; c < columns; ++c, totals += forward_.tree.stride()) *totals = last_row[c];
}

float LinkChoices::of_magnitude(float magnitude) const {
  if (bias_ == Bias::inverse && !std::isfinite(magnitude)) return std::numeric_limits<float>::quiet_NaN();  // not 0
  constexpr float most = 0x1p100F;  // so that the inverses of subnormal weights stay finite in every sum
  return bias_ != Bias::inverse || magnitude == 0 ? magnitude : std::min(1.0F / magnitude, most);
}

void LinkChoices::fill_row(std::int64_t target, float* biases) const {
  const std::int64_t kernel = link_->kernel, columns = link_->group_sources;
  const float* weights = values_.empty() ? nullptr : values_.data() + target * row_length_;
  if (kept_ == nullptr && weights != nullptr) {
    bias_sums::by_kernel(weights, columns, kernel, biases);
  } else {
    for (std::int64_t c = 0; c < columns; ++c) {
      float sum = 0;
      for (std::int64_t p = c * kernel; p < (c + 1) * kernel; ++p)
        if (kept_ == nullptr || kept_->test(target, p)) sum += weights == nullptr ? 1.0F : std::abs(weights[p]);
      biases[c] = sum;
    }
  }
  // An equal choice is among edges: how many parameters a mask left in a kernel plays no part.
  if (bias_ == Bias::uniform)
    for (std::int64_t c = 0; c < columns; ++c) biases[c] = biases[c] > 0 ? 1.0F : 0.0F;
  if (bias_ == Bias::inverse)
    for (std::int64_t c = 0; c < columns; ++c) biases[c] = of_magnitude(biases[c]);
  if (sources_.empty()) return;
  const std::int64_t source = link_->first_source(target);
  for (std::int64_t c = 0; c < columns; ++c)
    if (targets_[at(target)] == 0 || sources_[at(source + c)] == 0) biases[c] = 0;
}

float LinkChoices::total(Direction direction, std::int64_t unit) const {
  const EdgeChoices& choices = (*this)[direction];
  if (choices.leaf == EdgeChoices::Leaf::equal) return static_cast<float>(choices.leaves);
  return choices.tree.total(unit);
}

double LinkChoices::magnitude(Direction direction, std::int64_t unit) const {
  const EdgeChoices& choices = (*this)[direction];
  if (choices.leaf != EdgeChoices::Leaf::reject) return total(direction, unit);
  const std::int64_t first = link_->first_target(unit), column = unit - link_->first_source(first);
  double sum = 0;
  for (std::int64_t t = first; t < first + link_->group_targets; ++t)
    sum += std::abs(static_cast<double>(values_[at(t * row_length_ + column)]));
  return sum;
}

bool LinkChoices::has_edge(std::int64_t target, std::int64_t column) const {
  const std::int64_t first = column * link_->kernel;
  for (std::int64_t p = first; p < first + link_->kernel; ++p)
    if (parameter(target, p) > 0) return true;
  return false;
}

float LinkChoices::parameter(std::int64_t target, std::int64_t position) const {
  if (kept_ != nullptr && !kept_->test(target, position)) return 0;
  return values_.empty() ? 1.0F : of_magnitude(std::abs(values_[at(target * row_length_ + position)]));
}

}  // namespace phew
