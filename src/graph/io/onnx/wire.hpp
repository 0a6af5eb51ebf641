// The outermost levels of an ONNX file's protobuf encoding, walked without copying the weights.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace phew::onnx {

/// A ModelProto without the bytes of its initialisers.
struct SlimModel {
  std::string model;                             ///< serialised, each `graph.initializer[i].raw_data` left out
  std::vector<std::span<const std::byte>> data;  ///< by initialiser: its raw_data, a view into the file; else empty
};

/// Walks model, graph and initialisers (protobuf's wire format: https://protobuf.dev/programming-guides/encoding) and
/// copies everything but raw_data, so that libprotobuf parses kilobytes and weights stay where they are, mapped.
/// Throws Error(data), its text after `where`, if the file is cut short or no protobuf message. O(bytes copied).
[[nodiscard]] SlimModel without_weights(std::span<const std::byte> file, const std::string& where);

}  // namespace phew::onnx
