#include "train/gzip_file.hpp"

#include "graph/error.hpp"

#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace phew {
namespace {

namespace fs = std::filesystem;

/// Deflate cannot do better than 1032 : 1 (zlib's technical notes).
constexpr std::uintmax_t most_inflation = 1032;

}  // namespace

void GzipFile::Close::operator()(gzFile_s* file) const { ::gzclose(file); }

GzipFile::GzipFile(const fs::path& path) : path_(path) {
  if (!fs::is_regular_file(path)) fail(ExitCode::no_input, "{}: found no file", path.string());
  errno = 0;
  file_.reset(::gzopen(path.c_str(), "rb"));
  if (!file_) fail(ExitCode::no_input, "{}: cannot read: {}", path.string(), std::strerror(errno));
  ::gzbuffer(file_.get(), 1U << 17);
}

std::size_t GzipFile::read(void* out, std::size_t size) {
  std::size_t total = 0;
  while (total < size) {
    const auto chunk = static_cast<unsigned>(std::min<std::size_t>(size - total, 1U << 30));
    const int got = ::gzread(file_.get(), static_cast<char*>(out) + total, chunk);
    int code = Z_OK;
    const char* reason = ::gzerror(file_.get(), &code);
    // Z_BUF_ERROR is how zlib says that a gzip stream ends early.
    if (got < 0 || code == Z_BUF_ERROR) fail(ExitCode::data, "{}: found a damaged file: {}", path_.string(), reason);
    if (got == 0) break;
    total += static_cast<std::size_t>(got);
  }
  return total;
}

bool GzipFile::can_hold(std::uintmax_t bytes) const { return bytes / most_inflation <= fs::file_size(path_); }

}  // namespace phew
