#include "walks/choice_tree.hpp"

#include <algorithm>

namespace phew {

ChoiceTree::ChoiceTree(std::int64_t rows, std::int64_t blocks) {
  for (std::int64_t width = std::max<std::int64_t>(1, blocks);; width = (width + fan - 1) / fan) {
    levels_.insert(levels_.begin(), {0, width, padded_to(lane, width)});
    if (width <= fan) break;
  }
  for (Level& level : levels_) {
    level.offset = stride_;
    stride_ += level.padded;
  }
  sums_ = FloatBuffer(rows * stride_);
}

void ChoiceTree::accumulate(std::int64_t r) {
  float* sums = sums_.data() + r * stride_;
  for (std::size_t l = levels_.size(); l-- > 0;) {
    const Level& level = levels_[l];
    float* entries = sums + level.offset;
    for (std::int64_t first = 0; first < level.width; first += fan) {
      const std::int64_t end = std::min(level.width, first + fan);
      for (std::int64_t i = first + 1; i < end; ++i) entries[i] += entries[i - 1];
      std::fill(entries + end, entries + std::min(level.padded, first + fan), entries[end - 1]);
      if (l > 0) sums[levels_[l - 1].offset + first / fan] = entries[end - 1];
    }
  }
}

}  // namespace phew
