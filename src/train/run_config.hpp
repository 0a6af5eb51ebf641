// RunConfig: every setting that a run's result depends on.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace phew {

struct RunConfig {
  std::string network;       ///< as the user named it
  std::string initial;       ///< where the initial weights came from, for people: "kaiming-normal, seed 0" or a file
  std::string initial_hash;  ///< of every tensor of the initial state
  std::string mask = "none";
  std::string mask_hash = "none";
  double density = 1;
  std::string data = "fashion-mnist";
  std::string test_data;        ///< file of the test examples where `data` is a file; else ""
  std::uint64_t data_seed = 0;  ///< of what the data set itself draws
  std::string data_hash;
  std::int64_t limit = 0;  ///< examples taken of each split; 0: all
  std::int64_t epochs = 10;
  std::int64_t batch_size = 128;
  std::string optimizer = "sgd";  ///< sgd, adam
  double lr = 0.01;
  std::string schedule = "constant";  ///< see Schedule
  std::int64_t warmup = 0;            ///< epochs over which the learning rate rises linearly from 0
  double momentum = 0.9;
  bool nesterov = false;
  double weight_decay = 1e-4;
  std::string loss = "cross-entropy";  ///< cross-entropy, mse (to float targets, or one-hot ones of classes)
  std::string augment = "none";        ///< none, crop-flip
  std::string precision = "fp32";      ///< fp32, tf32, bf16; see Precision
  bool channels_last = false;
  std::int64_t first_step =
      0;                   ///< steps that are skipped, as if they had been taken: rewinding to step k trains from k
  std::uint64_t seed = 0;  ///< of the data order, of crops and flips, and of dropout
};

/// What a run ran on. Recorded, but not part of its identity: results agree across machines up to rounding.
struct Machine {
  std::string device;
  int threads = 1;
  std::string versions;  ///< see backend_versions()

  bool operator==(const Machine&) const = default;
};
/// "cpu, 2 threads, LibTorch 1.13.0 …".
[[nodiscard]] std::string to_string(const Machine& machine);

/// Throws Error(usage), naming the flag, for a value out of range or an unknown optimizer, loss or schedule.
void check(const RunConfig& config);

/// The settings as TOML, one per line in a fixed order, and under [machine] where they ran. The last line of the
/// settings is their hash.
[[nodiscard]] std::string to_toml(const RunConfig& config, const Machine& machine);

/// The settings in a file that to_toml wrote; those that it does not mention keep their defaults.
/// Throws Error(no_input) if it cannot be read, Error(data) if it is no TOML or a value is of another type.
[[nodiscard]] RunConfig read_run_config(const std::filesystem::path& path);

/// The machine in such a file. Throws as read_run_config.
[[nodiscard]] Machine read_machine(const std::filesystem::path& path);

/// 128-bit XXH3 of all settings that affect the result, as 32 hexadecimal digits. Names of files do not count, their
/// content does.
[[nodiscard]] std::string hash_of(const RunConfig& config);

/// One "name = found, expected …" per setting that affects the result and differs.
[[nodiscard]] std::vector<std::string> differences(const RunConfig& found, const RunConfig& expected);

}  // namespace phew
