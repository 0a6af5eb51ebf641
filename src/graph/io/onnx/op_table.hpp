// The ops that a network may have, by the names of the format that it is written in.
#pragma once

#include <string_view>

namespace phew::onnx {

/// What an op does to units; the builder has one function for each.
enum class OpClass {
  conv,
  gemm,
  matmul,
  batch_norm,
  max_pool,
  average_pool,
  global_pool,
  reduce,       ///< a mean or maximum; over all positions it pools
  elementwise,  ///< a function of one activation, each element by itself
  binary,       ///< of one activation and constants, or of the same units twice; else a join
  normalize,    ///< over examples, positions or units: keeps the units, as batch-norm does
  dropout,
  identity,  ///< in evaluation
  pad,
  resize,
  concat,
  split,
  slice,
  gather,
  reshape,
  flatten,
  squeeze,
  unsqueeze,
  transpose,
  expand,
  shape,
  constant,
};

/// A name, what it does, and the function of torch.nn.functional that an elementwise op is ("" if none is).
struct OpRow {
  std::string_view name;
  OpClass op_class;
  std::string_view function{};
};

/// The dialects whose names the table has. ATen's (of torch.export) would be another: rows of names, and what reads
/// the arguments of a node; classes and builder stay.
enum class Dialect { onnx };

/// The row of an op, or nullptr if the graph cannot express it: attention, recurrence, control flow.
[[nodiscard]] const OpRow* find_op(Dialect dialect, std::string_view name);

}  // namespace phew::onnx
