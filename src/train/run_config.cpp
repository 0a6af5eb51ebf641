#include "train/run_config.hpp"

#include "graph/error.hpp"
#include "train/content_hash.hpp"
#include "train/schedule.hpp"

#include <nlohmann/json.hpp>
#include <toml++/toml.h>

#include <cmath>
#include <sstream>
#include <type_traits>

namespace phew {
namespace {

/// Calls f(name, field, identifies) for every setting: the one list of them. What does not identify a run (names of
/// files, whose content has a hash of its own; the density, which follows from the mask) is recorded for people.
template <typename Config, typename F>
void for_each_setting(Config& c, F&& f) {
  f("network", c.network, true);
  f("initial", c.initial, false);
  f("initial_hash", c.initial_hash, true);
  f("mask", c.mask, false);
  f("mask_hash", c.mask_hash, true);
  f("density", c.density, false);
  f("data", c.data, false);
  f("test_data", c.test_data, false);
  f("data_seed", c.data_seed, false);
  f("data_hash", c.data_hash, true);
  f("limit", c.limit, true);
  f("epochs", c.epochs, true);
  f("batch_size", c.batch_size, true);
  f("optimizer", c.optimizer, true);
  f("lr", c.lr, true);
  f("schedule", c.schedule, true);
  f("warmup", c.warmup, true);
  f("momentum", c.momentum, true);
  f("nesterov", c.nesterov, true);
  f("weight_decay", c.weight_decay, true);
  f("loss", c.loss, true);
  f("precision", c.precision, true);
  f("channels_last", c.channels_last, true);
  f("first_step", c.first_step, true);
  f("augment", c.augment, true);
  f("seed", c.seed, true);
}

/// A value as TOML writes it. Floats in the fewest digits that read back as the same number, as JSON has them (toml++
/// writes 0.10000000000000001). TOML's integers are signed; a seed beyond them comes back by the same cast.
std::string literal(double value) { return nlohmann::json(value).dump(); }
std::string literal(std::int64_t value) { return std::to_string(value); }
std::string literal(std::uint64_t value) { return std::to_string(static_cast<std::int64_t>(value)); }
std::string literal(bool value) { return value ? "true" : "false"; }
std::string literal(const std::string& value) {
  std::ostringstream out;
  out << toml::value<std::string>(value);
  return out.str();
}

template <typename T>
void read_setting(const toml::table& table, const std::filesystem::path& path, const char* name, T& field) {
  using Stored = std::conditional_t<std::is_same_v<T, std::uint64_t>, std::int64_t, T>;
  const auto node = table[name];
  if (!node) return;
  const auto value = node.value<Stored>();
  if (!value) fail(ExitCode::data, "{}: {}: found a value of another type", path.string(), name);
  field = static_cast<T>(*value);
}

toml::table parse(const std::filesystem::path& path) {
  if (!std::filesystem::is_regular_file(path)) fail(ExitCode::no_input, "{}: found no file", path.string());
  try {
    return toml::parse_file(path.string());
  } catch (const toml::parse_error& error) {
    fail(ExitCode::data, "{}: line {}: {}", path.string(), error.source().begin.line, error.description());
  }
}

void require(bool holds, const char* flag, const auto& found, const char* expected) {
  if (!holds) fail(ExitCode::usage, "{}: found {}, expected {}", flag, found, expected);
}

}  // namespace

void check(const RunConfig& c) {
  const auto at_least_zero = [](double value) { return std::isfinite(value) && value >= 0; };
  require(c.epochs >= 1, "--epochs", c.epochs, "1 or more");
  require(c.batch_size >= 1, "--batch-size", c.batch_size, "1 or more");
  require(c.limit >= 0, "--limit", c.limit, "0 (all) or more");
  require(c.optimizer == "sgd" || c.optimizer == "adam", "--optimizer", c.optimizer, "sgd or adam");
  require(std::isfinite(c.lr) && c.lr > 0, "--lr", c.lr, "a number above 0");
  require(at_least_zero(c.momentum) && c.momentum < 1, "--momentum", c.momentum, "a number from 0 to below 1");
  require(!c.nesterov || c.momentum > 0, "--nesterov", c.momentum, "a --momentum above 0");
  require(at_least_zero(c.weight_decay), "--weight-decay", c.weight_decay, "0 or more");
  require(c.loss == "cross-entropy" || c.loss == "mse", "--loss", c.loss, "cross-entropy or mse");
  require(c.warmup >= 0 && c.warmup <= c.epochs, "--warmup", c.warmup, "0 to --epochs");
  require(c.first_step >= 0, "--first-step", c.first_step, "0 or more");
  require(c.augment == "none" || c.augment == "crop-flip", "--augment", c.augment, "none or crop-flip");
  (void)Schedule(c.schedule);
}

std::string to_toml(const RunConfig& config, const Machine& machine) {
  std::string out = "# Written by phew-train. A rerun in this folder must have the same settings.\n";
  for_each_setting(config, [&](const char* name, const auto& field, bool) {
    out += fmt::format("{} = {}\n", name, literal(field));
  });
  out += fmt::format("hash = {}\n", literal(hash_of(config)));
  out += fmt::format("\n[machine]\ndevice = {}\nthreads = {}\nversions = {}\n", literal(machine.device),
                     machine.threads, literal(machine.versions));
  return out;
}

RunConfig read_run_config(const std::filesystem::path& path) {
  const toml::table table = parse(path);
  RunConfig config;
  for_each_setting(config, [&](const char* name, auto& field, bool) { read_setting(table, path, name, field); });
  return config;
}

Machine read_machine(const std::filesystem::path& path) {
  const toml::table table = parse(path);
  const toml::table* found = table["machine"].as_table();
  Machine machine;
  if (!found) return machine;
  std::int64_t threads = 0;
  read_setting(*found, path, "device", machine.device);
  read_setting(*found, path, "threads", threads);
  read_setting(*found, path, "versions", machine.versions);
  machine.threads = static_cast<int>(threads);
  return machine;
}

std::string to_string(const Machine& machine) {
  return fmt::format("{}, {} threads, {}", machine.device, machine.threads, machine.versions);
}

std::string hash_of(const RunConfig& config) {
  ContentHash hash;
  for_each_setting(config, [&](const char* name, const auto& field, bool identifies) {
    if (!identifies) return;
    hash.add(std::string_view(name));
    hash.add(std::string_view(literal(field)));
  });
  return hash.hex();
}

std::vector<std::string> differences(const RunConfig& found, const RunConfig& expected) {
  std::vector<std::string> wanted, out;
  for_each_setting(expected, [&](const char*, const auto& field, bool) { wanted.push_back(literal(field)); });
  std::size_t i = 0;
  for_each_setting(found, [&](const char* name, const auto& field, bool identifies) {
    const std::string& other = wanted[i++];
    if (identifies && literal(field) != other)
      out.push_back(fmt::format("{} = {}, expected {}", name, literal(field), other));
  });
  return out;
}

}  // namespace phew
