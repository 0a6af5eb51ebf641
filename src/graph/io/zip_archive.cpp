#include "graph/io/zip_archive.hpp"

#include "graph/error.hpp"
#include "graph/parallel.hpp"

#include <zip.h>

#include <algorithm>
#include <atomic>
#include <new>
#include <sys/mman.h>
#include <thread>
#include <utility>

namespace phew {
namespace {

constexpr std::uint64_t max_deflate_ratio = 1032;
/// A block of a few bytes may inflate to a little more than the ratio says.
constexpr std::uint64_t deflate_slack = 1024;
/// What is read at once stays in the first-level cache, where libzip's checksum finds it again.
constexpr std::size_t chunk_bytes = std::size_t{1} << 15;
/// 1 January 1980, the first day that zip knows.
constexpr zip_uint16_t dos_epoch = 0x21;

std::string text_of(zip_error_t error) {
  std::string text = zip_error_strerror(&error);
  zip_error_fini(&error);
  return text;
}

std::string last_error(zip_t* archive) { return zip_error_strerror(zip_get_error(archive)); }

zip_t* open_archive(const MappedFile& file) {
  zip_error_t error;
  zip_error_init(&error);
  zip_source_t* source = zip_source_buffer_create(file.bytes().data(), file.bytes().size(), 0, &error);
  zip_t* archive = source == nullptr ? nullptr : zip_open_from_source(source, ZIP_RDONLY, &error);
  if (archive == nullptr) {
    if (source != nullptr) zip_source_free(source);
    fail(ExitCode::data, "{}: found a zip archive whose directory cannot be read ({}); copy or download it again",
         file.path().string(), text_of(error));
  }
  return archive;
}

/// Adds one entry; libzip keeps pointers to the parts until the archive is closed.
bool add_entry(zip_t* archive, const ZipEntry& entry) {
  std::vector<zip_buffer_fragment_t> fragments;
  for (const auto& part : entry.parts)
    // libzip's type is not const although it only reads.
    fragments.push_back({reinterpret_cast<zip_uint8_t*>(const_cast<std::byte*>(part.data())), part.size()});
  zip_source_t* source = zip_source_buffer_fragment(archive, fragments.data(), fragments.size(), 0);
  if (source == nullptr) return false;
  const zip_int64_t index = zip_file_add(archive, entry.name.c_str(), source, ZIP_FL_ENC_UTF_8);
  if (index < 0) {
    zip_source_free(source);
    return false;
  }
  const auto position = static_cast<zip_uint64_t>(index);
  return zip_set_file_compression(archive, position, ZIP_CM_STORE, 0) == 0 &&
         zip_file_set_dostime(archive, position, 0, dos_epoch, 0) == 0;
}

/// An archive without entries, which libzip would not write: the end record alone.
void write_empty_zip(AtomicFile& file, std::string_view comment) {
  std::string record("PK\x05\x06");
  record.resize(20);
  record += static_cast<char>(comment.size() & 0xFF);
  record += static_cast<char>(comment.size() >> 8);
  file.write(record.append(comment));
}

/// Copies a finished archive out of libzip's buffer.
void drain(zip_source_t* source, AtomicFile& file) {
  std::vector<std::byte> chunk(chunk_bytes);
  if (zip_source_open(source) != 0) fail(ExitCode::io, "{}: cannot read back the archive", file.target().string());
  while (true) {
    const zip_int64_t got = zip_source_read(source, chunk.data(), chunk.size());
    if (got < 0) fail(ExitCode::io, "{}: cannot read back the archive", file.target().string());
    if (got == 0) break;
    file.write(std::span(chunk).first(static_cast<std::size_t>(got)));
  }
  zip_source_close(source);
}

/// Uninitialised memory. A large buffer asks for huge pages: page faults would cost as much as the checksum.
std::shared_ptr<std::byte[]> make_buffer(std::size_t size) {
  constexpr std::align_val_t huge_page{std::size_t{2} << 20};
  if (size < static_cast<std::size_t>(huge_page)) return std::make_shared_for_overwrite<std::byte[]>(size);
  auto* const memory = static_cast<std::byte*>(::operator new(size, huge_page));
  ::madvise(memory, size, MADV_HUGEPAGE);  // a hint: without it the buffer is only slower
  return {memory, [](std::byte* bytes) { ::operator delete(bytes, huge_page); }};
}

/// Threads that are worth starting to read so many bytes.
int reading_threads(std::uint64_t bytes) {
  constexpr std::uint64_t bytes_per_thread = std::uint64_t{4} << 20;
  constexpr std::uint64_t most = 8;
  return static_cast<int>(
      std::min({bytes / bytes_per_thread, most, std::uint64_t{std::thread::hardware_concurrency()}}));
}

}  // namespace

std::uint64_t unpacking_limit(std::uint64_t archive_bytes) {
  return std::max(std::uint64_t{2} << 30, archive_bytes * 64);
}

ZipArchive::ZipArchive(std::shared_ptr<const MappedFile> file)
    : file_(std::move(file)), handle_(open_archive(*file_), [](zip* archive) { zip_discard(archive); }) {
  check_sizes();
}

void ZipArchive::check_sizes() {
  const std::string where = file_->path().string();
  const std::uint64_t file_bytes = file_->bytes().size();
  std::uint64_t packed = 0, unpacked = 0;
  const zip_int64_t count = zip_get_num_entries(handle_.get(), 0);
  for (zip_int64_t i = 0; i < count; ++i) {
    zip_stat_t status;
    zip_stat_init(&status);
    constexpr zip_uint64_t needed =
        ZIP_STAT_NAME | ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_COMP_METHOD | ZIP_STAT_ENCRYPTION_METHOD;
    if (zip_stat_index(handle_.get(), static_cast<zip_uint64_t>(i), 0, &status) != 0 ||
        (status.valid & needed) != needed)
      fail(ExitCode::data, "{}: entry {}: {}", where, i, last_error(handle_.get()));
    const bool stored = status.comp_method == ZIP_CM_STORE;
    if (status.encryption_method != ZIP_EM_NONE || (!stored && status.comp_method != ZIP_CM_DEFLATE))
      fail(ExitCode::data, "{}: {}: found an entry encrypted or packed by method {}, expected stored or deflated",
           where, status.name, status.comp_method);
    const bool plausible = status.comp_size <= file_bytes - packed &&
                           (stored ? status.size == status.comp_size
                                   : status.size <= status.comp_size * max_deflate_ratio + deflate_slack) &&
                           status.size <= unpacking_limit(file_bytes) - unpacked;
    if (!plausible)
      fail(ExitCode::data, "{}: {}: found {} bytes declared in {}, too many for a file of {}", where, status.name,
           status.size, status.comp_size, file_bytes);
    packed += status.comp_size;
    unpacked += status.size;
    if (!index_.emplace(status.name, entries_.size()).second)
      fail(ExitCode::data, "{}: {}: found twice in the archive", where, status.name);
    entries_.push_back({status.name, status.size});
  }
}

std::size_t ZipArchive::find(const std::string& name) const {
  const auto found = index_.find(name);
  return found == index_.end() ? entries_.size() : found->second;
}

std::string ZipArchive::comment() const {
  int length = 0;
  const char* text = zip_get_archive_comment(handle_.get(), &length, ZIP_FL_ENC_RAW);
  return text == nullptr ? std::string{} : std::string(text, static_cast<std::size_t>(length));
}

SharedBytes ZipArchive::read(std::size_t entry) const {
  const Entry& e = entries_[entry];
  const auto damaged = [&](const std::string& why) {
    fail(ExitCode::data, "{}: {}: cannot read the entry: {}; copy or download the file again", file_->path().string(),
         e.name, why);
  };
  const std::unique_ptr<zip_file_t, int (*)(zip_file_t*)> stream(zip_fopen_index(handle_.get(), entry, 0), zip_fclose);
  if (stream == nullptr) damaged(last_error(handle_.get()));
  const std::shared_ptr<std::byte[]> buffer = make_buffer(e.size);
  std::uint64_t filled = 0;
  // One byte too many is asked for at the end: libzip checks length and checksum when it meets the end.
  for (std::byte beyond{};;) {
    const bool full = filled == e.size;
    void* const target = full ? &beyond : buffer.get() + filled;
    const zip_int64_t got =
        zip_fread(stream.get(), target, full ? 1 : std::min<std::uint64_t>(chunk_bytes, e.size - filled));
    if (got < 0) damaged(zip_error_strerror(zip_file_get_error(stream.get())));
    if (got == 0) break;
    if (full) damaged("it is longer than declared");
    filled += static_cast<std::uint64_t>(got);
  }
  if (filled != e.size) damaged("it is shorter than declared");
  return {{buffer.get(), e.size}, buffer};
}

std::vector<SharedBytes> ZipArchive::read_all(std::span<const std::size_t> entries) const {
  std::vector<SharedBytes> contents(entries.size());
  std::uint64_t bytes = 0;
  for (const std::size_t entry : entries) bytes += entries_[entry].size;
  const int threads = reading_threads(bytes);
  if (threads <= 1) {
    for (std::size_t i = 0; i < entries.size(); ++i) contents[i] = read(entries[i]);
    return contents;
  }
  std::atomic<std::size_t> next{0};
  parallel_for(threads, threads, [&](std::int64_t) {
    const ZipArchive own(file_);  // libzip's handle serves one thread
    for (std::size_t i; (i = next++) < entries.size();) contents[i] = own.read(entries[i]);
  });
  return contents;
}

void write_zip(AtomicFile& file, const std::vector<ZipEntry>& entries, std::string_view comment) {
  if (comment.size() > 0xFFFF)
    fail(ExitCode::data, "{}: found {} bytes of metadata, expected at most 65535 in a zip archive",
         file.target().string(), comment.size());
  if (entries.empty()) return write_empty_zip(file, comment);
  zip_error_t error;
  zip_error_init(&error);
  // Two references: the archive consumes one when it is closed, the other keeps the buffer for drain().
  const std::unique_ptr<zip_source_t, void (*)(zip_source_t*)> source(zip_source_buffer_create(nullptr, 0, 0, &error),
                                                                      zip_source_free);
  if (source == nullptr) fail(ExitCode::io, "{}: cannot create an archive: {}", file.target().string(), text_of(error));
  zip_source_keep(source.get());
  zip_t* archive = zip_open_from_source(source.get(), ZIP_TRUNCATE, &error);
  if (archive == nullptr) {
    zip_source_free(source.get());
    fail(ExitCode::io, "{}: cannot create an archive: {}", file.target().string(), text_of(error));
  }
  bool good = zip_set_archive_comment(archive, comment.data(), static_cast<zip_uint16_t>(comment.size())) == 0;
  for (const ZipEntry& entry : entries) good = good && add_entry(archive, entry);
  if (!good || zip_close(archive) != 0) {
    const std::string why = last_error(archive);
    zip_discard(archive);
    fail(ExitCode::io, "{}: cannot create an archive: {}", file.target().string(), why);
  }
  drain(source.get(), file);
}

}  // namespace phew
