#include "graph/io/atomic_file.hpp"

#include "graph/error.hpp"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <string>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace phew {
namespace {

namespace fs = std::filesystem;

fs::path folder_of(const fs::path& target) { return target.has_parent_path() ? target.parent_path() : fs::path("."); }

/// The mode that open() would give: mkstemp's 0600 would surprise whoever shares the file.
mode_t default_mode() {
  const mode_t mask = ::umask(0);
  ::umask(mask);
  return 0666 & ~mask;
}

}  // namespace

AtomicFile::AtomicFile(fs::path target) : target_(std::move(target)) {
  std::error_code ignored;
  const fs::path folder = folder_of(target_);
  if (!fs::is_directory(folder, ignored))
    fail(ExitCode::cant_create, "{}: found no folder {}, expected one to write into; create it first", target_.string(),
         folder.string());
  if (fs::is_directory(target_, ignored))
    fail(ExitCode::cant_create, "{}: found a folder, expected a file name", target_.string());
  std::string pattern = (folder / ("." + target_.filename().string() + ".XXXXXX")).string();
  descriptor_ = ::mkstemp(pattern.data());
  if (descriptor_ < 0)
    fail(ExitCode::cant_create, "{}: cannot write into {}: {}", target_.string(), folder.string(),
         std::strerror(errno));
  temporary_ = pattern;
}

AtomicFile::~AtomicFile() {
  if (descriptor_ < 0) return;
  ::close(descriptor_);
  std::error_code ignored;
  fs::remove(temporary_, ignored);
}

void AtomicFile::write(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail(ExitCode::io, "{}: write failed: {}", target_.string(), std::strerror(errno));
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
}

void AtomicFile::write(std::string_view text) { write(std::as_bytes(std::span(text))); }

void AtomicFile::commit() {
  if (::fchmod(descriptor_, default_mode()) != 0 || ::fsync(descriptor_) != 0)
    fail(ExitCode::io, "{}: sync failed: {}", target_.string(), std::strerror(errno));
  if (::rename(temporary_.c_str(), target_.c_str()) != 0)
    fail(ExitCode::io, "{}: rename failed: {}", target_.string(), std::strerror(errno));
  ::close(std::exchange(descriptor_, -1));
  // The rename itself must survive a power cut, too; a file system that cannot sync a folder is no error.
  if (const int folder = ::open(folder_of(target_).c_str(), O_RDONLY | O_DIRECTORY); folder >= 0) {
    ::fsync(folder);
    ::close(folder);
  }
}

void write_file(const fs::path& target, std::string_view text) {
  AtomicFile file(target);
  file.write(text);
  file.commit();
}

}  // namespace phew
