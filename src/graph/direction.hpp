// Direction: which way a walk goes.
#pragma once

namespace phew {

/// From an input unit along the links, or from an output unit against them.
enum class Direction { forward, reverse };

}  // namespace phew
