#include "train/score_config.hpp"

#include "graph/error.hpp"

namespace phew {

std::span<const ScoreDefinition> score_definitions() {
  static constexpr ScoreDefinition definitions[] = {
      {ScoreMethod::gradient, "gradient", true, "|dL/dw|, L the mean loss over the samples",
       "Patil & Dovrolis 2021, Sec. 4"},
      {ScoreMethod::snip, "snip", true, "|dL/dw w| / sum of |dL/dw w| over all weights", "Lee, Ajanthan & Torr 2019"},
      {ScoreMethod::grasp, "grasp", true,
       "w (H g) / |sum of w (H g)|, g the gradient and H the Hessian of the loss of outputs / --temperature with "
       "respect to the kept weights. The highest are kept: without them the gradient's norm would fall most",
       "Wang, Zhang & Grosse 2020"},
      {ScoreMethod::synflow, "synflow", false,
       "|dR/dw w|, R the sum of the outputs for an input of ones when every parameter is replaced by its absolute "
       "value; in --rounds rounds, each of which prunes the lowest, to density^(k/rounds) after round k",
       "Tanaka et al. 2020"},
      {ScoreMethod::synflow_l2, "synflow-l2", false, "the same with squares in place of absolute values",
       "Gebhart et al. 2021"}};
  return definitions;
}

const ScoreDefinition& find_score(const std::string& name) {
  std::vector<std::string> names;
  for (const ScoreDefinition& definition : score_definitions()) {
    if (name == definition.name) return definition;
    names.emplace_back(definition.name);
  }
  fail(ExitCode::usage,
       "--method: found '{}', expected one of snip, grasp, gradient, synflow, synflow-l2; did you mean "
       "{}?",
       name, nearest_name(name, names));
}

}  // namespace phew
