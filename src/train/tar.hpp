// TarReader: the entries of a tar archive, one after another. Nothing is ever extracted: whoever wants an entry
// compares its name and reads its bytes. Source: POSIX.1-1988 (ustar),
// https://pubs.opengroup.org/onlinepubs/9699919799/utilities/pax.html
#pragma once

#include "train/gzip_file.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace phew {

class TarReader {
 public:
  struct Entry {
    std::string name;  ///< as the archive has it, without a leading "./"
    std::uint64_t size = 0;
    bool regular = false;  ///< a file, rather than a link, a folder or an extension's header
  };

  /// Refers to `file`, gzipped or plain, which must outlast it.
  explicit TarReader(GzipFile& file) : file_(file) {}

  /// The next entry, whatever was left of the one before is passed over; nothing at the archive's end, where the rest
  /// of the file has been read and its checksum verified.
  /// Throws Error(data) for a header that is none, a size that the file cannot hold, or an archive that ends early.
  [[nodiscard]] std::optional<Entry> next();
  /// Fills `out` with the next bytes of the current entry. Throws Error(data) if the archive ends before.
  void read(std::span<std::byte> out);

 private:
  using Block = std::array<unsigned char, 512>;
  [[nodiscard]] Entry parse(const Block& block) const;
  void skip(std::uint64_t bytes);
  void drain();

  GzipFile& file_;
  std::string name_;           ///< of the current entry
  std::uint64_t left_ = 0;     ///< bytes of it not yet read
  std::uint64_t padding_ = 0;  ///< bytes after it up to a whole block
};

}  // namespace phew
