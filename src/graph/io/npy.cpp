#include "graph/io/npy.hpp"

#include "graph/error.hpp"
#include "graph/io/tensor_layout.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>
#include <utility>

namespace phew {
namespace {

constexpr std::string_view magic("\x93NUMPY", 6);
constexpr std::size_t alignment = 64;

constexpr std::array<std::pair<DType, std::string_view>, 9> dtype_names{{{DType::f64, "<f8"},
                                                                         {DType::f32, "<f4"},
                                                                         {DType::f16, "<f2"},
                                                                         {DType::i64, "<i8"},
                                                                         {DType::i32, "<i4"},
                                                                         {DType::i16, "<i2"},
                                                                         {DType::i8, "|i1"},
                                                                         {DType::u8, "|u1"},
                                                                         {DType::boolean, "|b1"}}};

/// Reads the header's text, a Python dict such as {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }.
class HeaderText {
 public:
  HeaderText(std::string_view text, const std::string& where) : rest_(text), where_(where) {}

  NpyHeader parse() {
    expect('{');
    while (!accept('}')) {
      read_field(string());
      if (!accept(',')) {
        expect('}');
        break;
      }
    }
    skip_blanks();
    if (!rest_.empty() || seen_ != 7) malformed();
    return header_;
  }

 private:
  void read_field(std::string_view key) {
    expect(':');
    if (key == "descr" && mark(1))
      header_.dtype = dtype();
    else if (key == "fortran_order" && mark(2))
      header_.fortran_order = boolean();
    else if (key == "shape" && mark(4))
      header_.shape = shape();
    else
      malformed();
  }

  /// Notes that a field was read; false if it was before.
  bool mark(int bit) { return (std::exchange(seen_, seen_ | bit) & bit) == 0; }

  DType dtype() {
    skip_blanks();
    if (rest_.starts_with('['))
      fail(ExitCode::unsupported, "{}: found an array of records, expected one of numbers", where_);
    const std::string_view descr = string();
    const auto* const found = std::ranges::find(dtype_names, descr, [](const auto& pair) { return pair.second; });
    if (found != dtype_names.end()) return found->first;
    if (descr.starts_with("|O"))
      fail(ExitCode::data,
           "{}: found Python objects, expected numbers; save each array by its name, np.savez(FILE, **arrays)", where_);
    fail(ExitCode::unsupported,
         "{}: found type {}, expected little-endian float16, 32 or 64, signed integers, uint8 or bool; "
         "convert it with .astype()",
         where_, descr);
  }

  std::string_view string() {
    skip_blanks();
    if (rest_.empty() || (rest_.front() != '\'' && rest_.front() != '"')) malformed();
    const std::size_t end = rest_.find(rest_.front(), 1);
    if (end == rest_.npos) malformed();
    const std::string_view value = rest_.substr(1, end - 1);
    rest_.remove_prefix(end + 1);
    return value;
  }

  bool boolean() {
    skip_blanks();
    const bool value = rest_.starts_with("True");
    if (!value && !rest_.starts_with("False")) malformed();
    rest_.remove_prefix(value ? 4 : 5);
    return value;
  }

  Shape shape() {
    Shape extents;
    expect('(');
    while (!accept(')')) {
      if (extents.size() == max_rank) malformed();
      extents.push_back(integer());
      if (!accept(',')) {
        expect(')');
        break;
      }
    }
    return extents;
  }

  std::int64_t integer() {
    skip_blanks();
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
    if (error != std::errc{} || value < 0) malformed();
    rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
    if (rest_.starts_with('L')) rest_.remove_prefix(1);  // written by Python 2
    return value;
  }

  void skip_blanks() { rest_.remove_prefix(std::min(rest_.find_first_not_of(" \n"), rest_.size())); }

  bool accept(char c) {
    skip_blanks();
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }

  void expect(char c) {
    if (!accept(c)) malformed();
  }

  [[noreturn]] void malformed() const { fail(ExitCode::data, "{}: found a malformed .npy header", where_); }

  std::string_view rest_;
  const std::string& where_;
  NpyHeader header_;
  int seen_ = 0;
};

}  // namespace

NpyHeader parse_npy_header(std::span<const std::byte> bytes, const std::string& where) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  const auto byte_at = [&](std::size_t i) { return static_cast<std::size_t>(bytes[i]); };
  if (!text.starts_with(magic) || text.size() < 10)
    fail(ExitCode::data, "{}: found no .npy array, expected one", where);
  const std::size_t major = byte_at(6);
  if (major < 1 || major > 3)
    fail(ExitCode::unsupported, "{}: found .npy format {}.{}, expected 1.0 to 3.0", where, major, byte_at(7));
  const std::size_t start = major == 1 ? 10 : 12;
  std::size_t length = byte_at(8) | byte_at(9) << 8;
  if (major > 1 && text.size() >= start) length |= byte_at(10) << 16 | byte_at(11) << 24;
  if (text.size() < start || length > text.size() - start)
    fail(ExitCode::data, "{}: found {} bytes, too few for the .npy header", where, text.size());
  NpyHeader header = HeaderText(text.substr(start, length), where).parse();
  header.data_offset = start + length;
  return header;
}

std::string npy_header(DType dtype, const Shape& shape) {
  const auto* const found = std::ranges::find(dtype_names, dtype, [](const auto& pair) { return pair.first; });
  if (found == dtype_names.end()) fail(ExitCode::internal, "numpy has no {}", name_of(dtype));
  std::string text = fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}{}), }}", found->second,
                                 fmt::join(shape, ", "), shape.size() == 1 ? "," : "");
  constexpr std::size_t start = 10;
  text.resize((start + text.size() + alignment) / alignment * alignment - start - 1, ' ');
  text += '\n';
  std::string header(magic);
  header += {'\x01', '\x00', static_cast<char>(text.size() & 0xFF), static_cast<char>(text.size() >> 8)};
  return header + text;
}

}  // namespace phew
