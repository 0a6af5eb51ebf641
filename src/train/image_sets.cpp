#include "train/image_sets.hpp"

#include "graph/error.hpp"
#include "train/idx.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <cstring>
#include <string_view>
#include <utility>

namespace phew {
namespace {

namespace fs = std::filesystem;

/// A set of four IDX files. Their names are the same in all such sets.
struct IdxSet {
  std::string name;
  std::int64_t classes;
  std::string system_folder;       ///< "" if no Debian package has it
  std::string torchvision_folder;  ///< where torchvision.datasets puts the files
  std::string where_to_get;
};

const std::vector<IdxSet>& idx_sets() {
  static const std::vector<IdxSet> sets{
      {"fashion-mnist", 10, "/usr/share/datasets/fashion-mnist", "FashionMNIST/raw",
       "install Debian's package dataset-fashion-mnist, or download the four files named in "
       "https://github.com/zalandoresearch/fashion-mnist and give their folder as --data-dir"},
      {"mnist", 10, "", "MNIST/raw",
       "download the four files from https://ossci-datasets.s3.amazonaws.com/mnist/ and give their folder as "
       "--data-dir"},
  };
  return sets;
}

constexpr std::string_view file_names[] = {"train-images-idx3-ubyte", "train-labels-idx1-ubyte",
                                           "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"};

/// The file of that name in the folder, plain or gzipped; empty if there is none.
fs::path file_in(const fs::path& folder, std::string_view name) {
  std::error_code ignored;
  for (const char* suffix : {"", ".gz"}) {
    fs::path path = folder / (std::string(name) + suffix);
    if (fs::is_regular_file(path, ignored)) return path;
  }
  return {};
}

fs::path find_folder(const IdxSet& set, const fs::path& data_dir) {
  std::vector<fs::path> candidates;
  if (data_dir.empty())
    candidates = {set.system_folder};
  else
    candidates = {data_dir, data_dir / set.name, data_dir / set.torchvision_folder};
  for (const fs::path& folder : candidates)
    if (!folder.empty() && !file_in(folder, file_names[0]).empty()) return folder;
  const std::string looked_in = data_dir.empty() ? set.system_folder : data_dir.string();
  fail(ExitCode::no_input, "{}: found no {} in {}; {}", set.name, file_names[0],
       looked_in.empty() ? "any known folder" : looked_in, set.where_to_get);
}

Split read_split(const IdxSet& set, const fs::path& folder, std::string_view images_name,
                 std::string_view labels_name) {
  const auto need = [&](std::string_view name) {
    fs::path path = file_in(folder, name);
    if (path.empty())
      fail(ExitCode::no_input, "{}: found no {} in {}; {}", set.name, name, folder.string(), set.where_to_get);
    return path;
  };
  const fs::path labels_path = need(labels_name);
  Tensor images = read_idx(need(images_name), 3);
  const Tensor labels = read_idx(labels_path, 1);
  if (labels.shape[0] != images.shape[0])
    fail(ExitCode::data, "{}: found {} labels, expected {}, as many as images", labels_path.string(), labels.shape[0],
         images.shape[0]);
  if (labels.shape[0] == 0) fail(ExitCode::data, "{}: found no examples", labels_path.string());
  std::vector<std::byte> classes(labels.bytes.size() * sizeof(std::int64_t));
  for (std::size_t i = 0; i < labels.bytes.size(); ++i) {
    const auto label = std::to_integer<std::int64_t>(labels.bytes[i]);
    if (label >= set.classes)
      fail(ExitCode::data, "{}: label {}: found {}, expected 0 to {}", labels_path.string(), i, label, set.classes - 1);
    std::memcpy(classes.data() + i * sizeof label, &label, sizeof label);
  }
  images.shape.insert(images.shape.begin() + 1, 1);
  return {std::move(images), make_tensor("labels", DType::i64, labels.shape, std::move(classes))};
}

}  // namespace

const std::vector<std::string>& dataset_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> out;
    for (const IdxSet& set : idx_sets()) out.push_back(set.name);
    return out;
  }();
  return names;
}

Dataset load_dataset(const std::string& name, const fs::path& data_dir) {
  const auto& sets = idx_sets();
  const auto set = std::find_if(sets.begin(), sets.end(), [&](const IdxSet& s) { return s.name == name; });
  if (set == sets.end())
    fail(ExitCode::usage, "--data: found {}, expected one of {}; did you mean {}?", name,
         fmt::join(dataset_names(), ", "), nearest_name(name, dataset_names()));
  const fs::path folder = find_folder(*set, data_dir);
  Dataset data;
  data.name = name;
  data.classes = set->classes;
  data.train = read_split(*set, folder, file_names[0], file_names[1]);
  data.test = read_split(*set, folder, file_names[2], file_names[3]);
  if (data.test.x.shape[2] != data.train.x.shape[2] || data.test.x.shape[3] != data.train.x.shape[3])
    fail(ExitCode::data, "{}: found test images of {}, expected the size of the training images, {}", name,
         to_string(data.test.x.shape), to_string(data.train.x.shape));
  data.normalisation = channel_normalisation(data.train.x);
  return data;
}

}  // namespace phew
