#include "graph/io/onnx/op_table.hpp"

#include <algorithm>
#include <iterator>

namespace phew::onnx {
namespace {

using enum OpClass;

// https://onnx.ai/onnx/operators
constexpr OpRow onnx_ops[]{
    {"Conv", conv},
    {"Gemm", gemm},
    {"MatMul", matmul},
    {"BatchNormalization", batch_norm},

    {"MaxPool", max_pool},
    {"AveragePool", average_pool},
    {"LpPool", average_pool},
    {"GlobalAveragePool", global_pool},
    {"GlobalMaxPool", global_pool},
    {"GlobalLpPool", global_pool},
    {"ReduceMean", reduce},
    {"ReduceMax", reduce},
    {"ReduceSum", reduce},
    {"ReduceMin", reduce},
    {"ReduceL2", reduce},

    {"Relu", elementwise, "relu"},
    {"LeakyRelu", elementwise, "leaky_relu"},
    {"PRelu", elementwise, "prelu"},
    {"ThresholdedRelu", elementwise, "threshold"},
    {"Elu", elementwise, "elu"},
    {"Celu", elementwise, "celu"},
    {"Selu", elementwise, "selu"},
    {"Gelu", elementwise, "gelu"},
    {"Sigmoid", elementwise, "sigmoid"},
    {"HardSigmoid", elementwise, "hardsigmoid"},
    {"HardSwish", elementwise, "hardswish"},
    {"Swish", elementwise, "silu"},
    {"Mish", elementwise, "mish"},
    {"Tanh", elementwise, "tanh"},
    {"Softplus", elementwise, "softplus"},
    {"Softsign", elementwise, "softsign"},
    {"Softmax", elementwise, "softmax"},
    {"LogSoftmax", elementwise, "log_softmax"},
    {"Clip", elementwise, "hardtanh"},
    {"Abs", elementwise},
    {"Erf", elementwise},
    {"Exp", elementwise},
    {"Log", elementwise},
    {"Neg", elementwise},
    {"Sqrt", elementwise},
    {"Reciprocal", elementwise},
    {"Sin", elementwise},
    {"Cos", elementwise},
    {"Floor", elementwise},
    {"Ceil", elementwise},
    {"Round", elementwise},
    {"Sign", elementwise},
    {"Shrink", elementwise},

    {"Add", binary},
    {"Sub", binary},
    {"Mul", binary},
    {"Div", binary},
    {"Pow", binary},
    {"Sum", binary},
    {"Mean", binary},
    {"Max", binary},
    {"Min", binary},

    {"InstanceNormalization", normalize},
    {"LayerNormalization", normalize},
    {"GroupNormalization", normalize},
    {"RMSNormalization", normalize},
    {"LpNormalization", normalize},
    {"LRN", normalize},
    {"MeanVarianceNormalization", normalize},

    {"Identity", identity},
    {"Dropout", dropout},
    {"Cast", identity},
    {"CastLike", identity},

    {"Pad", pad},
    {"Resize", resize},
    {"Upsample", resize},
    {"Concat", concat},
    {"Split", split},
    {"Slice", slice},
    {"Gather", gather},
    {"Reshape", reshape},
    {"Flatten", flatten},
    {"Squeeze", squeeze},
    {"Unsqueeze", unsqueeze},
    {"Transpose", transpose},
    {"Expand", expand},
    {"Shape", shape},
    {"Constant", constant},
};

}  // namespace

const OpRow* find_op(Dialect, std::string_view name) {
  const auto* const row = std::ranges::find(onnx_ops, name, &OpRow::name);
  return row == std::end(onnx_ops) ? nullptr : row;
}

}  // namespace phew::onnx
