#include "phew-graph/csv.hpp"

#include "common/interrupt.hpp"
#include "graph/io/atomic_file.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <optional>

namespace phew::tools {
namespace {

std::string quoted(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string cell = "\"";
  for (const char c : text) cell += c == '"' ? std::string("\"\"") : std::string(1, c);
  return cell + '"';
}

/// None for a list that is no list of names.
std::optional<std::string> cell_of(const Json& value) {
  if (value.is_null()) return "";
  if (value.is_string()) return quoted(value.get<std::string>());
  if (!value.is_array()) return value.dump();
  if (!std::ranges::all_of(value, [](const Json& name) { return name.is_string(); })) return std::nullopt;
  return quoted(fmt::format("{}", fmt::join(value.get<std::vector<std::string>>(), " ")));
}

using Cells = std::vector<std::pair<std::string, std::string>>;

void collect(const std::string& prefix, const Json& object, Cells& cells) {
  for (const auto& [key, value] : object.items())
    if (value.is_object())
      collect(prefix + key + '_', value, cells);
    else if (const std::optional<std::string> cell = cell_of(value))
      cells.emplace_back(prefix + key, *cell);
}

std::filesystem::path path_of(const std::string& file, const std::string& table) {
  const std::filesystem::path path = file;
  return path.parent_path() / fmt::format("{}-{}{}", path.stem().string(), table, path.extension().string());
}

}  // namespace

std::string csv_text(const std::vector<Json>& rows) {
  std::vector<std::string> names;
  std::vector<Cells> cells;
  for (const Json& row : rows) {
    collect("", row, cells.emplace_back());
    for (const auto& [name, cell] : cells.back())
      if (std::ranges::find(names, name) == names.end()) names.push_back(name);
  }
  std::string text = fmt::format("{}\n", fmt::join(names, ","));
  for (const Cells& row : cells) {
    std::vector<std::string> line;
    for (const std::string& name : names) {
      const auto cell = std::ranges::find(row, name, &Cells::value_type::first);
      line.push_back(cell == row.end() ? "" : cell->second);
    }
    text += fmt::format("{}\n", fmt::join(line, ","));
  }
  return text;
}

void write_csv_tables(const std::string& file, const CsvTables& tables) {
  const HoldInterrupts hold;
  for (const auto& [name, rows] : tables) write_file(path_of(file, name), csv_text(rows));
}

void check_csv_tables(const std::string& file, const std::vector<std::string>& names) {
  const HoldInterrupts hold;
  for (const std::string& name : names) const AtomicFile probe(path_of(file, name));
}

}  // namespace phew::tools
