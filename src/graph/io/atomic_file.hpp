// AtomicFile: a file that appears whole or not at all.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string_view>

namespace phew {

/// Writes to a temporary file beside `target`; commit() syncs and renames it. Without commit the destructor removes it,
/// so an exception or a signal handled as one leaves nothing half-written.
class AtomicFile {
 public:
  /// Throws Error(cant_create) if the folder is missing or not writable, or the target is a folder.
  explicit AtomicFile(std::filesystem::path target);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  /// Throws Error(io), naming the target, when the disk is full or the write fails.
  void write(std::span<const std::byte> bytes);
  void write(std::string_view text);
  /// fsync, rename over the target, fsync of the folder.
  void commit();

  [[nodiscard]] const std::filesystem::path& target() const { return target_; }

 private:
  std::filesystem::path target_, temporary_;
  int descriptor_ = -1;
};

/// One call for small files.
void write_file(const std::filesystem::path& target, std::string_view text);

}  // namespace phew
