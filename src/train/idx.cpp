#include "train/idx.hpp"

#include "graph/error.hpp"
#include "train/gzip_file.hpp"

#include <array>
#include <utility>

namespace phew {
namespace {

namespace fs = std::filesystem;

/// An unsigned byte's type code in IDX's magic number 00 00 TYPE RANK.
constexpr std::uint8_t unsigned_bytes = 0x08;

std::int64_t big_endian(const std::uint8_t* b) {
  return std::int64_t{b[0]} << 24 | std::int64_t{b[1]} << 16 | std::int64_t{b[2]} << 8 | std::int64_t{b[3]};
}

Shape read_header(GzipFile& file, const fs::path& path, std::size_t rank) {
  std::array<std::uint8_t, 4> magic{};
  const bool whole = file.read(magic.data(), magic.size()) == magic.size();
  if (!whole || magic != std::array<std::uint8_t, 4>{0, 0, unsigned_bytes, static_cast<std::uint8_t>(rank)})
    fail(ExitCode::data,
         "{}: found the magic number {:02x} {:02x} {:02x} {:02x}, expected 00 00 08 {:02x} (IDX, "
         "unsigned bytes, {} dimensions); download it again",
         path.string(), magic[0], magic[1], magic[2], magic[3], rank, rank);
  Shape shape;
  for (std::size_t i = 0; i < rank; ++i) {
    std::array<std::uint8_t, 4> extent{};
    if (file.read(extent.data(), extent.size()) != extent.size())
      fail(ExitCode::data, "{}: found the end of the file in its header; download it again", path.string());
    shape.push_back(big_endian(extent.data()));
  }
  return shape;
}

}  // namespace

Tensor read_idx(const fs::path& path, std::size_t rank) {
  GzipFile file(path);
  Shape shape = read_header(file, path, rank);
  const auto size = static_cast<std::uintmax_t>(element_count(shape));
  if (!file.can_hold(size))
    fail(ExitCode::data, "{}: found a shape of {}, more than a file of {} bytes can hold", path.string(),
         to_string(shape), fs::file_size(path));
  std::vector<std::byte> bytes(size);
  const std::size_t got = file.read(bytes.data(), bytes.size());
  char beyond = 0;
  if (got != size || file.read(&beyond, 1) != 0)
    fail(ExitCode::data, "{}: found {} bytes of data, expected {} for the shape {}; download it again", path.string(),
         got == size ? "more" : std::to_string(got), size, to_string(shape));
  return make_tensor(path.filename().string(), DType::u8, std::move(shape), std::move(bytes));
}

}  // namespace phew
