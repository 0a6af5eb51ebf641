// Ctrl-C and SIGTERM for commands that compute first and write at the end.
#pragma once

#include <csignal>

namespace phew::tools {

/// From here on SIGINT and SIGTERM take a progress bar off the screen and end the process at once with 130 or 143. A
/// signal that the parent has set to be ignored (nohup) stays ignored.
void exit_on_interrupt();

/// While it lives they wait, so that a file is there whole or not at all, and no temporary one is left behind. For the
/// thread that made it, with no other running.
class HoldInterrupts {
 public:
  HoldInterrupts();
  ~HoldInterrupts();
  HoldInterrupts(const HoldInterrupts&) = delete;
  HoldInterrupts& operator=(const HoldInterrupts&) = delete;

 private:
  sigset_t before_{};
};

}  // namespace phew::tools
