// The options that say which data; shared by every command that reads any.
#pragma once

#include "common/program.hpp"
#include "graph/network.hpp"
#include "train/dataset.hpp"

#include <string>

namespace phew::tools {

struct DataOptions {
  std::string data = "fashion-mnist";
  std::string test_data, data_dir, cache_dir;
  std::uint64_t data_seed = 0;
  std::int64_t limit = 0;  ///< examples taken of each split; 0: all
};

/// --data, --test-data, --data-dir, --cache-dir, --data-seed and --limit.
void add_data_options(CLI::App& command, DataOptions& options);
/// --data-dir and --cache-dir alone: where files lie.
void add_data_places(CLI::App& command, DataOptions& options);

/// The data set, cut to --limit.
[[nodiscard]] Dataset load_data(const DataOptions& options, const Globals& globals);

}  // namespace phew::tools
