#include "train/fused_update.hpp"

#include "graph/for_each_cpu.hpp"

#include <cmath>

namespace phew {
namespace {

// The gradient's bits are cleared rather than multiplied: what a pruned weight's gradient holds, NaN included, is gone.
PHEW_INLINE float kept(float gradient, std::uint8_t pruned) { return pruned != 0 ? 0.0F : gradient; }

template <bool masked, bool moving>
PHEW_INLINE void sgd_loop(const SgdUpdate& sgd, std::int64_t n, const float* __restrict gradient,
                          const std::uint8_t* __restrict pruned, float* __restrict weight, float* __restrict velocity) {
  const float direct = sgd.nesterov ? 1.0F : 0.0F, moved = sgd.nesterov ? sgd.momentum : 1.0F;
  for (std::int64_t i = 0; i < n; ++i) {
    float g = masked ? kept(gradient[i], pruned[i]) : gradient[i];
    g += sgd.decay * weight[i];
    if constexpr (moving) {
      const float v = sgd.momentum * velocity[i] + g;
      velocity[i] = v;
      g = direct * g + moved * v;
    }
    weight[i] -= sgd.rate * g;
  }
}

template <bool masked>
PHEW_INLINE void adam_loop(const AdamUpdate& adam, std::int64_t n, const float* __restrict gradient,
                           const std::uint8_t* __restrict pruned, float* __restrict weight, float* __restrict mean,
                           float* __restrict square) {
  const float fresh1 = 1 - adam.beta1, fresh2 = 1 - adam.beta2;
  for (std::int64_t i = 0; i < n; ++i) {
    float g = masked ? kept(gradient[i], pruned[i]) : gradient[i];
    g += adam.decay * weight[i];
    const float m = adam.beta1 * mean[i] + fresh1 * g, v = adam.beta2 * square[i] + fresh2 * g * g;
    mean[i] = m;
    square[i] = v;
    weight[i] -= adam.rate * m / (__builtin_sqrtf(v) * adam.root_factor + adam.epsilon);
  }
}

PHEW_FOR_EACH_CPU void sgd_all(const SgdUpdate& sgd, std::int64_t n, const float* g, const std::uint8_t* pruned,
                               float* w, float* v) {
  if (v != nullptr)
    return pruned != nullptr ? sgd_loop<true, true>(sgd, n, g, pruned, w, v)
                             : sgd_loop<false, true>(sgd, n, g, pruned, w, v);
  pruned != nullptr ? sgd_loop<true, false>(sgd, n, g, pruned, w, v) : sgd_loop<false, false>(sgd, n, g, pruned, w, v);
}

PHEW_FOR_EACH_CPU void adam_all(const AdamUpdate& adam, std::int64_t n, const float* g, const std::uint8_t* pruned,
                                float* w, float* m, float* v) {
  pruned != nullptr ? adam_loop<true>(adam, n, g, pruned, w, m, v) : adam_loop<false>(adam, n, g, pruned, w, m, v);
}

}  // namespace

void update(const SgdUpdate& sgd, std::int64_t n, const float* gradient, const std::uint8_t* pruned, float* weight,
            float* velocity) {
  sgd_all(sgd, n, gradient, pruned, weight, velocity);
}

void update(const AdamUpdate& adam, std::int64_t n, const float* gradient, const std::uint8_t* pruned, float* weight,
            float* mean, float* square) {
  adam_all(adam, n, gradient, pruned, weight, mean, square);
}

}  // namespace phew
