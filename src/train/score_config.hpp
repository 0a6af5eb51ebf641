// ScoreConfig: what a score by automatic differentiation depends on, and what each score is.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

namespace phew {

enum class ScoreMethod { gradient, snip, grasp, synflow, synflow_l2 };

/// A method as users meet it.
struct ScoreDefinition {
  ScoreMethod method;
  const char* name;
  bool needs_data;  ///< otherwise it prunes in rounds
  const char* definition;
  const char* source;
};

/// All methods, in the order of ScoreMethod.
[[nodiscard]] std::span<const ScoreDefinition> score_definitions();
/// Throws Error(usage), with the nearest name, for an unknown one.
[[nodiscard]] const ScoreDefinition& find_score(const std::string& name);

struct ScoreConfig {
  ScoreMethod method = ScoreMethod::snip;
  bool double_precision = false;

  // Of methods that need data.
  std::int64_t samples_per_class = 10;  ///< 0: the whole training split
  std::uint64_t seed = 0;               ///< of the choice of samples
  std::int64_t batch_size = 0;          ///< samples computed at a time; 0: all
  bool batch_statistics = false;        ///< batch-norm takes each batch's own statistics, not the running ones
  bool allow_split = false;             ///< even though the scores then depend on batch_size
  std::string loss = "cross-entropy";   ///< see loss_of
  double temperature = 200;             ///< GraSP divides the outputs by it

  // Of those that prune in rounds.
  std::int64_t rounds = 100;
  double density = 1;  ///< that the rounds approach; what is left of it in the last round has scores above 0
};

/// Each may be empty.
struct ScoreObserver {
  std::function<void(std::int64_t done, std::int64_t total)> progress;  ///< in examples or rounds
  std::function<bool()> stop;                                           ///< asked often; true ends the work
};

}  // namespace phew
