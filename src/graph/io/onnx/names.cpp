#include "graph/io/onnx/names.hpp"

#include <algorithm>
#include <vector>

namespace phew::onnx {
namespace {

bool is_number(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

std::string module_of_node_name(std::string_view name) {
  if (!name.starts_with('/')) return {};
  std::vector<std::string> path;
  for (std::size_t begin = 1; begin < name.size();) {
    const std::size_t end = std::min(name.find('/', begin), name.size());
    std::string part(name.substr(begin, end - begin));
    begin = end + 1;
    if (begin > name.size()) break;  // the last part is the op
    if (!path.empty() && part.starts_with(path.back() + "."))
      path.back() = std::move(part);
    else
      path.push_back(std::move(part));
  }
  std::string module;
  for (const std::string& part : path) module += (module.empty() ? "" : ".") + part;
  return module;
}

std::string module_of_scopes(std::string_view scopes) {
  std::vector<std::string> parts;
  for (std::size_t begin = scopes.find('\''); begin != scopes.npos; begin = scopes.find('\'', begin)) {
    const std::size_t end = scopes.find('\'', begin + 1);
    if (end == scopes.npos) break;
    parts.emplace_back(scopes.substr(begin + 1, end - begin - 1));
    begin = end + 1;
  }
  return parts.size() < 2 ? std::string() : parts[parts.size() - 2];
}

bool is_made_up(std::string_view name) {
  constexpr std::string_view value = "val_";
  return name.empty() || is_number(name) || name.starts_with("onnx::") || name.starts_with('/') ||
         (name.starts_with(value) && is_number(name.substr(value.size())));
}

std::string without_suffix(const std::string& name, std::string_view suffix) {
  return name.ends_with(suffix) ? name.substr(0, name.size() - suffix.size()) : name;
}

}  // namespace phew::onnx
