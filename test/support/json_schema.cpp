#include "support/json_schema.hpp"

#include <set>
#include <stdexcept>

namespace phew::test {
namespace {

using nlohmann::json;

bool is_of_type(const json& value, const std::string& type) {
  if (type == "integer") return value.is_number_integer();
  if (type == "number") return value.is_number();
  return type == value.type_name();
}

class Check {
 public:
  explicit Check(const json& root) : root_(root) {}

  void run(const json& schema, const json& value, const std::string& path) {
    if (schema.contains("$ref")) {
      const std::string ref = schema["$ref"];  // "#/$defs/NAME"
      return run(root_.at(json::json_pointer(ref.substr(1))), value, path);
    }
    for (const auto& [keyword, rule] : schema.items()) apply(schema, keyword, rule, value, path);
  }

  std::vector<std::string> found;

 private:
  void report(const std::string& path, const std::string& reason) { found.push_back(path + ": " + reason); }

  void apply(const json& schema, const std::string& keyword, const json& rule, const json& value,
             const std::string& path) {
    static const std::set<std::string> words{"$schema", "title", "description", "$defs"};
    if (words.count(keyword)) return;
    if (keyword == "type") return check_type(rule, value, path);
    if (keyword == "const") return value == rule ? void() : report(path, "not " + rule.dump());
    if (keyword == "minimum") return value.is_number() && value < rule ? report(path, "too small") : void();
    if (keyword == "maximum") return value.is_number() && value > rule ? report(path, "too large") : void();
    if (keyword == "required") return check_required(rule, value, path);
    if (keyword == "properties") return check_properties(rule, value, path);
    if (keyword == "additionalProperties") return check_unknown(schema, rule, value, path);
    if (keyword == "items") return check_items(rule, value, path);
    throw std::logic_error("json_schema: unknown keyword " + keyword);
  }

  void check_type(const json& rule, const json& value, const std::string& path) {
    const json types = rule.is_array() ? rule : json::array({rule});
    for (const json& type : types)
      if (is_of_type(value, type)) return;
    report(path, "found " + value.dump() + ", expected " + types.dump());
  }
  void check_required(const json& rule, const json& value, const std::string& path) {
    for (const json& key : rule)
      if (value.is_object() && !value.contains(key.get<std::string>())) report(path, "misses " + key.dump());
  }
  void check_properties(const json& rule, const json& value, const std::string& path) {
    if (!value.is_object()) return;
    for (const auto& [key, inner] : rule.items())
      if (value.contains(key)) run(inner, value[key], path + "/" + key);
  }
  void check_unknown(const json& schema, const json& rule, const json& value, const std::string& path) {
    if (rule != false) throw std::logic_error("json_schema: additionalProperties other than false");
    if (!value.is_object()) return;
    for (const auto& [key, inner] : value.items())
      if (!schema["properties"].contains(key)) report(path, "unknown key " + key);
  }
  void check_items(const json& rule, const json& value, const std::string& path) {
    if (!value.is_array()) return;
    for (std::size_t i = 0; i < value.size(); ++i) run(rule, value[i], path + "/" + std::to_string(i));
  }

  const json& root_;
};

}  // namespace

std::vector<std::string> violations(const json& schema, const json& document) {
  Check check(schema);
  check.run(schema, document, "");
  return check.found;
}

}  // namespace phew::test
