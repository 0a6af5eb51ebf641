// Bias: what a walk's choices are in proportion to.
#pragma once

namespace phew {

/// By Σ|w| of the kernel (PHEW: paths with higher edge-weights), equal, or by 1 / Σ|w| (paths with lower edge-weights).
/// A bias of 0 stays 0, inverse included; uniform is 1 for every weight, zero or not.
enum class Bias { weight, uniform, inverse };

}  // namespace phew
