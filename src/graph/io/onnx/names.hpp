// PyTorch's names, recovered from what torch.onnx writes into an ONNX file.
#pragma once

#include <string>
#include <string_view>

namespace phew::onnx {

/// The module path in a node's name as the TorchScript-based exporter forms it: each called module adds a part, which
/// repeats its container's own part where that is a Sequential.
/// "/features/features.0/features.0.2/Conv" → "features.0.2"; "/layer1/layer1.0/conv1/Conv" → "layer1.0.conv1";
/// "" for "Conv_0" or "/Flatten".
[[nodiscard]] std::string module_of_node_name(std::string_view name);

/// The module path in the metadata entry `pkg.torch.onnx.name_scopes` of dynamo's exporter, a Python list whose last
/// entry is the call: "['', 'layer1', 'layer1.0', 'layer1.0.conv1', 'conv2d_1']" → "layer1.0.conv1".
[[nodiscard]] std::string module_of_scopes(std::string_view scopes);

/// Whether a tensor's name was made up by an exporter ("onnx::Conv_193", "193", "val_3", "/fc/Constant_output_0"), so
/// that it says nothing about PyTorch's parameter.
[[nodiscard]] bool is_made_up(std::string_view name);

/// "conv1" of "conv1.weight"; a name that does not end so as it is.
[[nodiscard]] std::string without_suffix(const std::string& name, std::string_view suffix);

}  // namespace phew::onnx
