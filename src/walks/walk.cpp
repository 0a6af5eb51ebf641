#include "walks/walk.hpp"

#include "walks/walk_plan.hpp"
#include "walks/walk_platoon.hpp"

#include <array>

namespace phew {

void WalkSteps::reset(std::size_t walks, std::size_t longest) {
  longest_ = longest;
  counts_.assign(walks, 0);
  if (steps_.size() < walks * longest) steps_.resize(walks * longest);
}

Walker::Walker(const LayeredGraph& graph, const WalkOptions& options, int threads)
    : plan_(std::make_unique<const WalkPlan>(graph, options, threads)) {}
Walker::~Walker() = default;
Walker::Walker(Walker&&) noexcept = default;
Walker& Walker::operator=(Walker&&) noexcept = default;

void Walker::draw(std::uint64_t seed, std::span<WalkEnds> walks, WalkSteps& steps) const {
  steps.reset(walks.size(), plan_->longest());
  for (const Direction direction : {Direction::forward, Direction::reverse}) {
    std::array<std::size_t, platoon_size> chosen{};
    std::size_t count = 0;
    const auto go = [&] { draw_platoon(*plan_, seed, direction, walks, std::span(chosen).first(count), steps); };
    for (std::size_t i = 0; i < walks.size(); ++i) {
      if (direction_of(walks[i].number) != direction) continue;
      chosen[count++] = i;
      if (count < platoon_size) continue;
      go();
      count = 0;
    }
    if (count > 0) go();
  }
}

void Walker::walk(std::uint64_t seed, std::uint64_t walk, std::vector<Kept>& out) const {
  const auto units = starts(direction_of(walk));
  WalkEnds ends{walk, units[static_cast<std::size_t>(walk / 2 % units.size())]};
  WalkSteps steps;
  draw(seed, {&ends, 1}, steps);
  out.insert(out.end(), steps[0].begin(), steps[0].end());
}

std::span<const std::int64_t> Walker::starts(Direction direction) const { return plan_->starts(direction); }
std::int64_t Walker::reachable() const { return plan_->reachable(); }
const WalkOptions& Walker::options() const { return plan_->options(); }
const LayeredGraph& Walker::graph() const { return plan_->graph(); }
std::int64_t Walker::memory() const { return plan_->memory(); }

}  // namespace phew
