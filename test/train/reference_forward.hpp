// A network computed the plain way: one loop per index, in double. The yardstick for NetworkModule.
#pragma once

#include "graph/network.hpp"
#include "graph/tensor.hpp"

#include <span>
#include <vector>

namespace phew::test {

/// Outputs of the only Output op, [examples][features], for inputs [examples][channels · positions], in evaluation or
/// training mode (batch-norm by the batch's statistics; no dropout). `state` is in Network::state() order.
[[nodiscard]] std::vector<std::vector<double>> reference_forward(const Network& network, std::span<const Tensor> state,
                                                                 const std::vector<std::vector<double>>& inputs,
                                                                 bool training);

}  // namespace phew::test
