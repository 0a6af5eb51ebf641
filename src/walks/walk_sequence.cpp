#include "walks/walk_sequence.hpp"

#include "graph/parallel.hpp"
#include "graph/random_stream.hpp"

#include <algorithm>
#include <functional>
#include <limits>
#include <queue>
#include <unordered_map>

namespace phew {
namespace {

constexpr std::int64_t no_limit = std::numeric_limits<std::int64_t>::max();

class RoundRobin : public StartRule {
 public:
  explicit RoundRobin(const Walker& walker) : walker_(walker) {}

  void place(std::span<WalkEnds> walks) override {
    for (WalkEnds& walk : walks) {
      const auto units = walker_.starts(direction_of(walk.number));
      walk.start = units[static_cast<std::size_t>(walk.number / 2 % units.size())];
    }
  }
  [[nodiscard]] std::int64_t ready(std::uint64_t) const override { return no_limit; }
  void ended(std::span<const WalkEnds>) override {}

 private:
  const Walker& walker_;
};

class Uniform : public StartRule {
 public:
  Uniform(const Walker& walker, std::uint64_t seed) : walker_(walker), seed_(seed) {}

  void place(std::span<WalkEnds> walks) override {
    for (WalkEnds& walk : walks) {
      const auto units = walker_.starts(direction_of(walk.number));
      const auto bits = RandomStream(seed_, Purpose::walk, walk.number).block(before_all_steps);
      walk.start = units[static_cast<std::size_t>(below(units.size(), bits[0], bits[1]))];
    }
  }
  [[nodiscard]] std::int64_t ready(std::uint64_t) const override { return no_limit; }
  void ended(std::span<const WalkEnds>) override {}

 private:
  static constexpr std::uint32_t before_all_steps = 0xFFFFFFFFU;  ///< a block that no step draws

  const Walker& walker_;
  std::uint64_t seed_;
};

/// Least used first, in blocks of 1,024 walks (DESIGN: part of the rule, whatever the batch).
class Balanced : public StartRule {
 public:
  explicit Balanced(const Walker& walker) {
    for (const Direction d : {Direction::forward, Direction::reverse})
      for (const std::int64_t vertex : walker.starts(d)) {
        side(d).position.emplace(vertex, side(d).units.size());
        side(d).units.push_back(vertex);
        side(d).uses.push_back(0);
      }
  }

  void place(std::span<WalkEnds> walks) override {
    for (WalkEnds& walk : walks) {
      if (walk.number % block == 0) begin_block();
      Side& s = side(direction_of(walk.number));
      const auto [uses, position] = s.queue.top();
      s.queue.pop();
      s.queue.emplace(uses + 1, position);
      ++s.uses[position];
      walk.start = s.units[position];
    }
  }
  [[nodiscard]] std::int64_t ready(std::uint64_t first) const override {
    return static_cast<std::int64_t>(block - first % block);
  }
  void ended(std::span<const WalkEnds> walks) override {
    for (const WalkEnds& walk : walks) {
      // A forward walk ends among the outputs, where reverse walks start.
      Side& s = side(direction_of(walk.number) == Direction::forward ? Direction::reverse : Direction::forward);
      if (const auto found = s.position.find(walk.end); found != s.position.end()) s.ends.push_back(found->second);
    }
  }

 private:
  static constexpr std::uint64_t block = 1024;

  struct Side {
    std::vector<std::int64_t> units;
    std::unordered_map<std::int64_t, std::size_t> position;
    std::vector<std::int64_t> uses;  ///< starts, and ends of earlier blocks
    std::vector<std::size_t> ends;   ///< of this block
    using Entry = std::pair<std::int64_t, std::size_t>;
    std::priority_queue<Entry, std::vector<Entry>, std::greater<>> queue;
  };
  Side& side(Direction d) { return sides_[d == Direction::forward ? 0 : 1]; }

  void begin_block() {
    for (Side& s : sides_) {
      for (const std::size_t position : s.ends) ++s.uses[position];
      s.ends.clear();
      std::vector<Side::Entry> entries;
      for (std::size_t i = 0; i < s.uses.size(); ++i) entries.emplace_back(s.uses[i], i);
      s.queue = decltype(s.queue)(std::greater<>(), std::move(entries));
    }
  }

  std::array<Side, 2> sides_;
};

}  // namespace

std::unique_ptr<StartRule> make_start_rule(const Walker& walker, std::uint64_t seed) {
  switch (walker.options().start) {
    case Start::balanced:
      return std::make_unique<Balanced>(walker);
    case Start::uniform:
      return std::make_unique<Uniform>(walker, seed);
    default:
      return std::make_unique<RoundRobin>(walker);
  }
}

WalkSequence::WalkSequence(const Walker& walker, std::uint64_t seed)
    : walker_(walker), seed_(seed), starts_(make_start_rule(walker, seed)) {}

std::size_t WalkSequence::draw(std::size_t count, int threads) {
  count = static_cast<std::size_t>(std::min(static_cast<std::int64_t>(count), starts_->ready(next_)));
  ends_.resize(count);
  for (WalkEnds& walk : ends_) walk.number = next_++;
  starts_->place(ends_);
  const std::size_t tasks = (count + task_ - 1) / task_;
  if (steps_.size() < tasks) steps_.resize(tasks);
  parallel_for(threads, static_cast<std::int64_t>(tasks), [&](std::int64_t i) {
    const std::size_t first = static_cast<std::size_t>(i) * task_;
    walker_.draw(seed_, std::span(ends_).subspan(first, std::min(task_, count - first)),
                 steps_[static_cast<std::size_t>(i)]);
  });
  starts_->ended(ends_);
  return count;
}

}  // namespace phew
