// Errors: what a user sees when input is bad, and the exit code that goes with it.
#pragma once

#include <fmt/format.h>

#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace phew {

/// Exit codes of the programs. 64–78 follow BSD's <sysexits.h>, so that scripts can tell them apart.
enum class ExitCode : int {
  ok = 0,
  fail_on = 1,       ///< a condition of --fail-on is met
  usage = 64,        ///< unknown command, option or built-in network; value out of range; output = input
  data = 65,         ///< content wrong: format, names, shapes, NaN/Inf, mask not 0/1; density unreachable
  no_input = 66,     ///< a named file is missing or unreadable
  unsupported = 69,  ///< op or feature not supported, device absent
  internal = 70,     ///< a bug of ours
  cant_create = 73,  ///< output folder missing or not writable
  io = 74,           ///< read or write failed, disk full
  locked = 75,       ///< run folder in use by another run
  config = 78,       ///< a run folder holds a run of another configuration
};

/// The one exception type of the project. `what()` is the whole message, one line, without "error: ".
/// Form: `FILE: TENSOR: found …, expected …; do …`, leaving out what does not apply.
class Error : public std::runtime_error {
 public:
  Error(ExitCode code, const std::string& message) : std::runtime_error(message), code_(code) {}
  [[nodiscard]] ExitCode code() const noexcept { return code_; }

 private:
  ExitCode code_;
};

/// Throws Error(code) with a message in fmt's format syntax.
template <typename... Args>
[[noreturn]] void fail(ExitCode code, fmt::format_string<Args...> format, Args&&... args) {
  throw Error(code, fmt::format(format, std::forward<Args>(args)...));
}

/// The candidate nearest to `name` by edit distance, or "" if there are none. For "did you mean" hints.
/// O(|name| · Σ|candidate|).
[[nodiscard]] std::string nearest_name(std::string_view name, const std::vector<std::string>& candidates);

}  // namespace phew
