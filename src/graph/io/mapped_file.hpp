// MappedFile: a file's bytes, mapped read-only into memory.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>

namespace phew {

/// Bytes and what keeps them alive: a mapping or a buffer.
struct SharedBytes {
  std::span<const std::byte> bytes;
  std::shared_ptr<const void> owner;
};

/// The mapping is private: whoever replaces the file by renaming, as AtomicFile does, leaves it intact. Whoever
/// truncates it in place ends this process with SIGBUS, as with every mapped file.
class MappedFile {
 public:
  /// Throws Error(no_input) if the file is missing, unreadable, or no regular file.
  explicit MappedFile(std::filesystem::path path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] std::span<const std::byte> bytes() const { return {data_, size_}; }

 private:
  std::filesystem::path path_;
  const std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

/// Reads bytes ahead, in one step, if they lie in a MappedFile: a page at a time costs more than the reading.
void take(std::span<const std::byte> bytes);
/// Takes bytes that lie in a MappedFile out of this process's memory; whoever reads them again reads the file again.
/// Other bytes stay. Whole pages only.
void give_back(std::span<const std::byte> bytes);

}  // namespace phew
