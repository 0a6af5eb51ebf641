// The built-in networks, by name.
#pragma once

#include "graph/network.hpp"

#include <string>
#include <string_view>

namespace phew {

/// Builds the network that `spec` names: `mlp:784-100-100-10`, `mlp:4096x8`, `lenet-300-100`,
/// `vgg11|13|16|19[-bn]`, `resnet20|32|56`, `resnet18|34|50`, each with options after a comma:
/// `classes=N`, `input=CxHxW` (convolutional ones), `bn`, `bn=all` (mlp).
///
/// Parameter names are torchvision's where it has the architecture; VGG ends in global average pooling and one
/// `classifier`, ResNet18–50 have the 3×3 CIFAR stem. ResNet20–56 have 1×1 projection shortcuts (He et al. 2016,
/// option B), as the paper's published code does.
/// Throws Error(usage), with the nearest name, for an unknown network or option.
[[nodiscard]] Network make_network(std::string_view spec);

/// One line per family, for --help.
[[nodiscard]] std::string zoo_help();

}  // namespace phew
