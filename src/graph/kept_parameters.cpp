#include "graph/kept_parameters.hpp"

#include "graph/bit_kernels.hpp"

namespace phew {
namespace {

constexpr std::int64_t one_of = 25;

}  // namespace

KeptRowReader::KeptRowReader(const LayeredGraph& graph, std::size_t parameter, bool with_weights,
                             const KeptParameters* all)
    : all_(all),
      parameter_(parameter),
      bits_(graph.mask()[parameter]),
      weights_(with_weights && graph.has_weights() ? graph.weights()[parameter].data() : nullptr) {
  if (all != nullptr) return;
  positions_.resize(static_cast<std::size_t>(bits_.columns()) + list_bits_slack);
  values_.resize(positions_.size());
}

KeptRow KeptRowReader::row(std::int64_t t) {
  if (all_ != nullptr) return all_->row(parameter_, t);
  const auto kept = static_cast<std::size_t>(list_bits(bits_.row(t), positions_.data()));
  const std::span<const std::int32_t> positions(positions_.data(), kept);
  if (weights_ == nullptr) return {positions, {}};
  const float* const row = weights_ + t * bits_.columns();
  for (std::size_t i = 0; i < kept; ++i) values_[i] = row[positions[i]];
  return {positions, {values_.data(), kept}};
}

std::optional<KeptParameters> KeptParameters::of(const LayeredGraph& graph) {
  if (!graph.has_mask() || !graph.has_weights()) return std::nullopt;
  const std::int64_t kept = graph.mask().kept();
  if (kept > graph.mask().size() / one_of) return std::nullopt;
  KeptParameters all;
  all.positions_.reserve(static_cast<std::size_t>(kept));
  all.weights_.reserve(static_cast<std::size_t>(kept));
  for (std::size_t parameter = 0; parameter < graph.parameters().size(); ++parameter) {
    KeptRowReader reader(graph, parameter, true, nullptr);
    std::vector<std::size_t>& first = all.first_.emplace_back();
    for (std::int64_t t = 0; t < graph.mask()[parameter].rows(); ++t) {
      const KeptRow row = reader.row(t);
      first.push_back(all.positions_.size());
      all.positions_.insert(all.positions_.end(), row.positions.begin(), row.positions.end());
      all.weights_.insert(all.weights_.end(), row.weights.begin(), row.weights.end());
    }
    first.push_back(all.positions_.size());
  }
  return all;
}

KeptRow KeptParameters::row(std::size_t parameter, std::int64_t t) const {
  const std::size_t* const first = first_[parameter].data() + t;
  const std::size_t count = first[1] - first[0];
  return {std::span(positions_).subspan(first[0], count), std::span(weights_).subspan(first[0], count)};
}

std::span<const float> KeptParameters::weights(std::size_t parameter) const {
  const std::vector<std::size_t>& first = first_[parameter];
  return std::span(weights_).subspan(first.front(), first.back() - first.front());
}

}  // namespace phew
