// What `phew-graph mask` is asked for: its options, and which of them a method reads.
#pragma once

#include "common/network_options.hpp"
#include "walks/method.hpp"

#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace phew::tools {

struct MaskCommand : NetworkOptions, Globals {
  bool list = false;
  std::string method = "phew";
  std::string density;  ///< one, or several after commas; empty: the mask's own
  bool nested = false;
  bool effective_density = false;
  std::uint64_t seed = 0;
  std::int64_t count = 1;
  std::string scores;  ///< file
  std::string granularity = "parameter";
  std::string start = "round-robin";
  std::string shortcuts = "skip";
  std::string scope = "global";
  std::int64_t max_walks = 0;
  std::int64_t rounds = 100;
  std::string schedule = "exponential";
  std::int64_t paths = 0;  ///< 0: not given
  std::string output;

  /// As `--density` has them; none where it is not given.
  [[nodiscard]] std::vector<double> densities() const;
};

/// An option that only some methods read.
struct MethodOption {
  unsigned bit;  ///< of namespace reads
  const char* flag;
  /// Its value for a mask file's metadata, under the flag's name in snake_case; null: it cannot change a mask.
  std::string (*value)(const MaskCommand&);
};
[[nodiscard]] std::span<const MethodOption> method_options();
/// The flags of the options that a method reads, --nested aside.
[[nodiscard]] std::vector<std::string> flags_of(const Method& method);

/// Adds all options of the command.
void add_mask_command_options(CLI::App& app, MaskCommand& command);

/// What the library wants to know.
[[nodiscard]] MethodOptions to_method_options(const MaskCommand& command, Progress progress);

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
