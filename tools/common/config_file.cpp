#include "common/config_file.hpp"

#include "graph/error.hpp"

#include <fmt/ranges.h>
#include <toml++/toml.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <sstream>
#include <string_view>

namespace phew::tools {
namespace {

using Arguments = std::vector<std::string>;

/// Takes `--config FILE` or `--config=FILE` out of the arguments.
std::optional<std::string> take_config(Arguments& arguments) {
  constexpr std::string_view joined = "--config=";
  for (auto word = arguments.begin(); word != arguments.end(); ++word) {
    if (word->starts_with(joined)) {
      const std::string file = word->substr(joined.size());
      arguments.erase(word);
      return file;
    }
    if (*word == "--config" && word + 1 != arguments.end()) {
      const std::string file = *(word + 1);
      arguments.erase(word, word + 2);
      return file;
    }
  }
  return std::nullopt;
}

toml::table parse(const std::string& file) {
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(file, ignored))
    fail(ExitCode::no_input, "{}: found no such file, expected options in TOML", file);
  try {
    return toml::parse_file(file);
  } catch (const toml::parse_error& error) {
    fail(ExitCode::data, "{}: line {}: expected TOML: {}", file, error.source().begin.line, error.description());
  }
}

/// A value as the word that would stand on the command line.
std::string word_of(const toml::node& value) {
  if (const auto* text = value.as_string()) return text->get();
  if (const auto* number = value.as_floating_point()) return fmt::format("{}", number->get());  // all its digits
  std::ostringstream out;
  value.visit([&](const auto& node) {
    if constexpr (toml::is_value<decltype(node)>) out << node.get();
  });
  return out.str();
}

/// Options of one command from a file.
class ConfigFile {
 public:
  ConfigFile(const CLI::App& app, const CLI::App& command, std::string file)
      : app_(app), command_(command), file_(std::move(file)), table_(parse(file_)) {}

  /// The command's own table first, so that it wins over the keys of all commands.
  void append_to(Arguments& arguments) const {
    for (const auto& [key, value] : table_)
      if (value.is_table() && !is_command(key.str()))
        fail(ExitCode::usage, "{}: found table [{}], expected the name of a command", file_, key.str());
    if (const toml::table* own = table_[command_.get_name()].as_table()) append(*own, arguments);
    append(table_, arguments);
  }

 private:
  [[nodiscard]] bool is_command(std::string_view name) const {
    return !app_.get_subcommands([&](const CLI::App* command) { return command->get_name() == name; }).empty();
  }

  void append(const toml::table& options, Arguments& arguments) const {
    for (const auto& [key, value] : options)
      if (!value.is_table()) append(std::string(key.str()), value, arguments);
  }

  void append(const std::string& key, const toml::node& value, Arguments& arguments) const {
    const CLI::Option* option =
        key == "net" ? command_.get_option_no_throw("NET") : command_.get_option_no_throw("--" + key);
    if (option == nullptr || key == "help" || key == "config")
      fail(ExitCode::usage, "{}: found key {}, expected net or an option of {} {}", file_, key, app_.get_name(),
           command_.get_name());
    if (given(*option, arguments)) return;
    if (option->get_expected_max() == 0) {
      if (!value.is_boolean()) fail(ExitCode::usage, "{}: {}: expected true or false", file_, key);
      if (value.as_boolean()->get()) arguments.push_back("--" + key);
      return;
    }
    if (key != "net") arguments.push_back("--" + key);
    const toml::array* values = value.as_array();
    if (values == nullptr) {
      arguments.push_back(word_of(value));
      return;
    }
    std::vector<std::string> words;
    for (const toml::node& element : *values) words.push_back(word_of(element));
    if (option->get_expected_max() == 1) words = {fmt::format("{}", fmt::join(words, ","))};  // density = [0.5, 0.2]
    arguments.insert(arguments.end(), words.begin(), words.end());
  }

  /// Whether the arguments give this option by any of its names; NET is the first word behind the command.
  static bool given(const CLI::Option& option, const Arguments& arguments) {
    if (option.get_positional()) return arguments.size() > 1 && !arguments[1].starts_with("-");
    return std::ranges::any_of(arguments, [&](const std::string& word) {
      const std::string head = word.substr(0, word.find('='));
      return std::ranges::any_of(option.get_lnames(), [&](const auto& name) { return head == "--" + name; }) ||
             std::ranges::any_of(option.get_snames(), [&](const auto& name) { return word.starts_with("-" + name); });
    });
  }

  const CLI::App& app_;
  const CLI::App& command_;
  std::string file_;
  toml::table table_;
};

}  // namespace

Arguments expand_config(const CLI::App& app, Arguments arguments) {
  if (arguments.empty()) return arguments;
  for (const CLI::App* command : app.get_subcommands(nullptr)) {
    if (command->get_name() != arguments.front()) continue;
    if (const auto file = take_config(arguments)) ConfigFile(app, *command, *file).append_to(arguments);
  }
  return arguments;
}

}  // namespace phew::tools
