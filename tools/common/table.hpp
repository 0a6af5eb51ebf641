// Table: columns of text for people, at most 100 characters wide.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace phew::tools {

/// The first column is left-aligned, the others right-aligned; each is as wide as its widest cell. Where a line would
/// pass 100 characters the first column gives way: its cells lose their middle.
class Table {
 public:
  explicit Table(std::vector<std::string> header) : rows_{std::move(header)} {}

  /// As many cells as the header has.
  void add(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  /// All lines, each with its newline.
  [[nodiscard]] std::string text() const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

/// `text` itself, or its beginning and end around "..." if it is longer than `width`, which is at least 5.
[[nodiscard]] std::string shortened(const std::string& text, std::size_t width);

/// `text` in lines of at most 100 characters, broken at spaces, each indented by `indent` spaces and with a newline.
[[nodiscard]] std::string wrapped(const std::string& text, std::size_t indent);

/// Four decimals; "-" for a number that does not exist.
[[nodiscard]] std::string decimal(const std::optional<double>& number);

}  // namespace phew::tools
