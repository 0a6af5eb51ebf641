#include "common/version.hpp"

#include "graph/version.hpp"

#include <fmt/format.h>

namespace phew::tools {

std::string version_text(const std::string& program) {
  return fmt::format("{} {}\nmask rule {}", program, version, mask_rule_version);
}

}  // namespace phew::tools
