#include "phew-train/data_options.hpp"

#include "train/image_sets.hpp"

#include <fmt/ranges.h>

namespace phew::tools {

void add_data_options(CLI::App& command, DataOptions& options) {
  command
      .add_option("--data", options.data,
                  fmt::format("Data set: {}; or an npz file with arrays x (float or uint8, [N, C, H, W] or [N, F]) and "
                              "y (int64 classes, or float targets [N] or [N, K])",
                              fmt::join(dataset_names(), ", ")))
      ->capture_default_str();
  command.add_option("--test-data", options.test_data, "With --data FILE: the file of the test examples");
  add_data_places(command, options);
  command
      .add_option("--data-seed", options.data_seed,
                  "Seed of the shears of transformation and fashion-transformation, the image-transformation task")
      ->check(seed_check())
      ->capture_default_str();
  command.add_option("--limit", options.limit, "Take only the first N examples of each split; 0: all")
      ->check(count_check(0))
      ->capture_default_str();
}

void add_data_places(CLI::App& command, DataOptions& options) {
  command.add_option("--data-dir", options.data_dir,
                     "Folder of the data's files; without it that of Debian's package, where there is one");
  command.add_option("--cache-dir", options.cache_dir,
                     "Folder for the decoded images of tiny-imagenet; without it beside the data");
}

Dataset load_data(const DataOptions& options, const Globals& globals) {
  DataSource source;
  source.name = options.data;
  source.data_dir = options.data_dir;
  source.test = options.test_data;
  source.cache = options.cache_dir;
  source.seed = options.data_seed;
  source.threads = globals.thread_count();
  Dataset data = load_dataset(source, [&](const std::string& line) { globals.notice(line); });
  if (options.limit > 0) keep_first(data, options.limit);
  return data;
}

}  // namespace phew::tools
