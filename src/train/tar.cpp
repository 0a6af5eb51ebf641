#include "train/tar.hpp"

#include "graph/error.hpp"

#include <algorithm>
#include <cstring>
#include <string_view>
#include <vector>

namespace phew {
namespace {

/// A field of a header: where it begins and how long it is.
struct Field {
  std::size_t offset, length;
};
constexpr Field name_field{0, 100}, size_field{124, 12}, checksum_field{148, 8}, type_field{156, 1},
    magic_field{257, 6}, prefix_field{345, 155};

/// Text up to the first zero byte, or the whole field.
std::string_view text_of(std::span<const unsigned char> block, Field field) {
  const std::string_view all(reinterpret_cast<const char*>(block.data()) + field.offset, field.length);
  return all.substr(0, all.find('\0'));
}

/// An octal number between spaces; nothing if it is none. Twelve digits stay below 2^36.
std::optional<std::uint64_t> octal(std::string_view text) {
  const std::size_t first = text.find_first_not_of(' ');
  if (first == std::string_view::npos) return std::nullopt;
  text = text.substr(first, text.find_last_not_of(' ') - first + 1);
  std::uint64_t value = 0;
  for (const char c : text) {
    if (c < '0' || c > '7') return std::nullopt;
    value = value * 8 + static_cast<std::uint64_t>(c - '0');
  }
  return value;
}

/// The sum of the header's bytes, its own field taken as spaces.
std::uint64_t checksum(std::span<const unsigned char> block) {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < block.size(); ++i) {
    const bool own = i >= checksum_field.offset && i < checksum_field.offset + checksum_field.length;
    sum += own ? ' ' : block[i];
  }
  return sum;
}

}  // namespace

TarReader::Entry TarReader::parse(const Block& block) const {
  if (octal(text_of(block, checksum_field)) != checksum(block))
    fail(ExitCode::data, "{}: found no tar header where one should be; download it again", file_.path().string());
  Entry entry;
  entry.name = text_of(block, name_field);
  const std::string_view prefix = text_of(block, prefix_field);
  // GNU's own format has "ustar " here, and other things in the prefix's place.
  if (std::memcmp(block.data() + magic_field.offset, "ustar", magic_field.length) == 0 && !prefix.empty())
    entry.name = std::string(prefix) + '/' + entry.name;
  if (entry.name.starts_with("./")) entry.name.erase(0, 2);
  const auto size = octal(text_of(block, size_field));
  if (!size || !file_.can_hold(*size))
    fail(ExitCode::data, "{}: {}: found a size that the archive cannot hold; download it again", file_.path().string(),
         entry.name);
  entry.size = *size;
  const char type = static_cast<char>(block[type_field.offset]);
  entry.regular = type == '0' || type == '\0';
  return entry;
}

std::optional<TarReader::Entry> TarReader::next() {
  skip(left_ + padding_);
  left_ = padding_ = 0;
  Block block{};
  const std::size_t got = file_.read(block.data(), block.size());
  if (got == 0) return std::nullopt;  // some writers leave out the two empty blocks
  if (got != block.size())
    fail(ExitCode::data, "{}: found an archive that ends within a header; download it again", file_.path().string());
  if (std::ranges::all_of(block, [](unsigned char byte) { return byte == 0; })) {
    drain();
    return std::nullopt;
  }
  Entry entry = parse(block);
  name_ = entry.name;
  left_ = entry.size;
  padding_ = (block.size() - entry.size % block.size()) % block.size();
  return entry;
}

void TarReader::read(std::span<std::byte> out) {
  const bool whole = out.size() <= left_ && file_.read(out.data(), out.size()) == out.size();
  if (!whole)
    fail(ExitCode::data, "{}: {}: found an archive that ends within this file; download it again",
         file_.path().string(), name_);
  left_ -= out.size();
}

void TarReader::skip(std::uint64_t bytes) {
  std::vector<std::byte> chunk(std::min<std::uint64_t>(bytes, 1U << 17));
  while (bytes > 0) {
    const std::size_t size = std::min<std::uint64_t>(bytes, chunk.size());
    if (file_.read(chunk.data(), size) != size)
      fail(ExitCode::data, "{}: {}: found an archive that ends within this file; download it again",
           file_.path().string(), name_);
    bytes -= size;
  }
}

void TarReader::drain() {
  std::vector<std::byte> chunk(1U << 17);
  while (file_.read(chunk.data(), chunk.size()) == chunk.size()) {
  }
}

}  // namespace phew
