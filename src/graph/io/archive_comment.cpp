#include "graph/io/archive_comment.hpp"

#include "graph/error.hpp"

#include <nlohmann/json.hpp>

namespace phew {

std::string archive_comment(const std::map<std::string, std::string>& metadata, const std::string& where) {
  if (metadata.empty()) return {};
  try {
    return nlohmann::json(metadata).dump();
  } catch (const nlohmann::json::exception&) {
    fail(ExitCode::data, "{}: found metadata not in UTF-8, which JSON cannot hold", where);
  }
}

std::map<std::string, std::string> metadata_of_comment(const std::string& comment) {
  const auto json = nlohmann::json::parse(comment, nullptr, false);
  std::map<std::string, std::string> metadata;
  if (!json.is_object()) return metadata;
  for (const auto& [key, value] : json.items())
    if (value.is_string()) metadata.emplace(key, value.get<std::string>());
  return metadata;
}

}  // namespace phew
