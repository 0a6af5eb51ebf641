// A progress bar with an ETA, for whatever lasts over a second.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace phew::tools {

/// Draws on the last line of a terminal's stderr, at most ten times a second and not before the first second is over.
/// Draws nothing with --quiet, where stderr is no terminal, or where TERM says that it cannot redraw a line.
class ProgressBar {
 public:
  explicit ProgressBar(bool quiet);
  ~ProgressBar() { clear(); }
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  /// `done` of `total`, of anything; `note` stands behind the bar ("812 images/s"), before the ETA.
  void update(std::int64_t done, std::int64_t total, const std::string& note);
  /// Takes the bar off the screen, so that other lines can be printed.
  void clear();

 private:
  using Clock = std::chrono::steady_clock;

  bool enabled_, colour_;
  Clock::time_point start_ = Clock::now(), last_ = start_;
};

/// Erases the bar that is on the screen, if one is; may be called in a signal handler.
void erase_drawn_bar() noexcept;

/// "00:07", "12:34", "3:12:34".
[[nodiscard]] std::string clock_text(double seconds);

}  // namespace phew::tools
