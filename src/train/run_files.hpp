// Where a run keeps its files: the one place that knows their names.
#pragma once

#include "graph/weights.hpp"
#include "train/run_config.hpp"

#include <filesystem>
#include <string_view>

namespace phew {

/// Paths in a run's folder.
struct RunFiles {
  std::filesystem::path folder;

  [[nodiscard]] std::filesystem::path config() const { return folder / "config.toml"; }
  [[nodiscard]] std::filesystem::path metrics() const { return folder / "metrics.jsonl"; }
  [[nodiscard]] std::filesystem::path weights() const { return folder / "weights.safetensors"; }
  [[nodiscard]] std::filesystem::path result() const { return folder / "result.json"; }
  [[nodiscard]] std::filesystem::path lock() const { return folder / "lock"; }
};

/// A run's folder, ours alone until the object goes. The lock is flock's: it ends with the process, however it ends.
class RunFolder {
 public:
  /// Creates the folder if its parent exists, locks it, and compares what it holds with this run:
  /// a run of the same settings, finished or not, is started over with a notice; an empty folder is taken.
  /// Then writes config.toml and an empty metrics.jsonl.
  /// Throws Error(cant_create) if the parent is missing or the folder cannot be written, Error(locked) if another run
  /// holds it, Error(config) naming the settings that differ, or if there are files but no config.toml.
  RunFolder(std::filesystem::path folder, const RunConfig& config, const Machine& machine, const Notice& notice);

  [[nodiscard]] const RunFiles& files() const { return files_; }
  /// Appends a line to metrics.jsonl, by one write. Throws Error(io).
  void append_metrics(std::string_view line);

 private:
  /// A file descriptor that closes itself.
  struct Descriptor {
    int number = -1;
    Descriptor() = default;
    ~Descriptor();
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
  };

  void lock();
  void open_metrics();

  RunFiles files_;
  Descriptor lock_, metrics_;
};

}  // namespace phew
