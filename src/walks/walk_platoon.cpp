#include "walks/walk_platoon.hpp"

// This file is compiled once for every vector unit that Highway knows (its foreach_target includes it again and again).
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "walks/walk_platoon.cpp"
// clang-format off: it must come first
#include <hwy/foreach_target.h>
// clang-format on
#include "walks/cumulative-inl.hpp"
#include "walks/philox-inl.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <hwy/cache_control.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace phew::HWY_NAMESPACE {

/// A walk under way.
struct Front {
  std::int64_t unit = 0;
  std::uint32_t layer = 0;
  std::uint32_t bits = 0;  ///< for the parameter, or for a rejection
  // While an edge is sought:
  const Hop* hop = nullptr;
  std::int64_t entry = 0;  ///< of the level above; at last the block
  double rest = 0;         ///< how far into the entry the point lies
  const float* leaves = nullptr;
  std::int64_t leaf = 0;
  float width = 0;  ///< of the entry (reject)
  // Once it is found:
  std::int64_t row = 0, first = 0;  ///< its kernel
  Kept* out = nullptr;              ///< where the next step is noted
};

template <Direction D>
class Platoon {
 public:
  Platoon(const WalkPlan& plan, std::uint64_t seed, std::span<WalkEnds> walks, std::span<const std::size_t> chosen,
          WalkSteps& steps)
      : plan_(plan), seed_(seed), walks_(walks), chosen_(chosen), steps_(steps) {}

  void run() {
    for (std::size_t i = 0; i < chosen_.size(); ++i) {
      const WalkEnds& walk = walks_[chosen_[i]];
      const Unit start = plan_.graph().unit(walk.start);
      fronts_[i].unit = start.index;
      fronts_[i].layer = static_cast<std::uint32_t>(start.layer);
      fronts_[i].out = steps_.room(chosen_[i]);
      numbers_[i] = walk.number;
      walking_.add(i);
    }
    for (step_ = 0; walking_.size > 0; ++step_) {
      bits_.run(seed_, Purpose::walk, numbers_.data(), step_, chosen_.size());
      choose_links();
      choose_edges();
      choose_parameters();
    }
  }

 private:
  struct List {
    std::size_t size = 0;
    std::array<std::uint8_t, platoon_size> index;
    void add(std::size_t i) { index[size++] = static_cast<std::uint8_t>(i); }
  };

  /// Moves along fixed links, ends walks that nothing leads on from, and leaves in choosing_ those at a weighted link,
  /// their search under way.
  void choose_links() {
    const List before = walking_;
    walking_.size = choosing_.size = deepest_ = 0;
    for (std::size_t k = 0; k < before.size; ++k) {
      const std::size_t i = before.index[k];
      Front& front = fronts_[i];
      if (!choose_link(front, i)) continue;
      walking_.add(i);
      if (front.hop == nullptr) continue;
      choosing_.add(i);
      front.bits = bits_.word(2, i);
      begin_search(front, bits_.word(0, i), bits_.word(1, i));
    }
  }

  /// Sets the front's hop; null if it moved along a fixed link. False if the walk is at its end.
  HWY_INLINE bool choose_link(Front& front, std::size_t i) {
    front.hop = plan_.only_hop(D, front.layer);
    if (HWY_LIKELY(front.hop != nullptr)) return true;
    if (const auto fair = plan_.fair_hops(D, front.layer); !fair.empty()) {
      front.hop = fair[below(static_cast<std::uint32_t>(fair.size()), bits_.word(3, i))];
      return true;
    }
    const Unit unit{front.layer, front.unit};
    const auto link = plan_.choose_link(D, unit, bits_.word(3, i));
    if (!link) {
      walks_[chosen_[i]].end = plan_.graph().vertex(front.layer, front.unit);
      steps_.set_count(chosen_[i], static_cast<std::size_t>(front.out - steps_.room(chosen_[i])));
      return false;
    }
    if (plan_.choices(*link)) {
      front.hop = &plan_.hop(D, *link);
    } else {
      const Unit next = plan_.follow_fixed(D, *link, unit, bits_.word(2, i));
      move(front, next.layer, next.index);
    }
    return true;
  }

  /// Places the point among a unit's edges, and goes down the first level.
  HWY_INLINE void begin_search(Front& front, std::uint32_t high, std::uint32_t low) {
    const Hop& hop = *front.hop;
    if (hop.leaf == EdgeChoices::Leaf::equal) {
      front.leaf = static_cast<std::int64_t>(below(static_cast<std::uint64_t>(hop.leaf_count), high, low));
      return;
    }
    front.width = hop.tree[front.unit * hop.tree_stride + hop.total];
    front.rest = unit_interval(high, low) * static_cast<double>(front.width);
    front.entry = 0;
    deepest_ = std::max<std::size_t>(deepest_, hop.levels);
    if (hop.levels == 0)
      fetch_leaves(front);
    else
      descend(front, 0);
  }

  HWY_INLINE void descend(Front& front, std::size_t level) {
    const Hop& hop = *front.hop;
    const float* row = hop.tree + front.unit * hop.tree_stride;
    const std::int64_t first = front.entry * ChoiceTree::fan;
    const float* sums = row + hop.level_offset[level] + first;
    const std::int64_t index = find_in<ChoiceTree::lane>(
        sums, std::min(ChoiceTree::fan, static_cast<std::int64_t>(hop.level_size[level]) - first), front.rest);
    const float below_it = index == 0 ? 0.0F : sums[index - 1];
    front.entry = first + index;
    front.rest -= static_cast<double>(below_it);
    front.width = sums[index] - below_it;
    if (level + 1U == hop.levels) {
      fetch_leaves(front);
      return;
    }
    const float* next = row + hop.level_offset[level + 1] + front.entry * ChoiceTree::fan;
    hwy::Prefetch(next);
    hwy::Prefetch(next + 16);
  }

  /// Finds where the block's leaves lie, and asks for them.
  HWY_INLINE void fetch_leaves(Front& front) {
    const Hop& hop = *front.hop;
    if (hop.leaf == EdgeChoices::Leaf::reject) {
      front.leaf = front.entry * EdgeChoices::fan + (front.bits >> 28);
      if (front.leaf >= hop.leaf_count) return;  // the last block is shorter: a leaf that is not there is rejected
      const std::int64_t first = first_target(hop, front.unit);
      front.leaves = hop.leaves + (first + front.leaf) * hop.leaf_stride + front.unit - first_source(hop, first);
    } else {
      front.leaves = hop.leaves + front.unit * hop.leaf_stride + front.entry * hop.block;
      hwy::Prefetch(front.leaves + 15);
    }
    hwy::Prefetch(front.leaves);
  }

  void choose_edges() {
    constexpr int attempt_shift = 20;  // above the number of the step
    List rejected = finish_search(choosing_);
    for (std::uint32_t attempt = 1; rejected.size > 0; ++attempt) {
      std::array<std::uint64_t, platoon_size> numbers;
      for (std::size_t k = 0; k < rejected.size; ++k) numbers[k] = numbers_[rejected.index[k]];
      bits_.run(seed_, Purpose::walk, numbers.data(), step_ | attempt << attempt_shift, rejected.size);
      for (std::size_t k = 0; k < rejected.size; ++k) {
        Front& front = fronts_[rejected.index[k]];
        front.bits = bits_.word(2, k);
        begin_search(front, bits_.word(0, k), bits_.word(1, k));
      }
      rejected = finish_search(rejected);
    }
  }

  /// Goes down the levels below the first, level by level, and moves along the edges found. Returns who was rejected.
  List finish_search(const List& list) {
    for (std::size_t level = 1; level < deepest_; ++level)
      for (std::size_t k = 0; k < list.size; ++k)
        if (Front& front = fronts_[list.index[k]]; level < front.hop->levels) descend(front, level);
    List rejected;
    for (std::size_t k = 0; k < list.size; ++k) {
      Front& front = fronts_[list.index[k]];
      if (choose_leaf(front))
        take(front);
      else
        rejected.add(list.index[k]);
    }
    return rejected;
  }

  /// The edge itself; false if it was rejected.
  HWY_INLINE bool choose_leaf(Front& front) {
    const Hop& hop = *front.hop;
    switch (hop.leaf) {
      case EdgeChoices::Leaf::equal:
        return true;
      case EdgeChoices::Leaf::cumulative:
        front.leaf = front.entry * hop.block + find_in<EdgeChoices::fan>(front.leaves, hop.block, front.rest);
        return true;
      case EdgeChoices::Leaf::scan: {
        const std::int64_t begin = front.entry * EdgeChoices::fan;
        front.leaf = begin + scan(front.leaves, std::min(EdgeChoices::fan, hop.leaf_count - begin), front.rest);
        return true;
      }
      case EdgeChoices::Leaf::reject: {
        if (front.leaf >= hop.leaf_count) return false;
        const double height = static_cast<double>(front.bits & 0x0FFFFFFFU) * 0x1p-28;
        return height * static_cast<double>(front.width) < static_cast<double>(std::abs(*front.leaves));
      }
    }
    return true;
  }

  static HWY_INLINE std::int64_t first_target(const Hop& hop, std::int64_t source) {
    return hop.grouped ? hop.choices->link().first_target(source) : 0;
  }
  static HWY_INLINE std::int64_t first_source(const Hop& hop, std::int64_t target) {
    return hop.grouped ? hop.choices->link().first_source(target) : 0;
  }

  /// Moves along the chosen edge, and asks for its kernel.
  HWY_INLINE void take(Front& front) {
    const Hop& hop = *front.hop;
    std::int64_t next = 0;
    if constexpr (D == Direction::forward) {
      const std::int64_t first = first_target(hop, front.unit);
      front.row = next = first + front.leaf;
      front.first = (front.unit - first_source(hop, first)) * hop.kernel;
    } else {
      front.row = front.unit;
      front.first = front.leaf * hop.kernel;
      next = front.leaf + first_source(hop, front.row);
    }
    if (hop.kernels != nullptr && hop.kernel > 1) {
      const float* kernel = hop.kernels + front.row * hop.row_length + front.first;
      hwy::Prefetch(kernel);
      hwy::Prefetch(kernel + hop.kernel - 1);
    }
    move(front, hop.next_layer, next);
  }

  HWY_INLINE void move(Front& front, std::size_t layer, std::int64_t unit) {
    front.layer = static_cast<std::uint32_t>(layer);
    front.unit = unit;
    const Hop* hop = plan_.only_hop(D, layer);
    if (hop == nullptr) return;
    const float* tree_row = hop->tree + unit * hop->tree_stride;
    hwy::Prefetch(tree_row);
    if (hop->total >= 16) hwy::Prefetch(tree_row + 16);
  }

  void choose_parameters() {
    const bool whole = plan_.options().granularity == Granularity::kernel;
    for (std::size_t k = 0; k < choosing_.size; ++k) {
      Front& front = fronts_[choosing_.index[k]];
      const Hop& hop = *front.hop;
      std::int64_t first = front.first;
      if (!whole && hop.kernel > 1) {
        if (hop.kernels != nullptr && hop.kernel == 9)
          first += choose_of_nine(*hop.choices, hop.kernels + front.row * hop.row_length + first, front.row, first,
                                  front.bits);
        else
          first += choose_parameter(*hop.choices, front.row, first, front.bits);
      }
      *front.out++ = {hop.link, whole ? static_cast<std::uint32_t>(hop.kernel) : 1,
                      static_cast<std::uint32_t>(front.row), static_cast<std::uint32_t>(first)};
    }
  }

  const WalkPlan& plan_;
  std::uint64_t seed_;
  std::span<WalkEnds> walks_;
  std::span<const std::size_t> chosen_;  ///< positions in walks_ and steps_, by front
  WalkSteps& steps_;
  std::uint32_t step_ = 0;
  std::size_t deepest_ = 0;  ///< levels of the deepest tree at this step
  List walking_, choosing_;
  std::array<std::uint64_t, platoon_size> numbers_;
  PhiloxBlocks<platoon_size> bits_;
  std::array<Front, platoon_size> fronts_;
};

void run_platoon(const WalkPlan& plan, std::uint64_t seed, Direction direction, std::span<WalkEnds> walks,
                 std::span<const std::size_t> chosen, WalkSteps& steps) {
  if (direction == Direction::forward)
    Platoon<Direction::forward>(plan, seed, walks, chosen, steps).run();
  else
    Platoon<Direction::reverse>(plan, seed, walks, chosen, steps).run();
}

}  // namespace phew::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace phew {

HWY_EXPORT(run_platoon);

void draw_platoon(const WalkPlan& plan, std::uint64_t seed, Direction direction, std::span<WalkEnds> walks,
                  std::span<const std::size_t> chosen, WalkSteps& steps) {
  HWY_DYNAMIC_DISPATCH(run_platoon)(plan, seed, direction, walks, chosen, steps);
}

}  // namespace phew
#endif
