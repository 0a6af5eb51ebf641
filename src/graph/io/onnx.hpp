// ONNX files as networks: what torch.onnx exports, by either of its exporters.
#pragma once

#include "graph/io/mapped_file.hpp"
#include "graph/network.hpp"
#include "graph/weights.hpp"

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace phew {

/// Weights of a prunable parameter as they lie in a file: values are read, and reordered where the file has them
/// transposed, only when they are wanted.
struct StoredWeight {
  Tensor tensor;  ///< under the parameter's name and with its shape
  Shape strides;  ///< in elements; those of C order unless the file has it transposed
};

/// What became of a node of the file.
struct OnnxNode {
  std::string name, op;                   ///< as in the file
  std::optional<Network::Vertex> vertex;  ///< the op of the network that it is, or is part of
  std::string note;                       ///< why there is none: "constant", "not used"
};

struct OnnxModel {
  Network network;
  std::vector<StoredWeight> weights;  ///< one a parameter, in the network's order
  std::vector<OnnxNode> nodes;        ///< in the file's order
  std::vector<std::string> notices;   ///< what the user should know, a line each
};

/// Reads a model exported by PyTorch (opset 9 to 28) or another program.
///
/// A parameter bears PyTorch's name: that of its initialiser, or where the exporter replaced it (batch-norm folded into
/// a convolution, a constant that was computed), MODULE.weight by the module path that the node carries. A matrix that
/// the file multiplies from the right without transposing it, under a name of its own, is NAME.T, of shape [out, in].
/// Weights with batch-norm folded in are the folded ones.
/// A tensor [N, C, H, W] is C units; an input that is only ever flattened is C·H·W units. The batch may be open; open
/// heights and widths are taken as 224, with a notice, where no flattened map depends on them.
/// An elementwise function of one activation keeps its units, however it is written out (x · sigmoid(x), GELU by erf).
///
/// Throws Error(unsupported) that names node and op where a layered graph cannot express it, and lists all such ops of
/// the file; Error(data) for files that contradict themselves: cycles, tensors that nothing gives, shapes that do not
/// fit; and what onnx::read_model throws. O(nodes + small constants); weights are not read.
[[nodiscard]] OnnxModel read_onnx(const std::filesystem::path& path);

/// Whether a file looks like an ONNX model, by its first bytes; false if it cannot be opened.
[[nodiscard]] bool is_onnx_file(const std::filesystem::path& path);

/// The values as float32 in C order. float32 that lie aligned and in order stay where they are, in the mapped file
/// unread; others are copied, one pass.
[[nodiscard]] std::vector<Tensor> read_stored(std::span<const StoredWeight> weights);

}  // namespace phew
