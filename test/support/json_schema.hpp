// A small check of JSON documents against our own schemas; no validator for C++ is in Debian 12.
#pragma once

#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace phew::test {

/// What in `document` the schema does not allow, each as "/path: reason"; empty if it fits. Knows what our schemas use:
/// type, const, minimum, maximum, properties, required, additionalProperties: false, items and $ref to #/$defs.
/// Throws std::logic_error for any other keyword, so that no rule goes unchecked.
[[nodiscard]] std::vector<std::string> violations(const nlohmann::json& schema, const nlohmann::json& document);

}  // namespace phew::test
