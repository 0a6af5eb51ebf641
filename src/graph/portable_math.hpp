// Functions that give the same bits on every machine: only + − × ÷ and square roots, which IEEE 754 rounds exactly.
// libm's log, sin and cos differ between machines, so they must not reach an initial weight.
#pragma once

namespace phew {

/// Natural logarithm of a positive, finite x; relative error below 1e-15.
[[nodiscard]] double portable_log(double x);

/// e^x; relative error below 1e-15 for |x| ≤ 100, and below 1e-14 wherever the result is a normal number.
[[nodiscard]] double portable_exp(double x);

/// The standard normal's quantile function: x with P(X ≤ x) = p, 0 < p < 1; relative error about 1e-15.
/// Wichura (1988), Algorithm AS 241, PPND16.
[[nodiscard]] double normal_quantile(double p);

}  // namespace phew
