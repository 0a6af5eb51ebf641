// The JSON header of a safetensors file, read strictly and without building a document in memory.
#pragma once

#include "graph/tensor.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace phew {

struct SafetensorsHeader {
  struct Entry {
    std::string name;
    DType dtype = DType::f32;
    Shape shape;
    std::uint64_t begin = 0, end = 0;  ///< within the bytes after the header
  };
  std::vector<Entry> entries;  ///< in the order of the JSON text
  std::map<std::string, std::string> metadata;
};

/// Parses a header; `where` names the file in errors. Throws as read_safetensors does, offsets excepted.
[[nodiscard]] SafetensorsHeader parse_safetensors_header(std::string_view json, const std::string& where);

/// "F32", "BF16", …: the format's names of types.
[[nodiscard]] std::string_view safetensors_name(DType dtype);

}  // namespace phew
