// WalkPlan: what walks on one graph ask at every step, worked out before the first one.
#pragma once

#include "walks/link_choices.hpp"
#include "walks/walk.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

namespace phew {

/// One weighted link in one direction, as the inner loop reads it: what LinkChoices and Link hold, on two cache lines.
struct Hop {
  EdgeChoices::Leaf leaf = EdgeChoices::Leaf::equal;
  std::uint8_t levels = 0;  ///< of the tree to go down; 0: there is one block only
  bool grouped = false;
  std::uint32_t link = 0;
  std::uint32_t next_layer = 0;
  std::uint32_t total = 0;  ///< where a row of the tree has its total
  std::uint32_t block = 0;  ///< leaves of a block
  static constexpr std::size_t most_levels = 4;
  std::uint32_t level_offset[most_levels] = {}, level_size[most_levels] = {};
  const float* tree = nullptr;
  std::int64_t tree_stride = 0;
  const float* leaves = nullptr;  ///< cumulative sums, or weights (scan, reject)
  std::int64_t leaf_stride = 0;
  std::int64_t leaf_count = 0;
  const float* kernels = nullptr;  ///< LinkChoices::raw_kernels
  std::int64_t row_length = 0, kernel = 0;
  const LinkChoices* choices = nullptr;
};

class WalkPlan {
 public:
  WalkPlan(const LayeredGraph& graph, const WalkOptions& options, int threads);

  [[nodiscard]] const LayeredGraph& graph() const { return graph_; }
  [[nodiscard]] const WalkOptions& options() const { return options_; }
  [[nodiscard]] std::span<const std::int64_t> starts(Direction d) const { return starts_[index(d)]; }
  [[nodiscard]] std::int64_t reachable() const;
  [[nodiscard]] std::int64_t memory() const;
  /// No walk has more steps.
  [[nodiscard]] std::size_t longest() const { return graph_.layers().size(); }

  /// A weighted link's choices; none for a fixed one.
  [[nodiscard]] const std::optional<LinkChoices>& choices(std::size_t link) const { return links_[link]; }

  [[nodiscard]] const Hop& hop(Direction d, std::size_t link) const { return hops_[index(d)][link]; }
  /// The only link on from every unit of a layer, if it is so simple; else null.
  [[nodiscard]] const Hop* only_hop(Direction d, std::size_t layer) const { return only_hop_[index(d)][layer]; }
  /// The weighted links among which the choice is fair from every unit of a layer; empty if it is not so simple: then
  /// choose_link tells.
  [[nodiscard]] std::span<const Hop* const> fair_hops(Direction d, std::size_t layer) const {
    return fair_hops_[index(d)][layer];
  }
  /// The link on from a unit, by 32 random bits; none at the end of a walk.
  [[nodiscard]] std::optional<std::size_t> choose_link(Direction d, Unit unit, std::uint32_t bits) const;
  /// The unit at the other end of a fixed link that choose_link named, by 32 random bits.
  [[nodiscard]] Unit follow_fixed(Direction d, std::size_t link, Unit unit, std::uint32_t bits) const;

 private:
  static std::size_t index(Direction d) { return d == Direction::forward ? 0 : 1; }
  [[nodiscard]] std::int64_t units(std::size_t layer) const { return graph_.layers()[layer].units; }
  [[nodiscard]] std::span<const std::uint8_t> leading(const std::vector<std::uint8_t>& all, std::size_t layer) const;

  void prepare(const std::vector<std::size_t>& links, int threads);
  void check_totals(const std::vector<std::size_t>& links) const;
  void find_leading();
  void spread_forward(std::size_t link);
  void spread_backward(std::size_t link);
  void drop_dead_ends(int threads);
  void find_starts();
  void find_hops();
  void find_magnitudes();
  [[nodiscard]] std::vector<const Hop*> find_fair_hops(Direction d, const Layer& layer) const;
  [[noreturn]] void no_path() const;

  [[nodiscard]] bool leads_on(Direction d, std::int64_t vertex) const {
    return (d == Direction::forward ? to_output_ : from_input_)[static_cast<std::size_t>(vertex)] != 0;
  }
  /// Whether a walk may stand on the vertex.
  [[nodiscard]] bool walks_pass(std::int64_t vertex) const {
    return leads_on(Direction::forward, vertex) && leads_on(Direction::reverse, vertex);
  }
  [[nodiscard]] bool usable(Direction d, std::size_t link, std::int64_t unit) const;
  [[nodiscard]] std::int64_t fixed_count(Direction d, const Link& link, std::int64_t unit) const;
  [[nodiscard]] std::optional<std::size_t> weigh_links(Direction d, const std::vector<std::size_t>& links,
                                                       std::int64_t unit, std::uint32_t bits) const;

  LayeredGraph graph_;
  WalkOptions options_;
  std::vector<std::optional<LinkChoices>> links_;
  std::array<std::vector<std::vector<double>>, 2> magnitudes_;     ///< by direction, link, unit (Shortcuts::weigh)
  std::vector<std::uint8_t> from_input_, to_output_;               ///< by vertex
  std::array<std::vector<std::int64_t>, 2> starts_;                ///< by direction
  std::array<std::vector<Hop>, 2> hops_;                           ///< by direction and link
  std::array<std::vector<const Hop*>, 2> only_hop_;                ///< by direction and layer
  std::array<std::vector<std::vector<const Hop*>>, 2> fair_hops_;  ///< by direction and layer
};

}  // namespace phew
