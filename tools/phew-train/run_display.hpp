// What a user sees of a run under way: a bar, and a line an epoch.
#pragma once

#include "common/program.hpp"
#include "common/progress.hpp"
#include "phew-train/stop_signal.hpp"
#include "train/run_observer.hpp"

#include <chrono>
#include <cstdint>

namespace phew::tools {

/// The bar over the whole run, and the speed of the current epoch.
class RunBar {
 public:
  explicit RunBar(bool quiet) : bar_(quiet) {}

  void update(const RunProgress& p) {
    if (p.epoch != epoch_) {
      epoch_ = p.epoch;
      start_ = Clock::now();
      images_ = p.images;
    }
    const double seconds = std::chrono::duration<double>(Clock::now() - start_).count();
    const double rate = seconds > 0 ? static_cast<double>(p.images - images_) / seconds : 0;
    bar_.update((p.epoch - 1) * p.images_per_epoch + p.images, p.epochs * p.images_per_epoch,
                fmt::format("epoch {}/{}  loss {:.4f}  {:.0f} images/s", p.epoch, p.epochs, p.train_loss, rate));
  }
  void clear() { bar_.clear(); }

 private:
  using Clock = std::chrono::steady_clock;
  ProgressBar bar_;
  std::int64_t epoch_ = 0, images_ = 0;
  Clock::time_point start_;
};

/// Notices, the bar, a table of epochs on stdout (not with --json), and the end by a signal. Refers to its arguments.
[[nodiscard]] RunObserver observe(const Globals& globals, RunBar& bar, const StopSignal& signal);

/// "84.15 %", or the loss of a regression.
[[nodiscard]] std::string figure_of(const EpochMetrics& metrics);

}  // namespace phew::tools
