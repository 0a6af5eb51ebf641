#include "graph/io/file_kind.hpp"

#include "graph/error.hpp"
#include "graph/io/safetensors.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstring>
#include <string>
#include <string_view>

namespace phew {
namespace {

constexpr std::string_view expected = "expected safetensors, npz, a PyTorch state_dict or ONNX";

/// Something people have under a weight file's name, and what to do about it.
struct Lookalike {
  std::string_view magic, what, advice;
};

constexpr std::array<Lookalike, 9> lookalikes{{
    {"version https://git-lfs", "a Git-LFS pointer", "fetch the file itself with git lfs pull"},
    {"\x80\x02\x8a\x0al\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19", "a PyTorch file of the legacy, non-zip form",
     "in PyTorch: torch.save(torch.load(FILE), \"weights.pt\")"},
    {"\x80", "a Python pickle", "in PyTorch: torch.save(state_dict, \"weights.pt\")"},
    {"\x93NUMPY", "a single .npy array without a name", "in numpy: np.savez(FILE, **{NAME: array, …})"},
    {"\x89HDF\r\n", "an HDF5 file", "save the weights from PyTorch, or with np.savez"},
    {"\x1f\x8b", "a gzip file", "unpack it with gunzip"},
    {"BZh", "a bzip2 file", "unpack it with bunzip2"},
    {"\xfd"
     "7zXZ",
     "an xz file", "unpack it with unxz"},
    {"%PDF", "a PDF document", "give a file of weights"},
}};

std::string lower_case_start(std::string_view text) {
  constexpr std::size_t enough = 64;
  std::string start(
      text.substr(std::min(text.find_first_not_of(" \t\r\n\xef\xbb\xbf"), text.size())).substr(0, enough));
  std::ranges::transform(start, start.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return start;
}

bool looks_like_html(std::string_view text) {
  const std::string start = lower_case_start(text);
  return std::ranges::any_of(std::array{"<!doctype", "<html", "<head", "<body", "<?xml"},
                             [&](const char* tag) { return start.starts_with(tag); });
}

/// Eight bytes of a plausible length and an opening brace. Text cannot look so: its length would be beyond all limits.
bool looks_like_safetensors(std::string_view text) {
  std::uint64_t header_bytes = 0;
  if (text.size() <= sizeof header_bytes || text[sizeof header_bytes] != '{') return false;
  std::memcpy(&header_bytes, text.data(), sizeof header_bytes);
  return header_bytes <= max_safetensors_header;
}

}  // namespace

/// Field 1 (ir_version), a small number, then one of fields 2 to 8: how ONNX models begin.
bool looks_like_onnx(std::string_view text) {
  constexpr std::string_view next_tags = "\x12\x1a\x22\x28\x32\x3a\x42";
  return text.size() > 2 && text[0] == '\x08' && text[1] > 0 && text[1] < 32 && next_tags.find(text[2]) != text.npos;
}

FileKind file_kind(const MappedFile& file) {
  const std::string where = file.path().string();
  const std::string_view text(reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size());
  if (text.empty()) fail(ExitCode::data, "{}: found an empty file, {}", where, expected);
  if (text.starts_with("PK\x03\x04") || text.starts_with("PK\x05\x06")) return FileKind::zip;
  if (looks_like_safetensors(text)) return FileKind::safetensors;
  if (lower_case_start(text).starts_with('{')) return FileKind::safetensors_index;
  if (looks_like_html(text))
    fail(ExitCode::data, "{}: found an HTML or XML page, {}; download the file itself", where, expected);
  for (const Lookalike& other : lookalikes)
    if (text.starts_with(other.magic))
      fail(ExitCode::data, "{}: found {}, {}; {}", where, other.what, expected, other.advice);
  if (looks_like_onnx(text)) return FileKind::onnx;
  fail(ExitCode::data, "{}: found no known format ({} bytes), {}", where, text.size(), expected);
}

}  // namespace phew
