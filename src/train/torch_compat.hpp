// The one place that knows LibTorch's versions. Tried: 1.13 (Debian 12) and 2.11 (PyTorch's wheel).
// Includes tensors and autograd, not torch/torch.h, which doubles a file's compile time.
#pragma once

#include "graph/error.hpp"

#include <torch/types.h>
#include <torch/version.h>

#include <string>
#include <utility>

namespace phew::compat {

/// "1.13.0".
[[nodiscard]] inline std::string torch_version() { return TORCH_VERSION; }

/// A c10::Error's message without its backtrace, on one line.
[[nodiscard]] inline std::string first_line(const c10::Error& error) {
  const std::string message = error.what_without_backtrace();
  return message.substr(0, message.find('\n'));
}

/// What `work` returns; errors of LibTorch become Error(internal).
template <typename F>
auto with_our_errors(F&& work) {
  try {
    return std::forward<F>(work)();
  } catch (const c10::Error& error) {
    fail(ExitCode::internal, "LibTorch: {}", first_line(error));
  }
}

}  // namespace phew::compat
