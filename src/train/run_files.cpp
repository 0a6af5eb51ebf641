#include "train/run_files.hpp"

#include "graph/error.hpp"
#include "graph/io/atomic_file.hpp"

#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fstream>
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

PriorRun prior_run(const RunFiles& files, const RunConfig& config) {
  if (!fs::exists(files.config())) {
    if (holds_files(files))
      fail(ExitCode::config, "{}: found files but no config.toml, expected an empty folder or a run; use another --run",
           files.folder.string());
    return PriorRun::none;
  }
  const auto differing = differences(read_run_config(files.config()), config);
  if (!differing.empty())
    fail(ExitCode::config, "{}: found a run with {}; use another --run or remove the folder", files.folder.string(),
         fmt::join(differing, "; "));
  return fs::exists(files.weights()) ? PriorRun::finished : PriorRun::unfinished;
}

/// What a run leaves besides its config.
void remove_results(const RunFiles& files) {
  std::vector<fs::path> results{files.metrics(), files.mask(), files.weights(), files.result()};
  for (const auto& entry : fs::directory_iterator(files.folder))
    if (entry.path().filename().string().starts_with("checkpoint-")) results.push_back(entry.path());
  for (const fs::path& path : results) fs::remove(path);
}

}  // namespace

std::vector<EpochMetrics> read_metrics(const RunFiles& files) {
  std::vector<EpochMetrics> epochs;
  std::ifstream lines(files.metrics());
  for (std::string line; std::getline(lines, line);) {
    try {
      epochs.push_back(epoch_from_json(nlohmann::ordered_json::parse(line)));
    } catch (const nlohmann::json::exception&) {
      fail(ExitCode::data, "{}: line {}: found no JSON of an epoch", files.metrics().string(), epochs.size() + 1);
    }
  }
  return epochs;
}

RunFolder::RunFolder(fs::path folder, const RunConfig& config, const Machine& machine, bool restart,
                     const Notice& notice)
    : files_{std::move(folder)} {
  // "run/" has an empty file name; the parent of "run" is what must exist.
  if (!files_.folder.has_filename()) files_.folder = files_.folder.parent_path();
  create(files_.folder);
  lock();
  prior_ = prior_run(files_, config);
  if (restart) {
    if (prior_ != PriorRun::none) notice(fmt::format("{}: starting over", files_.folder.string()));
    remove_results(files_);
    prior_ = PriorRun::none;
  }
  if (prior_ != PriorRun::none) {
    const Machine before = read_machine(files_.config());
    if (before != machine)
      notice(
          fmt::format("{}: ran on {} before, goes on with {}: its bits may differ from those of a run on one of them",
                      files_.folder.string(), to_string(before), to_string(machine)));
  }
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
  metrics_ = Descriptor(::open(files_.metrics().c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666));
  if (metrics_.number < 0)
    fail(ExitCode::cant_create, "{}: cannot write: {}", files_.metrics().string(), std::strerror(errno));
}

void RunFolder::require_space(std::int64_t bytes) const {
  const auto available = static_cast<std::int64_t>(fs::space(files_.folder).available);
  constexpr std::int64_t megabyte = 1'000'000;
  if (available < bytes)
    fail(ExitCode::io, "{}: found {} MB of free space, expected {} MB for weights and checkpoints",
         files_.folder.string(), available / megabyte, bytes / megabyte + 1);
}

std::vector<EpochMetrics> RunFolder::keep_epochs(std::int64_t count) {
  std::vector<EpochMetrics> epochs = read_metrics(files_);
  if (std::ssize(epochs) < count)
    fail(ExitCode::data, "{}: found {} epochs, expected {}; use --restart", files_.metrics().string(), epochs.size(),
         count);
  epochs.resize(static_cast<std::size_t>(count));
  std::string text;
  for (const EpochMetrics& epoch : epochs) text += to_json(epoch).dump() + '\n';
  write_file(files_.metrics(), text);
  open_metrics();
  return epochs;
}

void RunFolder::append_metrics(std::string_view line) {
  const std::string whole = std::string(line) + '\n';
  const ssize_t written = ::write(metrics_.number, whole.data(), whole.size());
  if (written != static_cast<ssize_t>(whole.size()) || ::fdatasync(metrics_.number) != 0)
    fail(ExitCode::io, "{}: write failed: {}", files_.metrics().string(), std::strerror(errno));
}

}  // namespace phew
