// A data-only reader of Python pickles as torch.save writes them: no code runs, no class is made.
// Source: Lib/pickletools.py of CPython, protocols 2 to 5.
#pragma once

#include "graph/io/pickle_value.hpp"

#include <cstddef>
#include <deque>
#include <span>
#include <string>

namespace phew {

/// A pickle's values; root is one of them.
struct Pickle {
  std::deque<PickleValue> values;
  PickleRef root = nullptr;
};

/// Reads a pickle. Functions and classes are those that resolve_global allows; lists and sets are read and dropped.
/// Throws Error(data) at an opcode or argument that torch.save does not write, at values that go below the stack, at
/// more than 64 open containers, 64 MB or 16 million values; and what resolve_global throws. `where` names the file.
/// O(bytes).
[[nodiscard]] Pickle read_pickle(std::span<const std::byte> bytes, const std::string& where);

}  // namespace phew
