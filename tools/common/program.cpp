#include "common/program.hpp"

#include <cstdio>
#include <iostream>
#include <thread>

namespace phew::tools {
namespace {

/// CLI11's message may span lines; an error here is one line.
std::string one_line(std::string text) {
  while (!text.empty() && text.back() == '\n') text.pop_back();
  for (char& c : text)
    if (c == '\n') c = ' ';
  return text;
}

int report(ExitCode code, const std::string& message) {
  fmt::print(stderr, "error: {}\n", one_line(message));
  return static_cast<int>(code);
}

}  // namespace

int Globals::thread_count() const {
  return threads > 0 ? threads : static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
}

void Globals::notice(const std::string& line) const {
  if (!quiet) fmt::print(stderr, "{}\n", line);
}

void add_globals(CLI::App& command, Globals& globals) {
  command.add_flag("--json", globals.json, "Print data as JSON");
  command.add_flag("--quiet", globals.quiet, "No notices and no progress on stderr");
  command.add_option("--threads", globals.threads, "Threads; 0: as many as the machine has. Never affects a result")
      ->check(CLI::Range(0, 4096));
  command.set_config("--config", "", "Read options from a TOML file");
}

int run_program(int argc, char** argv, CLI::App& app) {
  try {
    app.parse(argc, argv);
    return static_cast<int>(ExitCode::ok);
  } catch (const CLI::Success& request) {  // --help, --version
    return app.exit(request);
  } catch (const CLI::FileError& error) {
    return report(ExitCode::no_input, error.what());
  } catch (const CLI::ParseError& error) {
    return report(ExitCode::usage, error.what());
  } catch (const ExitWith& exit) {
    return static_cast<int>(exit.code);
  } catch (const Error& error) {
    return report(error.code(), error.what());
  } catch (const std::bad_alloc&) {
    return report(ExitCode::io, "out of memory");
  } catch (const std::exception& error) {
    return report(ExitCode::internal, std::string("this is a bug of ours: ") + error.what());
  }
}

void print_json(const Json& document) {
  std::cout << document.dump(2) << '\n' << std::flush;
  if (!std::cout) fail(ExitCode::io, "stdout: write failed");
}

}  // namespace phew::tools
