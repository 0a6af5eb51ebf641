// The functions and classes that a PyTorch pickle may name, and what calling them gives.
// Source: torch/serialization.py, torch/_utils.py and torch/_tensor.py, PyTorch 1.13 to 2.11.
#pragma once

#include "graph/io/pickle_value.hpp"

#include <string>
#include <string_view>

namespace phew {

/// Looks up a global, "module.name", in the list of what is allowed. Throws Error(data) for any other, naming it and
/// saying what to do: `is_top_level` tells that it begins the pickle, as a whole module's class does.
/// Throws Error(unsupported) for tensors that are sparse, quantised or otherwise not strided.
[[nodiscard]] PickleValue resolve_global(const std::string& global, bool is_top_level, const std::string& where);

/// What callable(*arguments) stands for. Throws Error(data) if that cannot be called or not with these.
[[nodiscard]] PickleValue call_global(PickleRef callable, PickleRef arguments, const std::string& where);

/// The storage that a persistent id, ('storage', type, key, device, elements), stands for. Throws Error(data) if the id
/// is another.
[[nodiscard]] PickleValue load_persistent(PickleRef id, const std::string& where);

}  // namespace phew
