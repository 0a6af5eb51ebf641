// What a command's --help says of the keys of its --json.
#pragma once

#include "analysis/report.hpp"
#include "common/table.hpp"

#include <fmt/format.h>

#include <span>
#include <string>

namespace phew::tools {

/// Each key, and below it its definition and source, in lines of at most 100 characters. `schema` is the schema's file.
[[nodiscard]] inline std::string definitions_text(std::span<const Definition> definitions, const std::string& schema) {
  std::string text =
      wrapped(fmt::format("The keys of --json (schema: {}) and what they mean [source; \"paper\": Patil and "
                          "Dovrolis 2021, \"own\": this toolkit]:",
                          schema),
              0);
  for (const Definition& d : definitions)
    text += fmt::format("  {}\n{}", d.key, wrapped(fmt::format("{} [{}]", d.text, d.source), 6));
  return text;
}

}  // namespace phew::tools
