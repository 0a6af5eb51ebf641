// Zip archives, the containers of npz files and of PyTorch's `.pt` files, through libzip.
#pragma once

#include "graph/io/atomic_file.hpp"
#include "graph/io/mapped_file.hpp"

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

struct zip;

namespace phew {

/// What may be unpacked or copied out of an archive of so many bytes: 2 GiB, or 64 times its size if that is more.
/// Deflate itself reaches 1,032, which a large mask without a kept parameter needs and a zip bomb abuses.
[[nodiscard]] std::uint64_t unpacking_limit(std::uint64_t archive_bytes);

/// An archive opened for reading. Objects of their own may read the same file from several threads at once; one object
/// serves one thread.
class ZipArchive {
 public:
  struct Entry {
    std::string name;
    std::uint64_t size = 0;  ///< uncompressed
  };

  /// Throws Error(data) if the directory at the archive's end is missing or damaged, a name appears twice, an entry is
  /// encrypted, or the sizes it declares cannot be true: more compressed bytes than the file has, more uncompressed
  /// ones than deflate can make of them, or more in all than unpacking_limit. O(entries).
  explicit ZipArchive(std::shared_ptr<const MappedFile> file);

  [[nodiscard]] const std::shared_ptr<const MappedFile>& file() const { return file_; }
  [[nodiscard]] const std::vector<Entry>& entries() const { return entries_; }
  /// Index of an entry, or entries().size().
  [[nodiscard]] std::size_t find(const std::string& name) const;
  /// The archive's comment.
  [[nodiscard]] std::string comment() const;

  /// An entry's content in a buffer of its own, written once. Throws Error(data) if its length or checksum is wrong.
  [[nodiscard]] SharedBytes read(std::size_t entry) const;
  /// Several entries, in the given order, each as read() gives it; large ones on several threads, since checksums and
  /// fresh memory cost more than the copy.
  [[nodiscard]] std::vector<SharedBytes> read_all(std::span<const std::size_t> entries) const;

 private:
  void check_sizes();

  std::shared_ptr<const MappedFile> file_;
  std::unique_ptr<zip, void (*)(zip*)> handle_;
  std::vector<Entry> entries_;
  std::unordered_map<std::string, std::size_t> index_;
};

/// An entry to write: its bytes are those of its parts, one after another.
struct ZipEntry {
  std::string name;
  std::vector<std::span<const std::byte>> parts;
};

/// Writes an uncompressed archive. The same entries give the same bytes: times are 1 January 1980.
/// Holds one copy of all entries in memory.
void write_zip(AtomicFile& file, const std::vector<ZipEntry>& entries, std::string_view comment);

}  // namespace phew
