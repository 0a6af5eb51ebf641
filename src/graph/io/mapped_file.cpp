#include "graph/io/mapped_file.hpp"

#include "graph/error.hpp"

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <fcntl.h>
#include <map>
#include <mutex>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace phew {
namespace {

/// Closes a descriptor at the end of a scope; the mapping outlives it.
class Descriptor {
 public:
  explicit Descriptor(int value) : value_(value) {}
  ~Descriptor() {
    if (value_ >= 0) ::close(value_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int get() const { return value_; }

 private:
  int value_;
};

/// All mappings that there are: what may be given back is file pages only, since heap memory would be lost.
class Mappings {
 public:
  void add(std::span<const std::byte> bytes) {
    const std::lock_guard lock(mutex_);
    end_of_.emplace(bytes.data(), bytes.data() + bytes.size());
  }
  void remove(const std::byte* begin) {
    const std::lock_guard lock(mutex_);
    end_of_.erase(begin);
  }
  [[nodiscard]] bool hold(std::span<const std::byte> bytes) {
    const std::lock_guard lock(mutex_);
    const auto after = end_of_.upper_bound(bytes.data());
    return after != end_of_.begin() && bytes.data() + bytes.size() <= std::prev(after)->second;
  }

 private:
  std::mutex mutex_;
  std::map<const std::byte*, const std::byte*> end_of_;
};

Mappings& mappings() {
  static Mappings all;
  return all;
}

/// The whole pages among the bytes.
std::span<const std::byte> whole_pages(std::span<const std::byte> bytes) {
  const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  const auto begin = reinterpret_cast<std::uintptr_t>(bytes.data());
  const std::uintptr_t first = (begin + page - 1) / page * page, last = (begin + bytes.size()) / page * page;
  return last > first ? bytes.subspan(first - begin, last - first) : std::span<const std::byte>();
}

void advise(std::span<const std::byte> bytes, int advice) {
  const auto pages = whole_pages(bytes);
  if (!pages.empty() && mappings().hold(pages))
    (void)::madvise(const_cast<std::byte*>(pages.data()), pages.size(), advice);  // speed and memory only
}

}  // namespace

void take(std::span<const std::byte> bytes) {
#ifdef MADV_POPULATE_READ
  advise(bytes, MADV_POPULATE_READ);  // Linux 5.14; an older one refuses it
#else
  advise(bytes, MADV_WILLNEED);
#endif
}

void give_back(std::span<const std::byte> bytes) { advise(bytes, MADV_DONTNEED); }

MappedFile::MappedFile(std::filesystem::path path) : path_(std::move(path)) {
  // O_NONBLOCK: opening a pipe that nobody writes to must end in the message below, not in a wait.
  const Descriptor descriptor(::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat status {};
  if (descriptor.get() < 0 || ::fstat(descriptor.get(), &status) != 0)
    fail(ExitCode::no_input, "{}: cannot open: {}", path_.string(), std::strerror(errno));
  if (!S_ISREG(status.st_mode))
    fail(ExitCode::no_input, "{}: found a {}, expected a file", path_.string(),
         S_ISDIR(status.st_mode) ? "folder" : "pipe or device");
  size_ = static_cast<std::size_t>(status.st_size);
  if (size_ == 0) return;  // mmap refuses a length of 0
  void* mapping = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, descriptor.get(), 0);
  if (mapping == MAP_FAILED)
    fail(ExitCode::no_input, "{}: cannot map {} bytes: {}", path_.string(), size_, std::strerror(errno));
  data_ = static_cast<const std::byte*>(mapping);
  mappings().add(bytes());
}

MappedFile::~MappedFile() {
  if (data_ == nullptr) return;
  mappings().remove(data_);
  ::munmap(const_cast<std::byte*>(data_), size_);
}

}  // namespace phew
