// PNG images, written.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace phew {

/// A picture in memory: rows top down, three bytes a pixel.
struct Picture {
  std::int64_t height = 0, width = 0;
  std::vector<std::uint8_t> rgb;

  Picture(std::int64_t rows, std::int64_t columns, std::uint8_t grey);
  /// Copies another picture into this one; it must fit.
  void paste(const Picture& other, std::int64_t row, std::int64_t column);
};

/// The bytes of a PNG file, 8 bits a channel (ISO/IEC 15948, https://www.w3.org/TR/png). The same picture gives the
/// same bytes with the same zlib.
[[nodiscard]] std::string png(const Picture& picture);

/// Base64, as data URIs have it (RFC 4648).
[[nodiscard]] std::string base64(std::string_view bytes);

}  // namespace phew
