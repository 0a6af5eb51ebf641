#include "train/png.hpp"

#include "graph/error.hpp"

#include <zlib.h>

#include <algorithm>

namespace phew {
namespace {

std::string big_endian(std::uint32_t n) {
  return {static_cast<char>(n >> 24), static_cast<char>(n >> 16), static_cast<char>(n >> 8), static_cast<char>(n)};
}

/// Length, type, data, and the checksum of type and data.
std::string chunk(const std::string& type, const std::string& data) {
  const std::string body = type + data;
  const auto sum = ::crc32(0, reinterpret_cast<const Bytef*>(body.data()), static_cast<uInt>(body.size()));
  return big_endian(static_cast<std::uint32_t>(data.size())) + body + big_endian(static_cast<std::uint32_t>(sum));
}

std::string deflated(const std::string& bytes) {
  uLongf size = ::compressBound(bytes.size());
  std::string out(size, '\0');
  const int code = ::compress2(reinterpret_cast<Bytef*>(out.data()), &size,
                               reinterpret_cast<const Bytef*>(bytes.data()), bytes.size(), Z_BEST_COMPRESSION);
  if (code != Z_OK) fail(ExitCode::internal, "zlib: cannot compress {} bytes", bytes.size());
  out.resize(size);
  return out;
}

}  // namespace

Picture::Picture(std::int64_t rows, std::int64_t columns, std::uint8_t grey)
    : height(rows), width(columns), rgb(static_cast<std::size_t>(3 * rows * columns), grey) {}

void Picture::paste(const Picture& other, std::int64_t row, std::int64_t column) {
  for (std::int64_t r = 0; r < other.height; ++r)
    std::copy_n(other.rgb.begin() + 3 * r * other.width, 3 * other.width,
                rgb.begin() + 3 * ((row + r) * width + column));
}

std::string png(const Picture& picture) {
  std::string rows;
  const auto row_bytes = static_cast<std::size_t>(3 * picture.width);
  for (std::size_t begin = 0; begin < picture.rgb.size(); begin += row_bytes) {
    rows += '\0';  // no filter
    rows.append(reinterpret_cast<const char*>(picture.rgb.data()) + begin, row_bytes);
  }
  const std::string header = big_endian(static_cast<std::uint32_t>(picture.width)) +
                             big_endian(static_cast<std::uint32_t>(picture.height)) +
                             std::string{8, 2, 0, 0, 0};  // bits a channel, RGB, deflate, filters, no interlacing
  return "\x89PNG\r\n\x1a\n" + chunk("IHDR", header) + chunk("IDAT", deflated(rows)) + chunk("IEND", "");
}

std::string base64(std::string_view bytes) {
  constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - i);
    std::uint32_t group = 0;
    for (std::size_t b = 0; b < 3; ++b) group = group << 8 | (b < count ? static_cast<std::uint8_t>(bytes[i + b]) : 0U);
    for (std::size_t d = 0; d < 4; ++d) out += d <= count ? digits[group >> (18 - 6 * d) & 63U] : '=';
  }
  return out;
}

}  // namespace phew
