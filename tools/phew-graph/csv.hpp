// Tables of --csv: a line of names, then a line for each row, as RFC 4180 has it.
#pragma once

#include "common/program.hpp"

#include <string>
#include <utility>
#include <vector>

namespace phew::tools {

/// A row for each JSON object: a column for each key, in the order in which they first appear, keys of objects inside
/// joined by '_' ("in_degree_mean"). Numbers have the digits that --json gives them; null, and a key that a row lacks,
/// is an empty cell; a list of names is one cell with spaces between them, other lists are left out.
[[nodiscard]] std::string csv_text(const std::vector<Json>& rows);

/// Tables by name: `report.csv` becomes `report-NAME.csv`.
using CsvTables = std::vector<std::pair<std::string, std::vector<Json>>>;

/// Each file whole or not at all. Throws Error as write_file, naming it.
void write_csv_tables(const std::string& file, const CsvTables& tables);
/// Refuses before any work what could not be written after it.
void check_csv_tables(const std::string& file, const std::vector<std::string>& names);

}  // namespace phew::tools
