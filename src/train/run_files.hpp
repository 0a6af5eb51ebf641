// Where a run keeps its files: the one place that knows their names.
#pragma once

#include "graph/weights.hpp"
#include "train/metrics.hpp"
#include "train/run_config.hpp"

#include <cstdint>
#include <filesystem>
#include <string_view>
#include <utility>
#include <vector>

namespace phew {

/// Paths in a run's folder.
struct RunFiles {
  std::filesystem::path folder;

  [[nodiscard]] std::filesystem::path config() const { return folder / "config.toml"; }
  [[nodiscard]] std::filesystem::path metrics() const { return folder / "metrics.jsonl"; }
  [[nodiscard]] std::filesystem::path mask() const { return folder / "mask.safetensors"; }
  [[nodiscard]] std::filesystem::path weights() const { return folder / "weights.safetensors"; }
  [[nodiscard]] std::filesystem::path result() const { return folder / "result.json"; }
  [[nodiscard]] std::filesystem::path lock() const { return folder / "lock"; }
};

/// The epochs in a run's metrics.jsonl; none if there is no such file. Throws Error(data) naming the line that is no
/// JSON of an epoch.
[[nodiscard]] std::vector<EpochMetrics> read_metrics(const RunFiles& files);

/// What a run's folder held before.
enum class PriorRun { none, unfinished, finished };

/// A run's folder, ours alone until the object goes. The lock is flock's: it ends with the process, however it ends.
class RunFolder {
 public:
  /// Creates the folder if its parent exists, locks it, and compares what it holds with this run: a run of the same
  /// settings stays as it is (on another device, with other threads or versions: with a notice, since its bits may
  /// differ); with `restart` its results go. An empty folder is taken. Then writes config.toml.
  /// Throws Error(cant_create) if the parent is missing or the folder cannot be written, Error(locked) if another run
  /// holds it, Error(config) naming the settings that differ, or if there are files but no config.toml.
  RunFolder(std::filesystem::path folder, const RunConfig& config, const Machine& machine, bool restart,
            const Notice& notice);

  [[nodiscard]] PriorRun prior() const { return prior_; }
  /// Checks that the file system has room for so many bytes more. Throws Error(io).
  void require_space(std::int64_t bytes) const;
  /// Cuts metrics.jsonl after the lines of the first `count` epochs and returns them. Throws Error(data) if it has
  /// fewer.
  [[nodiscard]] std::vector<EpochMetrics> keep_epochs(std::int64_t count);

  [[nodiscard]] const RunFiles& files() const { return files_; }
  /// Appends a line to metrics.jsonl, by one write. Throws Error(io).
  void append_metrics(std::string_view line);

 private:
  /// A file descriptor that closes itself.
  struct Descriptor {
    int number = -1;
    Descriptor() = default;
    explicit Descriptor(int opened) : number(opened) {}
    ~Descriptor();
    Descriptor(Descriptor&& other) noexcept : number(std::exchange(other.number, -1)) {}
    Descriptor& operator=(Descriptor&& other) noexcept {
      std::swap(number, other.number);
      return *this;
    }
  };

  void lock();
  void open_metrics();

  RunFiles files_;
  PriorRun prior_ = PriorRun::none;
  Descriptor lock_, metrics_;
};

}  // namespace phew
