// --list-units ewp: units and their shares of the total EWP, for people.
#pragma once

#include "analysis/report.hpp"
#include "common/program.hpp"

#include <fmt/format.h>

#include <optional>

namespace phew::tools {

/// Prints a line for each unit with a share above 0, in the order of layers.
inline void print_unit_shares(const LayeredGraph& graph, const std::optional<EwpShares>& shares) {
  fmt::print("\nshares of the EWP by unit:{}\n", shares ? "" : " none");
  if (!shares) return;
  for (const Json& unit : unit_shares_json(graph, *shares))
    fmt::print("  {:<40} {:.6g}\n", unit["unit"].get<std::string>(), unit["ewp_share"].get<double>());
}

}  // namespace phew::tools
