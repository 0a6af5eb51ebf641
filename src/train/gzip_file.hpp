// GzipFile: a file's content, gzipped or plain, read from front to back.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>

struct gzFile_s;

namespace phew {

/// Whether the file is gzipped is told by its content.
class GzipFile {
 public:
  /// Throws Error(no_input) if the file is missing, unreadable, or no regular file.
  explicit GzipFile(const std::filesystem::path& path);

  /// Reads up to `size` bytes; fewer only at the end of the content.
  /// Throws Error(data) if the gzip stream is damaged or ends early.
  std::size_t read(void* out, std::size_t size);
  /// Whether a content of so many bytes can come out of a file of this size: a bound to check before allocating.
  [[nodiscard]] bool can_hold(std::uintmax_t bytes) const;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  struct Close {
    void operator()(gzFile_s* file) const;
  };
  std::filesystem::path path_;
  std::unique_ptr<gzFile_s, Close> file_;
};

}  // namespace phew
