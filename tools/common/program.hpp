// The frame of both programs: parse, run the command, turn every error into one line and an exit code.
#pragma once

#include "graph/error.hpp"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <functional>
#include <string>

namespace phew::tools {

/// JSON with keys in the order of writing.
using Json = nlohmann::ordered_json;

/// Options of every command.
struct Globals {
  bool json = false;   ///< data as JSON on stdout
  bool quiet = false;  ///< no notices and no progress on stderr
  int threads = 0;     ///< 0: as many as the machine has

  [[nodiscard]] int thread_count() const;
  /// Prints one line to stderr, unless quiet.
  void notice(const std::string& line) const;
};

/// Adds --json, --quiet, --threads and --config to a command.
void add_globals(CLI::App& command, Globals& globals);

/// Refuses what is no seed: a whole number from 0 to 2^64 − 1. (CLI11 would wrap −1 around.)
[[nodiscard]] CLI::Validator seed_check();
/// Whole numbers of at least `least`.
[[nodiscard]] CLI::Validator count_check(std::int64_t least);
/// Refuses what is not a number above 0 and at most 1: "10%", "0", "nan".
[[nodiscard]] CLI::Validator density_check();

/// Parses and runs. `define` adds the program's commands, whose callbacks do the work. Errors become
/// `error: …` on stderr and the exit code of DESIGN's list. Returns the exit code.
int run_program(int argc, char** argv, CLI::App& app);

/// A command that ends well but must exit with another code than 0 (--fail-on) throws this.
struct ExitWith {
  ExitCode code;
};

/// Writes a JSON document and a newline to stdout. Throws Error(io) if stdout cannot take it.
void print_json(const Json& document);

}  // namespace phew::tools
