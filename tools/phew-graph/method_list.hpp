// phew-graph mask --list: what the registry of methods holds, for people and for programs.
#pragma once

namespace phew::tools {

/// Prints every method with what it needs, the options that it reads, and its source.
void print_methods(bool as_json);

}  // namespace phew::tools
