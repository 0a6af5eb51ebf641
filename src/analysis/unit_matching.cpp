#include "analysis/unit_matching.hpp"

#include "analysis/assignment.hpp"
#include "analysis/unit_features.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace phew {
namespace {

std::size_t at(std::int64_t index) { return static_cast<std::size_t>(index); }

/// Likeness as an integer, at most ±likeness_scale: no sum of likenesses of a block outweighs one more parameter.
constexpr std::int64_t likeness_scale = std::int64_t{1} << 20;

/// One match of two masks.
class Matching {
 public:
  Matching(const BlockLinks& network, const Mask& a, const Mask& b)
      : network_(network),
        gains_(network, a, b),
        features_a_(unit_features(network.graph(), a)),
        features_b_(unit_features(network.graph(), b)) {}

  Partners best() const {
    Partners best = same_units(network_.graph());
    climb(best);
    std::int64_t most = gains_.kept_by_both(best);
    for (const auto start : {&Matching::by_likeness, &Matching::from_inputs, &Matching::from_outputs}) {
      Partners partners = (this->*start)();
      climb(partners);
      const std::int64_t both = gains_.kept_by_both(partners);
      if (both <= most) continue;
      most = both;
      best = std::move(partners);
    }
    return best;
  }

 private:
  [[nodiscard]] const std::vector<UnitBlock>& blocks() const { return network_.units().blocks; }

  /// Mean likeness of the units of two bundles, place by place.
  [[nodiscard]] std::int64_t likeness(const UnitBlock& block, std::size_t i, std::size_t j) const {
    float sum = 0;
    for (std::size_t p = 0; p < block.places; ++p)
      sum += UnitFeatures::likeness(features_a_, block.vertex(i, p), features_b_, block.vertex(j, p));
    return std::lround(static_cast<double>(sum) / static_cast<double>(block.places) *
                       static_cast<double>(likeness_scale));
  }

  /// Gains in which likeness decides between assignments of equal overlap.
  [[nodiscard]] Gains with_likeness(Gains gains, const UnitBlock& block) const {
    const std::int64_t parameter = 4 * likeness_scale * static_cast<std::int64_t>(block.size());
    for (std::size_t i = 0; i < block.size(); ++i)
      for (std::size_t j = 0; j < block.size(); ++j) gains(i, j) = parameter * gains(i, j) + likeness(block, i, j);
    return gains;
  }

  static void place(const UnitBlock& block, const Assignment& assignment, Partners& partners) {
    for (std::size_t i = 0; i < block.size(); ++i)
      for (std::size_t p = 0; p < block.places; ++p) partners[at(block.vertex(i, p))] = block.vertex(assignment[i], p);
  }
  [[nodiscard]] Assignment placed(const UnitBlock& block, const Partners& partners) const {
    Assignment assignment(block.size());
    for (std::size_t i = 0; i < block.size(); ++i)
      assignment[i] = at(network_.units().bundle_of[at(partners[at(block.vertex(i, 0))])]);
    return assignment;
  }

  /// Inputs, outputs and what moves with them are placed; blocks are not.
  [[nodiscard]] Partners only_fixed() const {
    Partners partners = same_units(network_.graph());
    for (const UnitBlock& block : blocks())
      for (const std::int64_t v : block.vertices) partners[at(v)] = no_partner;
    return partners;
  }
  [[nodiscard]] Partners by_likeness() const {
    Partners partners = only_fixed();
    for (const UnitBlock& block : blocks())
      place(block, best_assignment(with_likeness(Gains(block.size()), block)), partners);
    return partners;
  }
  [[nodiscard]] Partners from_inputs() const {
    std::vector<std::size_t> order(blocks().size());
    std::iota(order.begin(), order.end(), 0U);
    return in_order(order);
  }
  [[nodiscard]] Partners from_outputs() const {
    std::vector<std::size_t> order(blocks().size());
    std::iota(order.begin(), order.end(), 0U);
    std::ranges::stable_sort(order, std::ranges::greater{},
                             [&](std::size_t b) { return std::ranges::max(blocks()[b].vertices); });
    return in_order(order);
  }
  [[nodiscard]] Partners in_order(const std::vector<std::size_t>& order) const {
    Partners partners = only_fixed();
    for (const std::size_t b : order)
      place(blocks()[b], best_assignment(with_likeness(gains_.of(b, partners), blocks()[b])), partners);
    return partners;
  }

  /// Betters block after block until none can be bettered.
  void climb(Partners& partners) const {
    std::vector<std::uint8_t> due(blocks().size(), 1);
    for (bool more = true; more;) {
      more = false;
      for (std::size_t b = 0; b < blocks().size(); ++b) {
        while (std::exchange(due[b], std::uint8_t{0}) != 0) {
          if (!better(b, partners)) continue;
          more = true;
          due[b] = network_.own_neighbour(b);
          for (const std::size_t other : network_.neighbours(b)) due[other] = 1;
        }
      }
    }
  }
  /// One block's best partners, if they are better than the current ones.
  bool better(std::size_t b, Partners& partners) const {
    const UnitBlock& block = blocks()[b];
    const Gains gains = gains_.of(b, partners);
    const Assignment now = placed(block, partners), best = best_assignment(gains);
    if (total_gain(gains, best) <= total_gain(gains, now)) return false;
    if (!network_.own_neighbour(b)) {
      place(block, best, partners);
      return true;
    }
    const std::int64_t before = gains_.kept_by_both(partners);
    place(block, best, partners);
    if (gains_.kept_by_both(partners) > before) return true;
    place(block, now, partners);
    return false;
  }

  const BlockLinks& network_;
  BlockGains gains_;
  UnitFeatures features_a_, features_b_;
};

}  // namespace

Partners same_units(const LayeredGraph& graph) {
  Partners partners(at(graph.unit_count()));
  std::iota(partners.begin(), partners.end(), std::int64_t{0});
  return partners;
}

Mask relabelled(const LayeredGraph& graph, const Mask& mask, const Partners& partners) {
  Partners unit_of(partners.size());  // the inverse
  for (std::size_t v = 0; v < partners.size(); ++v) unit_of[at(partners[v])] = static_cast<std::int64_t>(v);
  Mask result(graph.parameters());
  for (const Link& link : graph.links()) {
    if (link.fixed()) continue;
    const std::int64_t targets = graph.layers()[link.to].first, sources = graph.layers()[link.from].first;
    const BitMatrix& bits = mask[link.parameter];
    for (std::int64_t t = 0; t < bits.rows(); ++t) {
      const std::int64_t row = unit_of[at(targets + t)] - targets, first = sources + link.first_source(t);
      for_each_set(bits.row(t), [&](std::int64_t p) {
        const std::int64_t source = unit_of[at(first + p / link.kernel)] - sources;
        result[link.parameter].set(row, (source - link.first_source(row)) * link.kernel + p % link.kernel);
      });
    }
  }
  return result;
}

Partners UnitMatcher::match(const Mask& a, const Mask& b) const { return Matching(network_, a, b).best(); }

}  // namespace phew
