#include "phew-graph/method_list.hpp"

#include "common/table.hpp"
#include "phew-graph/mask_options.hpp"

#include <fmt/ranges.h>

namespace phew::tools {
namespace {

/// What must be there for the method to work; weights are there without a file, too.
std::vector<std::string> needs_of(const Method& method) {
  std::vector<std::string> needs;
  if (method.needs_mask) needs.emplace_back("mask");
  if (method.values == Values::weights) needs.emplace_back("weights");
  if (method.values == Values::scores) needs.emplace_back("scores");
  if (method.values == Values::either) needs.emplace_back("scores or weights");
  return needs;
}

std::vector<std::string> options_of(const Method& method) {
  std::vector<std::string> options = flags_of(method);
  if (method.reads(reads::nested)) options.emplace_back("--nested");
  return options;
}

std::string or_none(const std::vector<std::string>& words, const char* separator) {
  return words.empty() ? "none" : fmt::format("{}", fmt::join(words, separator));
}

}  // namespace

void print_methods(bool as_json) {
  if (!as_json) {
    for (const Method& method : methods())
      fmt::print("{}\n{}    needs: {}; options: {}\n    {}\n", method.name, wrapped(std::string(method.summary), 4),
                 or_none(needs_of(method), ", "), or_none(options_of(method), " "), method.source);
    return;
  }
  Json list = Json::array();
  for (const Method& method : methods())
    list.push_back({{"name", method.name},
                    {"summary", method.summary},
                    {"needs", needs_of(method)},
                    {"options", options_of(method)},
                    {"source", method.source}});
  print_json({{"schema", {{"name", "phew-graph/methods"}, {"version", 1}}}, {"methods", list}});
}

}  // namespace phew::tools
