// What `phew-graph mask` is asked for: its options, and which of them a method reads.
#pragma once

#include "common/network_options.hpp"
#include "walks/method.hpp"

#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace phew::tools {

/// A method and its own options, shared by every command that makes masks.
struct MethodChoice {
  std::string method = "phew";
  std::string scores;  ///< file
  std::string granularity = "parameter";
  std::string start = "round-robin";
  std::string shortcuts = "skip";
  std::string scope = "global";
  std::int64_t max_walks = 0;
  std::int64_t rounds = 100;
  std::string schedule = "exponential";
  std::int64_t paths = 0;  ///< 0: not given
};

struct MaskCommand : NetworkOptions, Globals, MethodChoice {
  bool list = false;
  std::string density;  ///< one, or several after commas; empty: the mask's own
  bool nested = false;
  bool effective_density = false;
  std::uint64_t seed = 0;
  std::int64_t count = 1;
  std::string output;

  /// As `--density` has them; none where it is not given.
  [[nodiscard]] std::vector<double> densities() const;
};

/// An option that only some methods read.
struct MethodOption {
  unsigned bit;  ///< of namespace reads
  const char* flag;
  /// Its value for a mask file's metadata, under the flag's name in snake_case; null: it cannot change a mask.
  std::string (*value)(const MethodChoice&);
};
[[nodiscard]] std::span<const MethodOption> method_options();
/// The flags of the options that a method reads, --nested aside.
[[nodiscard]] std::vector<std::string> flags_of(const Method& method);

/// Adds --method with the methods that `offered` accepts, and --scores.
void add_method_argument(CLI::App& app, MethodChoice& choice, bool (*offered)(const Method&));
/// Adds --granularity and the other options that only some methods read, --paths aside; returns their names.
std::vector<std::string> add_method_options(CLI::App& app, MethodChoice& choice);
/// Adds all options of the command.
void add_mask_command_options(CLI::App& app, MaskCommand& command);

/// What the library wants to know.
[[nodiscard]] MethodOptions to_method_options(const MethodChoice& choice, int threads, Progress progress);

/// Throws Error(usage) for an option of another method, and for scores that are missing or that it does not read.
void check_method_options(const CLI::App& app, const MethodChoice& choice, const Method& method);
/// The scores of --scores.
[[nodiscard]] Weights load_scores(const MethodChoice& choice, const Network& network, const Globals& globals);

/// Throws Error(usage) for what is missing, for options that contradict each other, and for an option that the method
/// would ignore: its mask must not say otherwise.
void check_mask_options(const CLI::App& app, const MaskCommand& command, const Method& method);

/// One mask to make.
struct MaskJob {
  std::uint64_t seed = 0;
  double density = 0;  ///< 0: the given mask's own
  std::filesystem::path file;
};
/// With several seeds `ticket.safetensors` becomes `ticket-SEED.safetensors`, with --nested
/// `ticket-DENSITY.safetensors`.
[[nodiscard]] std::vector<MaskJob> mask_jobs(const MaskCommand& command);

}  // namespace phew::tools
