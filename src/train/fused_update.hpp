// One optimizer step over one tensor in a single pass, in plain float32 arithmetic.
#pragma once

#include <cstdint>

namespace phew {

/// SGD as PyTorch defines it: g ← g + decay · w; v ← momentum · v + g; w ← w − rate · (nesterov ? g + momentum · v :
/// v).
struct SgdUpdate {
  float rate, momentum, decay;
  bool nesterov;
};

/// Adam (Kingma and Ba 2015) with the decay as an L2 term, as PyTorch's Adam has it:
/// w ← w − rate/(1 − β₁ᵗ) · m / (√v/√(1 − β₂ᵗ) + ε).
struct AdamUpdate {
  float rate;         ///< divided by 1 − β₁ᵗ
  float root_factor;  ///< 1 / √(1 − β₂ᵗ)
  float beta1, beta2, epsilon, decay;
};

/// `gradient`, `weight` and the moments have n values in the same order. Where `pruned` (nullptr: nowhere; else one
/// byte a value) is not 0 the gradient counts as 0, so that a weight and moments of 0 stay exactly 0. `velocity` may be
/// nullptr if momentum is 0.
void update(const SgdUpdate& sgd, std::int64_t n, const float* gradient, const std::uint8_t* pruned, float* weight,
            float* velocity);
void update(const AdamUpdate& adam, std::int64_t n, const float* gradient, const std::uint8_t* pruned, float* weight,
            float* mean, float* square);

}  // namespace phew
