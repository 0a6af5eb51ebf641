#include "common/config_file.hpp"

#include <algorithm>
#include <optional>
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

/// Whether the arguments give this option by any of its names.
bool given(const CLI::Option& option, const Arguments& arguments) {
  const auto names = [&](const std::string& word) {
    const std::string head = word.substr(0, word.find('='));
    return std::ranges::any_of(option.get_lnames(), [&](const auto& name) { return head == "--" + name; }) ||
           std::ranges::any_of(option.get_snames(), [&](const auto& name) { return word.starts_with("-" + name); });
  };
  return std::ranges::any_of(arguments, names);
}

void append(Arguments& arguments, const CLI::App& command, const CLI::ConfigItem& item) {
  if (item.name == "net" || item.name == "NET") {
    arguments.insert(arguments.end(), item.inputs.begin(), item.inputs.end());
    return;
  }
  const CLI::Option* option = command.get_option_no_throw("--" + item.name);
  if (option == nullptr)
    throw CLI::ConfigError("--config: found unknown key " + item.name + ", expected an option of " +
                           command.get_name());
  if (given(*option, arguments)) return;
  const bool flag = option->get_expected_max() == 0;
  if (flag && item.inputs == Arguments{"false"}) return;
  arguments.push_back("--" + item.name);
  if (!flag) arguments.insert(arguments.end(), item.inputs.begin(), item.inputs.end());
}

}  // namespace

Arguments expand_config(const CLI::App& app, Arguments arguments) {
  const auto commands = app.get_subcommands(
      [&](const CLI::App* command) { return !arguments.empty() && command->get_name() == arguments.front(); });
  if (commands.empty()) return arguments;
  const auto file = take_config(arguments);
  if (!file) return arguments;
  for (const CLI::ConfigItem& item : CLI::ConfigTOML().from_file(*file)) {
    if (item.name == "++" || item.name == "--") continue;  // where a table begins and ends
    if (item.parents.empty() || item.parents == Arguments{commands.front()->get_name()})
      append(arguments, *commands.front(), item);
  }
  return arguments;
}

}  // namespace phew::tools
