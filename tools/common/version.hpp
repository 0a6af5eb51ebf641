// What --version prints.
#pragma once

#include <string>

namespace phew::tools {

/// "PROGRAM VERSION" and "mask rule N": masks made under the same mask-rule version agree bit for bit.
[[nodiscard]] std::string version_text(const std::string& program);

}  // namespace phew::tools
