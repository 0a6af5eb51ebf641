#include "common/program.hpp"

#include "common/config_file.hpp"
#include "common/interrupt.hpp"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <iostream>
#include <span>
#include <system_error>
#include <thread>

namespace phew::tools {
namespace {

/// CLI11's message may span lines; an error here is one line.
std::string one_line(std::string text) {
  while (!text.empty() && text.back() == '\n') text.pop_back();
  for (char& c : text)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
      c = ' ';  // names in hostile files may carry terminal controls
  return text;
}

int report(ExitCode code, const std::string& message) {
  fmt::print(stderr, "error: {}\n", one_line(message));
  return static_cast<int>(code);
}

/// "command: found 'x', expected one of …" if `word` should name a command of `app` and does not.
std::string unknown_command(const CLI::App& app, const std::string& word) {
  std::vector<std::string> commands;
  for (const CLI::App* command : app.get_subcommands(nullptr)) commands.push_back(command->get_name());
  if (commands.empty() || word.starts_with("-") || std::ranges::count(commands, word) > 0) return {};
  return fmt::format("command: found '{}', expected one of {}; did you mean {}?", word, fmt::join(commands, ", "),
                     nearest_name(word, commands));
}

/// The subcommand's own words for what it did not understand; CLI11 would complain of a missing option first.
/// `words` are the arguments behind the name of `app`.
std::string unknown_words(const CLI::App& app, std::span<const std::string> words) {
  if (!words.empty())
    if (const std::string text = unknown_command(app, words.front()); !text.empty()) return text;
  for (const CLI::App* command : app.get_subcommands()) {
    if (const std::string text = unknown_words(*command, words.subspan(1)); !text.empty()) return text;
    std::vector<std::string> options;
    for (const CLI::Option* option : command->get_options())
      for (const std::string& name : option->get_lnames()) options.push_back("--" + name);
    for (const std::string& word : command->remaining())
      return word.starts_with("-") ? fmt::format("{}: found unknown option {}; did you mean {}?", command->get_name(),
                                                 word, nearest_name(word, options))
                                   : fmt::format("{}: found '{}' too many; see {} {} --help", command->get_name(), word,
                                                 app.get_name(), command->get_name());
  }
  return {};
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
  command
      .add_option("--threads", globals.threads,
                  "Threads; 0: as many as the machine has. No mask and no report depends on it")
      ->check(CLI::Range(0, 4096));
  command.add_option("--config", "Options from a TOML file: density = 0.05, quiet = true; the command line wins")
      ->type_name("FILE");
}

CLI::Validator seed_check() {
  return {[](const std::string& text) -> std::string {
            std::uint64_t value = 0;
            const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
            if (error == std::errc{} && end == text.data() + text.size()) return {};
            return fmt::format("found '{}', expected a whole number from 0 to 2^64 - 1", text);
          },
          ""};
}

CLI::Validator count_check(std::int64_t least) {
  return {[least](const std::string& text) -> std::string {
            std::int64_t value = 0;
            const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
            if (error == std::errc{} && end == text.data() + text.size() && value >= least) return {};
            return fmt::format("found '{}', expected a whole number of at least {}", text, least);
          },
          ""};
}

CLI::Validator density_check() {
  return {[](const std::string& text) -> std::string {
            double value = 0;
            const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
            if (error == std::errc{} && end == text.data() + text.size() && value > 0 && value <= 1) return {};
            return fmt::format("found '{}', expected a number above 0 and at most 1", text);
          },
          "0…1"};
}

int run_program(int argc, char** argv, CLI::App& app) {
  exit_on_interrupt();
  try {
    std::vector<std::string> arguments = expand_config(app, {argv + 1, argv + argc});
    std::ranges::reverse(arguments);  // CLI11 takes them from the back
    app.parse(std::move(arguments));
    if (std::fflush(stdout) != 0) return report(ExitCode::io, "stdout: write failed");
    return static_cast<int>(ExitCode::ok);
  } catch (const CLI::Success& request) {  // --help, --version
    return app.exit(request);
  } catch (const CLI::FileError& error) {
    return report(ExitCode::no_input, error.what());
  } catch (const CLI::ParseError& error) {
    const std::string unknown = unknown_words(app, std::vector<std::string>(argv + 1, argv + argc));
    return report(ExitCode::usage, unknown.empty() ? error.what() : unknown);
  } catch (const ExitWith& exit) {
    return static_cast<int>(exit.code);
  } catch (const Error& error) {
    return report(error.code(), error.what());
  } catch (const std::system_error& error) {  // what print throws when stdout is full
    return report(ExitCode::io, error.what());
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
