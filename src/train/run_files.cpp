#include "train/run_files.hpp"

#include "graph/error.hpp"
#include "graph/io/atomic_file.hpp"

#include <fmt/ranges.h>

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <string>
#include <sys/file.h>
#include <unistd.h>
#include <utility>

namespace phew {
namespace {

namespace fs = std::filesystem;

void create(const fs::path& folder) {
  std::error_code error;
  if (fs::is_directory(folder, error)) return;
  if (fs::exists(folder, error)) fail(ExitCode::cant_create, "{}: found a file, expected a folder", folder.string());
  fs::create_directory(folder, error);
  if (error)
    fail(ExitCode::cant_create, "{}: cannot create the run's folder: {}; its parent must exist and be writable",
         folder.string(), error.message());
}

/// Whether the folder holds anything but its lock and hidden files.
bool holds_files(const RunFiles& files) {
  for (const auto& entry : fs::directory_iterator(files.folder))
    if (entry.path() != files.lock() && entry.path().filename().string().front() != '.') return true;
  return false;
}

void compare_with_prior_run(const RunFiles& files, const RunConfig& config, const Notice& notice) {
  if (!fs::exists(files.config())) {
    if (holds_files(files))
      fail(ExitCode::config, "{}: found files but no config.toml, expected an empty folder or a run; use another --run",
           files.folder.string());
    return;
  }
  const auto differing = differences(read_run_config(files.config()), config);
  if (!differing.empty())
    fail(ExitCode::config, "{}: found a run with {}; use another --run or remove the folder", files.folder.string(),
         fmt::join(differing, "; "));
  notice(fmt::format("{}: {} run of the same settings, starting over", files.folder.string(),
                     fs::exists(files.weights()) ? "a finished" : "an unfinished"));
}

}  // namespace

RunFolder::RunFolder(fs::path folder, const RunConfig& config, const Machine& machine, const Notice& notice)
    : files_{std::move(folder)} {
  // "run/" has an empty file name; the parent of "run" is what must exist.
  if (!files_.folder.has_filename()) files_.folder = files_.folder.parent_path();
  create(files_.folder);
  lock();
  compare_with_prior_run(files_, config, notice);
  for (const auto& stale : {files_.metrics(), files_.weights(), files_.result()}) fs::remove(stale);
  write_file(files_.config(), to_toml(config, machine));
  open_metrics();
}

RunFolder::Descriptor::~Descriptor() {
  if (number >= 0) ::close(number);
}

void RunFolder::lock() {
  lock_.number = ::open(files_.lock().c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (lock_.number < 0)
    fail(ExitCode::cant_create, "{}: cannot write: {}", files_.folder.string(), std::strerror(errno));
  if (::flock(lock_.number, LOCK_EX | LOCK_NB) == 0) return;
  if (errno == EWOULDBLOCK)
    fail(ExitCode::locked, "{}: found another run at work in this folder; wait for it or use another --run",
         files_.folder.string());
  fail(ExitCode::io, "{}: cannot lock: {}", files_.lock().string(), std::strerror(errno));
}

void RunFolder::open_metrics() {
  metrics_.number = ::open(files_.metrics().c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0666);
  if (metrics_.number < 0)
    fail(ExitCode::cant_create, "{}: cannot write: {}", files_.metrics().string(), std::strerror(errno));
}

void RunFolder::append_metrics(std::string_view line) {
  const std::string whole = std::string(line) + '\n';
  const ssize_t written = ::write(metrics_.number, whole.data(), whole.size());
  if (written != static_cast<ssize_t>(whole.size()) || ::fdatasync(metrics_.number) != 0)
    fail(ExitCode::io, "{}: write failed: {}", files_.metrics().string(), std::strerror(errno));
}

}  // namespace phew
