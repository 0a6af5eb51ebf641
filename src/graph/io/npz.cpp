#include "graph/io/npz.hpp"

#include "graph/error.hpp"
#include "graph/io/archive_comment.hpp"
#include "graph/io/npy.hpp"
#include "graph/io/tensor_layout.hpp"

#include <numeric>
#include <string_view>
#include <unordered_set>
#include <utility>

namespace phew {
namespace {

constexpr std::string_view suffix = ".npy";

Tensor read_array(const std::string& file, const std::string& entry, const SharedBytes& content) {
  const std::string where = file + ": " + entry;
  std::string name = entry.substr(0, entry.size() - suffix.size());
  NpyHeader header = parse_npy_header(content.bytes, where);
  const auto data = content.bytes.subspan(header.data_offset);
  const std::uint64_t expected = checked_byte_count(where, header.dtype, header.shape);
  if (data.size() != expected)
    fail(ExitCode::data, "{}: found {} bytes, expected {} for {} of {}", where, data.size(), expected,
         to_string(header.shape), name_of(header.dtype));
  if (!header.fortran_order) return {std::move(name), header.dtype, std::move(header.shape), data, content.owner};
  std::vector<std::byte> reordered(data.size());
  copy_strided(data.data(), byte_size(header.dtype), header.shape, fortran_strides(header.shape), reordered);
  return make_tensor(std::move(name), header.dtype, std::move(header.shape), std::move(reordered));
}

}  // namespace

TensorFile read_npz(const ZipArchive& archive) {
  TensorFile result{archive.file()->path(), "npz", {}, metadata_of_comment(archive.comment())};
  const std::string where = result.path.string();
  for (const auto& entry : archive.entries())
    if (!entry.name.ends_with(suffix) || entry.name.size() == suffix.size())
      fail(ExitCode::data, "{}: found entry {}, expected only arrays, NAME.npy", where, entry.name);
  std::vector<std::size_t> all(archive.entries().size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  const std::vector<SharedBytes> contents = archive.read_all(all);
  for (const std::size_t i : all) result.tensors.push_back(read_array(where, archive.entries()[i].name, contents[i]));
  return result;
}

void write_npz(AtomicFile& file, const std::vector<Tensor>& tensors,
               const std::map<std::string, std::string>& metadata) {
  std::unordered_set<std::string_view> seen;
  std::vector<Tensor> widened;  // keeps converted bytes alive until the archive is written
  std::vector<std::string> headers;
  widened.reserve(tensors.size());
  headers.reserve(tensors.size());
  std::vector<ZipEntry> entries;
  for (const Tensor& tensor : tensors) {
    if (!seen.insert(tensor.name).second)
      fail(ExitCode::data, "{}: {}: found a tensor's name twice", file.target().string(), tensor.name);
    const Tensor& written = widened.emplace_back(tensor.dtype == DType::bf16 ? to_float32(tensor) : tensor);
    headers.push_back(npy_header(written.dtype, written.shape));
    entries.push_back({tensor.name + std::string(suffix), {std::as_bytes(std::span(headers.back())), written.bytes}});
  }
  write_zip(file, entries, archive_comment(metadata, file.target().string()));
}

}  // namespace phew
