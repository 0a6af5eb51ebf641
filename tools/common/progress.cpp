#include "common/progress.hpp"

#include <fmt/format.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <unistd.h>

namespace phew::tools {
namespace {

constexpr int bar_width = 24;
/// Return to the line's start and erase it.
constexpr std::string_view erase_line = "\r\x1b[2K";

/// Whether a bar is on the screen; of the process, as the screen is.
volatile std::sig_atomic_t drawn = 0;

bool can_redraw() {
  const char* terminal = std::getenv("TERM");
  return ::isatty(STDERR_FILENO) && terminal && std::string_view(terminal) != "dumb";
}

/// https://no-color.org: any value but "" turns colour off.
bool wants_colour() {
  const char* no_colour = std::getenv("NO_COLOR");
  return !no_colour || !*no_colour;
}

}  // namespace

std::string clock_text(double seconds) {
  const auto whole = static_cast<std::int64_t>(seconds + 0.5);
  if (whole < 3600) return fmt::format("{:02}:{:02}", whole / 60, whole % 60);
  return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
}

ProgressBar::ProgressBar(bool quiet) : enabled_(!quiet && can_redraw()), colour_(wants_colour()) {}

void ProgressBar::update(std::int64_t done, std::int64_t total, const std::string& note) {
  using namespace std::chrono_literals;
  const auto now = Clock::now();
  if (!enabled_ || total <= 0 || now - start_ < 1s || now - last_ < 100ms) return;
  last_ = now;
  const double share = static_cast<double>(done) / static_cast<double>(total);
  const double elapsed = std::chrono::duration<double>(now - start_).count();
  const auto filled = static_cast<int>(share * bar_width);
  fmt::print(stderr, "{}{}[{:=<{}}{:<{}}]{} {:3.0f} %  {}  ETA {}", erase_line, colour_ ? "\x1b[32m" : "", "", filled,
             "", bar_width - filled, colour_ ? "\x1b[0m" : "", 100 * share, note,
             share > 0 ? clock_text(elapsed * (1 - share) / share) : "--:--");
  drawn = 1;
  std::fflush(stderr);
}

void ProgressBar::clear() {
  if (drawn == 0) return;
  fmt::print(stderr, "{}", erase_line);
  std::fflush(stderr);
  drawn = 0;
}

void erase_drawn_bar() noexcept {
  if (drawn != 0) (void)!::write(STDERR_FILENO, erase_line.data(), erase_line.size());
}

}  // namespace phew::tools
