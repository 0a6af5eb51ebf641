// The options that name a network, its weights and a mask; shared by every command that takes NET.
#pragma once

#include "common/program.hpp"
#include "graph/io/onnx.hpp"
#include "graph/layered_graph.hpp"

#include <optional>
#include <string>

namespace phew::tools {

struct NetworkOptions {
  std::string net;
  std::string weights;                  ///< file; empty: those of the ONNX file, or initial ones
  std::string init = "kaiming-normal";  ///< see make_initializer
  std::uint64_t init_seed = 0;

  std::string mask;  ///< file; empty: dense
  bool zeros_are_pruned = false;
};

/// NET (positional).
void add_net_argument(CLI::App& command, NetworkOptions& options);
/// --init, --init-seed.
void add_init_options(CLI::App& command, NetworkOptions& options);
/// NET, --weights, --init, --init-seed.
void add_network_options(CLI::App& command, NetworkOptions& options);
/// --mask, --zeros-are-pruned.
void add_mask_options(CLI::App& command, NetworkOptions& options);

/// A network, and where its own weights lie if NET is a file.
struct LoadedNetwork {
  Network network;
  std::vector<StoredWeight> weights;  ///< unread; empty for a built-in network
  std::vector<OnnxNode> nodes;        ///< of the file
};
/// The network that NET names: an ONNX file, told by its content, or a built-in one. Prints the file's notices.
[[nodiscard]] LoadedNetwork load_network(const NetworkOptions& options, const Globals& globals);

/// Weights and where they came from, for reports: a file's name, or "kaiming-normal, seed 0".
struct LoadedWeights {
  Weights weights;
  std::string source;
};
/// The weights of --weights; without it those of the ONNX file, or initial ones (a notice says so).
[[nodiscard]] LoadedWeights load_weights(const NetworkOptions& options, const LoadedNetwork& loaded,
                                         const Globals& globals);

}  // namespace phew::tools
