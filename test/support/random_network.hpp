// Random small networks, weights and masks: the inputs on which block kernels are compared with something dumber.
#pragma once

#include "graph/mask.hpp"
#include "graph/network.hpp"
#include "graph/weights.hpp"
#include "support/dice.hpp"

#include <cstdint>
#include <iosfwd>
#include <string>

namespace phew::test {

struct RandomNetworkOptions {
  std::int64_t max_units = 40;  ///< of the layered graph, copies included
  std::int64_t max_blocks = 4;  ///< blocks after the input; a residual block has up to three weighted ops
};

/// A network drawn from `seed`: an MLP, or a convolutional network that ends in dense layers. Its blocks are drawn
/// from: conv (1×1 … 3×3, strided, grouped, depthwise), dense, residual joins (identity and 1×1 or dense projections,
/// Add and Mul, two shortcuts into one join), Concat (of two branches, or of the input with a branch), Split with
/// Concat, channel shuffle, a tied pair of equal shape; between them batch-norm, ReLU, pooling and dropout. Maps are
/// flattened or pooled. Some have two inputs or an output in the middle. The same network for a seed on every machine.
[[nodiscard]] Network random_network(std::uint64_t seed, const RandomNetworkOptions& options = {});

/// Values in ±(0.1 … 2), one in sixteen exactly 0.
[[nodiscard]] Weights random_weights(const Network& network, Dice& dice);

/// A density for each tensor, drawn from empty, sparse, medium and full; now and then a unit's row is cleared.
[[nodiscard]] Mask random_mask(const Network& network, Dice& dice);

/// A random network with weights and a mask, and how it prints when a test fails.
struct RandomCase {
  std::uint64_t seed = 0;
  Network network;
  Weights weights;
  Mask mask;
};
[[nodiscard]] RandomCase random_case(std::uint64_t seed, const RandomNetworkOptions& options = {});
std::ostream& operator<<(std::ostream& out, const RandomCase& random);

/// One line per op: "b0.conv = Conv2d(input)  3x4x4"; weighted ops with kernel, groups and parameter.
[[nodiscard]] std::string to_text(const Network& network);
/// One line of 0 and 1 per unit of each tensor.
[[nodiscard]] std::string to_text(const Network& network, const Mask& mask);

}  // namespace phew::test
