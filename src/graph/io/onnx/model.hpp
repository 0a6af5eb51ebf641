// What an ONNX file says, as plain values: nodes, initialisers, inputs and outputs. Nothing is interpreted yet.
#pragma once

#include "graph/io/mapped_file.hpp"
#include "graph/tensor.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace phew::onnx {

/// A subgraph (of If, Loop, Scan) or another value that no supported op has.
struct Opaque {};

using Attribute =
    std::variant<std::int64_t, double, std::string, std::vector<std::int64_t>, std::vector<double>, Tensor, Opaque>;

struct Node {
  std::string op;                   ///< "Conv"; with its domain if it has one: "com.microsoft::Attention"
  std::string name;                 ///< as in the file; "OP_INDEX" if it has none
  std::string module;               ///< path of the PyTorch module that it is from, "layer1.0.conv1"; "" if unknown
  std::vector<std::string> inputs;  ///< "" for one that is left out
  std::vector<std::string> outputs;
  std::vector<std::pair<std::string, Attribute>> attributes;

  /// The attribute of that name if it is there and of type T, else nullptr.
  template <typename T>
  [[nodiscard]] const T* find(std::string_view attribute) const {
    for (const auto& [key, value] : attributes)
      if (key == attribute) return std::get_if<T>(&value);
    return nullptr;
  }
  /// The attribute of that name, or `otherwise`.
  template <typename T>
  [[nodiscard]] T get(std::string_view attribute, T otherwise) const {
    const T* found = find<T>(attribute);
    return found == nullptr ? otherwise : *found;
  }
};

/// An input of the model; a dimension that the file leaves open (by a name, or not at all) is nothing.
struct Port {
  std::string name;
  std::vector<std::optional<std::int64_t>> dimensions;
};

struct Model {
  std::string file;  ///< as errors name it
  std::int64_t opset = 0;
  std::vector<Node> nodes;           ///< in the file's order
  std::vector<Tensor> initializers;  ///< values are views into the file or its external data, unread
  std::vector<Port> inputs;          ///< without the initialisers that older files list among them
  std::vector<std::string> outputs;
};

/// The opsets that this reader knows: those of torch.onnx since PyTorch 1.4 and what has come since.
inline constexpr std::int64_t first_opset = 9, last_opset = 28;

/// Reads a model. Weights stay where they are: views into the mapped file, or into the external files of its folder,
/// mapped too; only weights that the file holds as lists of numbers are copied.
/// Throws Error(data) if it is no ONNX model, cut short, above protobuf's 2 GB, without an opset, or if a tensor's
/// bytes do not fit its shape, or its external data lie outside the file's folder (absolute, "..", a symbolic link);
/// Error(no_input) if an external file is missing; Error(unsupported) for an opset or element type that is not known.
[[nodiscard]] Model read_model(const std::shared_ptr<const MappedFile>& file);

}  // namespace phew::onnx
