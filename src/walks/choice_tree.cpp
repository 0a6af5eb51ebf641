#include "walks/choice_tree.hpp"

#include <algorithm>

namespace phew {

ChoiceTree::ChoiceTree(std::int64_t rows, std::int64_t leaves) : leaves_(leaves) {
  std::int64_t width = blocks_of(leaves);
  do {
    levels_.push_back({width, std::vector<float>(static_cast<std::size_t>(rows * width))});
    width = blocks_of(width);
  } while (levels_.back().width > fan);
}

void ChoiceTree::accumulate(std::int64_t row) {
  for (std::size_t l = 0; l < levels_.size(); ++l) {
    Level& level = levels_[l];
    float* sums = level.sums.data() + row * level.width;
    for (std::int64_t group = 0; group * fan < level.width; ++group) {
      const std::int64_t end = std::min(level.width, (group + 1) * fan);
      for (std::int64_t i = group * fan + 1; i < end; ++i) sums[i] += sums[i - 1];
      if (l + 1 < levels_.size())
        levels_[l + 1].sums[static_cast<std::size_t>(row * levels_[l + 1].width + group)] = sums[end - 1];
    }
  }
}

float ChoiceTree::total(std::int64_t row) const {
  const Level& top = levels_.back();
  return top.width == 0 ? 0.0F : top.sums[static_cast<std::size_t>((row + 1) * top.width - 1)];
}

std::pair<std::int64_t, double> ChoiceTree::find(std::int64_t row, double u) const {
  double rest = u * static_cast<double>(total(row));
  std::int64_t group = 0;
  for (auto level = levels_.rbegin(); level != levels_.rend(); ++level) {
    const float* sums = level->sums.data() + row * level->width + group * fan;
    const std::int64_t count = std::min(fan, level->width - group * fan);
    std::int64_t i = 0;
    while (i < count && static_cast<double>(sums[i]) <= rest) ++i;
    // Rounding between levels can leave the point behind the last sum: then the last entry that is not empty.
    if (i == count) i = std::lower_bound(sums, sums + count, sums[count - 1]) - sums;
    if (i > 0) rest = std::max(0.0, rest - static_cast<double>(sums[i - 1]));
    group = group * fan + i;
  }
  return {group, rest};
}

}  // namespace phew
