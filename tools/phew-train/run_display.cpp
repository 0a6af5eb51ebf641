#include "phew-train/run_display.hpp"

#include <cstdio>

namespace phew::tools {
namespace {

void print_header() {
  fmt::print("{:>5}  {:>10}  {:>9}  {:>13}  {:>8}\n", "epoch", "train loss", "test loss", "test accuracy", "images/s");
}

void print_row(const EpochMetrics& m) {
  const std::string accuracy = m.test_accuracy ? fmt::format("{:.2f} %", 100 * *m.test_accuracy) : "-";
  fmt::print("{:>5}  {:>10.4f}  {:>9.4f}  {:>13}  {:>8.0f}\n", m.epoch, m.train_loss, m.test_loss, accuracy,
             m.images_per_second);
  std::fflush(stdout);
}

}  // namespace

RunObserver observe(const Globals& globals, RunBar& bar, const StopSignal& signal) {
  RunObserver observer;
  observer.notice = [&globals](const std::string& line) { globals.notice(line); };
  observer.progress = [&bar](const RunProgress& progress) { bar.update(progress); };
  observer.epoch = [&globals, &bar, first = true](const EpochMetrics& metrics) mutable {
    bar.clear();
    if (globals.json) return;
    if (first) print_header();
    first = false;
    print_row(metrics);
  };
  observer.stop = [&signal] { return signal.received(); };
  return observer;
}

std::string figure_of(const EpochMetrics& m) {
  return m.test_accuracy ? fmt::format("{:.2f} %", 100 * *m.test_accuracy) : fmt::format("{:.4g}", m.test_loss);
}

}  // namespace phew::tools
