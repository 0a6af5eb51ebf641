// Writes pickles by hand, those that no torch.save writes among them.
#pragma once

#include "graph/io/zip_archive.hpp"
#include "support.hpp"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace phew::test {

/// A number as little-endian bytes.
template <typename T>
std::string raw(T value) {
  std::string bytes(sizeof value, '\0');
  std::memcpy(bytes.data(), &value, sizeof value);
  return bytes;
}

namespace pickle {

inline std::string text(const std::string& s) { return 'X' + raw(static_cast<std::uint32_t>(s.size())) + s; }
inline std::string integer(std::int64_t value) { return std::string("\x8a\x08", 2) + raw(value); }
inline std::string global(const std::string& module, const std::string& name) {
  return 'c' + module + '\n' + name + '\n';
}
inline std::string tuple(const std::vector<std::string>& items) {
  std::string bytes = "(";
  for (const std::string& item : items) bytes += item;
  return bytes + 't';
}
inline std::string integers(const std::vector<std::int64_t>& values) {
  std::vector<std::string> items;
  for (const auto value : values) items.push_back(integer(value));
  return tuple(items);
}
inline std::string dict(const std::vector<std::pair<std::string, std::string>>& items) {
  std::string bytes = "}(";
  for (const auto& [key, value] : items) bytes += key + value;
  return bytes + 'u';
}
inline std::string storage(const std::string& key, std::int64_t elements, const std::string& type = "FloatStorage") {
  return tuple({text("storage"), global("torch", type), text(key), text("cpu"), integer(elements)}) + 'Q';
}
inline std::string tensor(const std::string& storage, std::int64_t offset, const std::vector<std::int64_t>& shape,
                          const std::vector<std::int64_t>& strides) {
  const std::string hooks = global("collections", "OrderedDict") + ")R";
  return global("torch._utils", "_rebuild_tensor_v2") +
         tuple({storage, integer(offset), integers(shape), integers(strides), "\x89", hooks}) + 'R';
}
/// A tensor that is a whole storage of so many float32.
inline std::string vector(const std::string& key, std::int64_t elements) {
  return tensor(storage(key, elements), 0, {elements}, {1});
}
inline std::string whole(const std::string& root) { return std::string("\x80\x02", 2) + root + '.'; }

}  // namespace pickle

/// Writes an archive with this pickle and records, "data/0" and the like, beside it.
inline void write_pt(const std::filesystem::path& path, const std::string& pickle,
                     const std::vector<std::pair<std::string, std::string>>& records) {
  std::vector<ZipEntry> entries{{"archive/data.pkl", {as_byte_span(pickle)}}};
  for (const auto& [name, content] : records) entries.push_back({"archive/" + name, {as_byte_span(content)}});
  AtomicFile file(path);
  write_zip(file, entries, "");
  file.commit();
}

}  // namespace phew::test
