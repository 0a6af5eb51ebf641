#include "common/table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>

namespace phew::tools {
namespace {

constexpr std::size_t line_width = 100;
constexpr std::size_t gap = 2;

}  // namespace

std::string Table::text() const {
  std::vector<std::size_t> widths(rows_.front().size(), 0);
  for (const auto& row : rows_)
    for (std::size_t c = 0; c < row.size(); ++c) widths[c] = std::max(widths[c], row[c].size());
  std::size_t others = 0;
  for (std::size_t c = 1; c < widths.size(); ++c) others += gap + widths[c];
  widths[0] = std::min(widths[0], line_width - std::min(others, line_width - 5));

  std::string text;
  for (const auto& row : rows_) {
    text += fmt::format("{:<{}}", shortened(row[0], widths[0]), widths[0]);
    for (std::size_t c = 1; c < row.size(); ++c) text += fmt::format("{:>{}}", row[c], gap + widths[c]);
    text += '\n';
  }
  return text;
}

std::string shortened(const std::string& text, std::size_t width) {
  if (text.size() <= width) return text;
  const std::size_t head = (width - 3) / 2;
  return text.substr(0, head) + "..." + text.substr(text.size() - (width - 3 - head));
}

std::string wrapped(const std::string& text, std::size_t indent) {
  std::string lines, line;
  std::istringstream words(text);
  for (std::string word; words >> word;) {
    if (!line.empty() && indent + line.size() + 1 + word.size() > line_width) {
      lines += std::string(indent, ' ') + line + '\n';
      line.clear();
    }
    line += line.empty() ? word : ' ' + word;
  }
  return line.empty() ? lines : lines + std::string(indent, ' ') + line + '\n';
}

std::string decimal(const std::optional<double>& number) { return number ? fmt::format("{:.4f}", *number) : "-"; }

}  // namespace phew::tools
