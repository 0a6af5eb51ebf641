#include "graph/io/safetensors.hpp"

#include "graph/error.hpp"
#include "graph/io/safetensors_header.hpp"
#include "graph/io/tensor_layout.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <bit>
#include <cstring>
#include <numeric>
#include <set>
#include <unordered_set>
#include <utility>

namespace phew {
namespace {

static_assert(std::endian::native == std::endian::little, "tensors in files are little-endian and read as they are");

using Json = nlohmann::json;
constexpr std::size_t length_bytes = 8;

/// Tensors must follow one another without holes or overlaps, in whatever order the header names them, and fill the
/// data: a file then has one meaning only, and none of its bytes goes unseen.
void check_layout(const SafetensorsHeader& header, std::uint64_t data_bytes, const std::string& where) {
  std::vector<const SafetensorsHeader::Entry*> order;
  for (const auto& entry : header.entries) {
    const std::string name = where + ": " + entry.name;
    const std::uint64_t expected = checked_byte_count(name, entry.dtype, entry.shape);
    if (entry.end < entry.begin || entry.end - entry.begin != expected)
      fail(ExitCode::data, "{}: found data_offsets [{}, {}], expected {} bytes for {} of {}", name, entry.begin,
           entry.end, expected, to_string(entry.shape), name_of(entry.dtype));
    order.push_back(&entry);
  }
  std::ranges::stable_sort(order, {}, [](const auto* entry) { return std::pair(entry->begin, entry->end); });
  std::uint64_t cursor = 0;
  for (const auto* entry : order) {
    if (entry->begin != cursor)
      fail(ExitCode::data, "{}: {}: found its bytes at {}, expected {}: tensors overlap or leave a hole", where,
           entry->name, entry->begin, cursor);
    cursor = entry->end;
  }
  if (cursor > data_bytes)
    fail(ExitCode::data, "{}: found {} bytes of tensors, expected {}: the file is cut short; copy or download it again",
         where, data_bytes, cursor);
  if (cursor < data_bytes)
    fail(ExitCode::data, "{}: found {} bytes after the last tensor, expected none", where, data_bytes - cursor);
}

std::string_view as_text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// shard → names of its tensors, from the index's weight_map.
std::map<std::string, std::set<std::string>> read_weight_map(std::string_view text, const std::string& where) {
  std::string section;  // the top-level key that the parser is in
  std::set<std::pair<std::string, std::string>> seen;
  const auto check = [&](int depth, Json::parse_event_t event, Json& value) {
    if (depth > 3) fail(ExitCode::data, "{}: found JSON nested {} deep, expected at most 3", where, depth);
    if (event != Json::parse_event_t::key || depth > 2) return true;
    const auto name = value.get<std::string>();
    if (depth == 1) section = name;
    if (!seen.emplace(section, depth == 1 ? "" : name).second) fail(ExitCode::data, "{}: {}: found twice", where, name);
    return true;
  };
  Json index;
  try {
    index = Json::parse(text, check);
  } catch (const Json::exception&) {
    fail(ExitCode::data, "{}: found no valid JSON, expected an index of safetensors files", where);
  }
  if (!index.contains("weight_map") || !index["weight_map"].is_object())
    fail(ExitCode::data, "{}: found JSON without weight_map, expected an index of safetensors files", where);
  std::map<std::string, std::set<std::string>> shards;
  for (const auto& [name, shard] : index["weight_map"].items()) {
    if (!shard.is_string()) fail(ExitCode::data, "{}: {}: expected the name of a file", where, name);
    shards[shard.get<std::string>()].insert(name);
  }
  return shards;
}

/// The header as text, padded with blanks so that the data begin at a multiple of 8.
std::string header_text(const std::vector<Tensor>& tensors, const std::vector<std::uint64_t>& begins,
                        const std::map<std::string, std::string>& metadata, const std::string& where) {
  nlohmann::ordered_json::object_t header;
  if (!metadata.empty()) header.emplace_back("__metadata__", metadata);
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    const Tensor& tensor = tensors[i];
    header.emplace_back(tensor.name, nlohmann::ordered_json{
                                         {"dtype", safetensors_name(tensor.dtype)},
                                         {"shape", tensor.shape},
                                         {"data_offsets", {begins[i], begins[i] + tensor.bytes.size()}},
                                     });
  }
  std::string text;
  try {
    text = nlohmann::ordered_json(std::move(header)).dump();
  } catch (const nlohmann::ordered_json::exception&) {
    fail(ExitCode::data, "{}: found a name or metadata not in UTF-8, which a safetensors file cannot hold", where);
  }
  text.resize((text.size() + length_bytes - 1) / length_bytes * length_bytes, ' ');
  return text;
}

void check_names(const std::vector<Tensor>& tensors, const std::string& where) {
  std::unordered_set<std::string_view> seen{"__metadata__"};
  for (const Tensor& tensor : tensors)
    if (!seen.insert(tensor.name).second)
      fail(ExitCode::data, "{}: {}: found a tensor's name twice, or a reserved one", where, tensor.name);
}

}  // namespace

TensorFile read_safetensors(const std::shared_ptr<const MappedFile>& file) {
  const std::string where = file->path().string();
  const auto bytes = file->bytes();
  if (bytes.size() < length_bytes) fail(ExitCode::data, "{}: found {} bytes, expected a header", where, bytes.size());
  std::uint64_t header_bytes = 0;
  std::memcpy(&header_bytes, bytes.data(), length_bytes);
  if (header_bytes > max_safetensors_header)
    fail(ExitCode::data, "{}: found a header of {} bytes, expected at most {}", where, header_bytes,
         max_safetensors_header);
  if (header_bytes > bytes.size() - length_bytes)
    fail(ExitCode::data,
         "{}: found {} bytes, expected a header of {}: the file is cut short; copy or download it again", where,
         bytes.size() - length_bytes, header_bytes);
  SafetensorsHeader header = parse_safetensors_header(as_text(bytes.subspan(length_bytes, header_bytes)), where);
  const auto data = bytes.subspan(length_bytes + header_bytes);
  check_layout(header, data.size(), where);

  TensorFile result{file->path(), "safetensors", {}, std::move(header.metadata)};
  for (auto& entry : header.entries)
    result.tensors.push_back({std::move(entry.name), entry.dtype, std::move(entry.shape),
                              data.subspan(entry.begin, entry.end - entry.begin), file});
  return result;
}

TensorFile read_safetensors_index(const MappedFile& file) {
  const std::string where = file.path().string();
  if (file.bytes().size() > max_safetensors_header)
    fail(ExitCode::data, "{}: found an index of {} bytes, expected at most {}", where, file.bytes().size(),
         max_safetensors_header);
  TensorFile result{file.path(), "safetensors", {}, {}};
  for (auto& [shard, names] : read_weight_map(as_text(file.bytes()), where)) {
    // An index must not make us open files elsewhere.
    if (shard.empty() || shard == "." || shard == ".." || shard.find_first_of(std::string_view("/\0", 2)) != shard.npos)
      fail(ExitCode::data, "{}: found shard \"{}\", expected the name of a file in the same folder", where, shard);
    TensorFile part = read_safetensors(std::make_shared<const MappedFile>(file.path().parent_path() / shard));
    for (const Tensor& tensor : part.tensors)
      if (names.erase(tensor.name) == 0)
        fail(ExitCode::data, "{}: {}: found in {}, where the index does not expect it", where, tensor.name, shard);
    if (!names.empty())
      fail(ExitCode::data, "{}: {}: found no such tensor in {}, where the index expects it", where, *names.begin(),
           shard);
    std::ranges::move(part.tensors, std::back_inserter(result.tensors));
    result.metadata.merge(part.metadata);
  }
  return result;
}

void write_safetensors(AtomicFile& file, const std::vector<Tensor>& tensors,
                       const std::map<std::string, std::string>& metadata) {
  const std::string where = file.target().string();
  check_names(tensors, where);
  std::vector<std::size_t> order(tensors.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, std::greater<>{}, [&](std::size_t i) { return byte_size(tensors[i].dtype); });
  std::vector<std::uint64_t> begins(tensors.size());
  std::uint64_t cursor = 0;
  for (const std::size_t i : order) begins[i] = std::exchange(cursor, cursor + tensors[i].bytes.size());

  const std::string header = header_text(tensors, begins, metadata, where);
  const std::uint64_t header_bytes = header.size();
  file.write(std::as_bytes(std::span(&header_bytes, 1)));
  file.write(header);
  for (const std::size_t i : order) file.write(tensors[i].bytes);
}

}  // namespace phew
