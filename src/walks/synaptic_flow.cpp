#include "walks/synaptic_flow.hpp"

#include "graph/sweep.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace phew {

SynapticFlow::SynapticFlow(const LayeredGraph& graph, PathValue value)
    : graph_(graph),
      links_of_(graph.parameters().size()),
      exponents_(graph.parameters().size()),
      flows_(graph.links().size()) {
  tensors_.reserve(graph.parameters().size());
  for (std::size_t p = 0; p < graph.parameters().size(); ++p) tensors_.emplace_back(graph, p, value);
  for (std::size_t l = 0; l < graph.links().size(); ++l)
    if (!graph.links()[l].fixed()) links_of_[graph.links()[l].parameter].push_back(l);
}

std::int64_t SynapticFlow::survivors() const {
  std::int64_t sum = 0;
  for (const SurvivingTensor& tensor : tensors_) sum += tensor.survivors();
  return sum;
}

void SynapticFlow::forward(const Link& link, const std::vector<double>& f, std::vector<double>& part) const {
  std::vector<double> storage;
  for (std::int64_t g = 0; g < link.groups; ++g) {
    const std::int64_t first = g * link.group_targets;
    tensors_[link.parameter].dot(first, link.group_targets, by_position(link, g, f, storage), part.data() + first);
  }
}

void SynapticFlow::backward(const Link& link, const std::vector<double>& b, std::vector<double>& part) const {
  std::vector<double> by_column(static_cast<std::size_t>(link.group_sources * link.kernel));
  for (std::int64_t g = 0; g < link.groups; ++g) {
    const std::int64_t first = g * link.group_targets;
    std::ranges::fill(by_column, 0.0);
    tensors_[link.parameter].add(first, link.group_targets, b.data() + first, by_column.data());
    add_by_source(link, g, by_column, part);
  }
}

void SynapticFlow::sweep() {
  using Values = std::vector<double>;
  const auto exponent_of = [&](const Link& link) {
    return link.fixed() ? std::int64_t{0} : tensors_[link.parameter].exponent();
  };
  const auto f = sweep_forward(graph_, &ScaledSums::add, [&](std::size_t l, const Values& values, Values& part) {
    const Link& link = graph_.links()[l];
    link.fixed() ? copy_forward(link, values, part) : forward(link, values, part);
    return exponent_of(link);
  });
  const auto b = sweep_backward(graph_, &ScaledSums::add, [&](std::size_t l, const Values& values, Values& part) {
    const Link& link = graph_.links()[l];
    link.fixed() ? copy_backward(link, &ScaledSums::add, values, part) : backward(link, values, part);
    return exponent_of(link);
  });
  for (std::size_t l = 0; l < flows_.size(); ++l) {
    const Link& link = graph_.links()[l];
    if (link.fixed()) continue;
    LinkFlow& flow = flows_[l];
    flow.exponent = f[link.from].exponent + b[link.to].exponent + exponent_of(link);
    flow.targets.assign(b[link.to].value.begin(), b[link.to].value.end());
    flow.sources.clear();
    for (const double value : f[link.from].value)
      flow.sources.insert(flow.sources.end(), static_cast<std::size_t>(link.kernel), static_cast<float>(value));
  }
  align_exponents();
}

void SynapticFlow::align_exponents() {
  for (std::size_t p = 0; p < links_of_.size(); ++p) {
    exponents_[p] = std::numeric_limits<std::int64_t>::min();
    for (const std::size_t l : links_of_[p]) exponents_[p] = std::max(exponents_[p], flows_[l].exponent);
    for (const std::size_t l : links_of_[p]) {
      const std::int64_t shift = std::max<std::int64_t>(flows_[l].exponent - exponents_[p], -1000);
      flows_[l].scale = static_cast<float>(std::ldexp(1.0, static_cast<int>(shift)));
    }
  }
}

const float* SynapticFlow::sources(std::size_t l, std::int64_t row) const {
  const Link& link = graph_.links()[l];
  return flows_[l].sources.data() + row / link.group_targets * link.group_sources * link.kernel;
}

std::span<const float> SynapticFlow::scores(std::size_t parameter, std::int64_t row) {
  const SurvivingTensor& tensor = tensors_[parameter];
  const auto [begin, end] = tensor.row(row);
  const auto at = static_cast<std::size_t>(row);
  const auto& links = links_of_[parameter];
  row_.resize(std::max(row_.size(), end - begin));
  tensor.scores(row, sources(links.front(), row), flows_[links.front()].targets[at], row_.data());
  if (links.size() > 1) {
    part_.resize(row_.size());
    for (std::size_t i = 0; i < end - begin; ++i) row_[i] *= flows_[links.front()].scale;
    for (const std::size_t l : std::span(links).subspan(1)) {
      tensor.scores(row, sources(l, row), flows_[l].targets[at], part_.data());
      for (std::size_t i = 0; i < end - begin; ++i) row_[i] += part_[i] * flows_[l].scale;
    }
  }
  return {row_.data(), end - begin};
}

float SynapticFlow::score(std::size_t parameter, std::int64_t row, std::size_t entry) const {
  const auto position = tensors_[parameter].position(row, entry);
  float sum = 0;
  for (const std::size_t l : links_of_[parameter])
    sum += (tensors_[parameter].value(entry) * sources(l, row)[position]) *
           flows_[l].targets[static_cast<std::size_t>(row)] * flows_[l].scale;
  return sum;
}

}  // namespace phew
