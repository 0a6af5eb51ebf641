// Metadata of zip-based formats, which have no place for it: a JSON object of strings in the archive's comment.
#pragma once

#include <map>
#include <string>

namespace phew {

/// The comment for this metadata; empty for none. Throws Error(data) naming `where` if it is not in UTF-8.
[[nodiscard]] std::string archive_comment(const std::map<std::string, std::string>& metadata, const std::string& where);

/// The metadata of a comment. One that is no JSON object of strings is somebody else's, and no error.
[[nodiscard]] std::map<std::string, std::string> metadata_of_comment(const std::string& comment);

}  // namespace phew
