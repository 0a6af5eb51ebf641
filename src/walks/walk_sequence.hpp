// WalkSequence: the walks of one seed, in order, drawn in batches of any size.
#pragma once

#include "walks/walk.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace phew {

/// Chooses where walks start: the start of walk w depends on the walks below w alone.
class StartRule {
 public:
  virtual ~StartRule() = default;
  /// Sets the start of each of these walks, which follow those of the last call.
  virtual void place(std::span<WalkEnds> walks) = 0;
  /// How many walks from number `first` on can be placed before the ends of the ones before are known.
  [[nodiscard]] virtual std::int64_t ready(std::uint64_t first) const = 0;
  /// Tells where the walks last placed ended.
  virtual void ended(std::span<const WalkEnds> walks) = 0;
};

[[nodiscard]] std::unique_ptr<StartRule> make_start_rule(const Walker& walker, std::uint64_t seed);

class WalkSequence {
 public:
  /// Refers to the walker.
  WalkSequence(const Walker& walker, std::uint64_t seed);

  /// Draws the next `count` walks, or fewer (at least one; `balanced` starts come in blocks), on up to `threads`
  /// threads. Returns how many.
  std::size_t draw(std::size_t count, int threads);
  /// What walk i of the last batch keeps.
  [[nodiscard]] std::span<const Kept> operator[](std::size_t i) const { return steps_[i / task_][i % task_]; }
  [[nodiscard]] const WalkEnds& ends(std::size_t i) const { return ends_[i]; }

 private:
  static constexpr std::size_t task_ = 128;  ///< walks that one thread takes at a time

  const Walker& walker_;
  std::uint64_t seed_;
  std::uint64_t next_ = 0;
  std::unique_ptr<StartRule> starts_;
  std::vector<WalkEnds> ends_;
  std::vector<WalkSteps> steps_;
};

}  // namespace phew
