// Initial weights: the same bits for any thread count, compiler and machine.
#pragma once

#include "graph/network.hpp"
#include "graph/tensor.hpp"
#include "graph/weights.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace phew {

/// How weights are drawn; fans as torch.nn.init counts them: fan-in = shape[1] · receptive field, fan-out = shape[0] ·
/// receptive field.
struct Initializer {
  enum class Kind {
    kaiming_normal,   ///< N(0, 2 / fan)                       (He et al. 2015, ReLU's gain)
    kaiming_uniform,  ///< U(±√(6 / fan))
    xavier_normal,    ///< N(0, 2 / (fan-in + fan-out))        (Glorot & Bengio 2010)
    xavier_uniform,   ///< U(±√(6 / (fan-in + fan-out)))
    normal,           ///< N(0, std²)
  };
  enum class Fan { out, in };

  Kind kind = Kind::kaiming_normal;
  Fan fan = Fan::out;  ///< Kaiming's
  double std = 0;      ///< normal's

  friend bool operator==(const Initializer&, const Initializer&) = default;
};

/// Reads `kaiming-normal[:fan-in|:fan-out]`, `kaiming-uniform[:…]`, `xavier-normal`, `xavier-uniform`, `normal:STD`.
/// Throws Error(usage).
[[nodiscard]] Initializer parse_initializer(std::string_view text);

/// Standard deviation of a parameter's initial weights, from its shape's fans.
[[nodiscard]] double initial_std(const Initializer& initializer, const Shape& shape);

/// Initial values of the prunable parameters. Element e of parameter t comes from its own place in the random stream
/// (seed, initial_weights, t, e). O(parameters), shared by `threads`.
[[nodiscard]] Weights initial_weights(const Network& network, const Initializer& initializer, std::uint64_t seed,
                                      int threads);

/// The whole state_dict in Network::state() order: the same weights; biases 0; batch-norm weight 1, bias 0, running
/// mean 0, running variance 1, no batches tracked (int64).
[[nodiscard]] std::vector<Tensor> initial_state(const Network& network, const Initializer& initializer,
                                                std::uint64_t seed, int threads = 1);

}  // namespace phew
