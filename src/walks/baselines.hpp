// The registry's methods that do not walk: how their rows prepare a sampler.
#pragma once

#include "walks/method.hpp"

namespace phew {

[[nodiscard]] MaskSampler prepare_random(const MethodInput& input, const MethodOptions& options);
/// Each parameter by itself with chance target / prunable: the kept number varies about the target.
[[nodiscard]] MaskSampler prepare_bernoulli(const MethodInput& input, const MethodOptions& options);
[[nodiscard]] MaskSampler prepare_erk(const MethodInput& input, const MethodOptions& options);
[[nodiscard]] MaskSampler prepare_uniform_layer(const MethodInput& input, const MethodOptions& options);

[[nodiscard]] MaskSampler prepare_magnitude(const MethodInput& input, const MethodOptions& options);
[[nodiscard]] MaskSampler prepare_scores(const MethodInput& input, const MethodOptions& options);
/// What `scores` (or, without scores, `magnitude`) prunes where it keeps the other prunable − target parameters.
[[nodiscard]] MaskSampler prepare_invert(const MethodInput& input, const MethodOptions& options);

/// In each tensor as many parameters as the given mask keeps there, all choices equally likely. The target must be the
/// mask's own count.
[[nodiscard]] MaskSampler prepare_shuffle(const MethodInput& input, const MethodOptions& options);
/// The given mask, for other weights.
[[nodiscard]] MaskSampler prepare_reinit(const MethodInput& input, const MethodOptions& options);

[[nodiscard]] MaskSampler prepare_radix_net(const MethodInput& input, const MethodOptions& options);
[[nodiscard]] MaskSampler prepare_random_regular(const MethodInput& input, const MethodOptions& options);
[[nodiscard]] MaskSampler prepare_erdos_renyi(const MethodInput& input, const MethodOptions& options);

}  // namespace phew
