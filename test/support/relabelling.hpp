// Relabelling: random permutations of the units that may change places.
#pragma once

#include "analysis/unit_blocks.hpp"
#include "support/dice.hpp"

#include <cstdint>
#include <numeric>
#include <utility>
#include <vector>

namespace phew::test {

/// By vertex, the unit that takes its place: each block's bundles permuted, every order with equal chance.
inline std::vector<std::int64_t> random_relabelling(const UnitBlocks& units, Dice& dice) {
  std::vector<std::int64_t> partners(units.block_of.size());
  std::iota(partners.begin(), partners.end(), std::int64_t{0});
  for (const UnitBlock& block : units.blocks) {
    std::vector<std::size_t> order(block.size());
    std::iota(order.begin(), order.end(), 0U);
    for (std::size_t i = order.size(); i > 1; --i)
      std::swap(order[i - 1], order[static_cast<std::size_t>(dice.below(static_cast<std::int64_t>(i)))]);
    for (std::size_t i = 0; i < order.size(); ++i)
      for (std::size_t p = 0; p < block.places; ++p)
        partners[static_cast<std::size_t>(block.vertex(i, p))] = block.vertex(order[i], p);
  }
  return partners;
}

}  // namespace phew::test
