// StopSignal: Ctrl-C and SIGTERM as a question that the training loop asks.
#pragma once

namespace phew::tools {

/// While it lives, the first SIGINT or SIGTERM is noted; the second one ends the process at once.
class StopSignal {
 public:
  StopSignal();
  ~StopSignal();
  StopSignal(const StopSignal&) = delete;
  StopSignal& operator=(const StopSignal&) = delete;

  [[nodiscard]] bool received() const { return number() != 0; }
  /// 130 or 143: what a shell reports for a process that the signal ended.
  [[nodiscard]] int exit_code() const { return 128 + number(); }

 private:
  [[nodiscard]] static int number();
};

}  // namespace phew::tools
