// A network's whole state_dict from a weights file.
#pragma once

#include "graph/io/weights_file.hpp"
#include "graph/network.hpp"
#include "graph/weights.hpp"

#include <span>
#include <string>
#include <vector>

namespace phew {

/// The tensors of network.state(), in its order and under its names, from a file's. Matched by name; if names do not
/// fit, in order where all shapes agree one by one, else the prunable ones by match_weights, each with a notice.
/// Batch counters may be missing, as in files older than they are; other tensors only with `allow_missing`, which
/// takes them from `initial` (the same tensors, initialised) with a notice that names them.
/// Throws Error(data) naming file and tensor for one that is missing, has another shape, or is not finite.
[[nodiscard]] std::vector<Tensor> match_state(const Network& network, const TensorFile& file,
                                              std::span<const Tensor> initial, bool allow_missing,
                                              const Notice& notice);

/// The prunable parameters of a state that match_state or initial_state gave, in the network's order: what masks are
/// for.
[[nodiscard]] Weights prunable_of(const Network& network, std::span<const Tensor> state);

/// 128-bit XXH3 of names, shapes and values, as 32 hexadecimal digits.
[[nodiscard]] std::string hash_of_state(std::span<const Tensor> state);

}  // namespace phew
