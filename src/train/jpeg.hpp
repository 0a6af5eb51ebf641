// JPEG images, through libjpeg-turbo.
#pragma once

#include "graph/network.hpp"

#include <cstddef>
#include <span>
#include <string>

namespace phew {

/// Decodes a JPEG file into `out`, 3·height·width bytes: red, green and blue planes one after another, rows top down.
/// Grey images give three equal planes. `place` names the file in errors.
/// Throws Error(data) if the file is damaged (anything that the library warns of counts) or of another size.
void decode_jpeg(std::span<const std::byte> file, const std::string& place, const Size2& size,
                 std::span<std::byte> out);

}  // namespace phew
