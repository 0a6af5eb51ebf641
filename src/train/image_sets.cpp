#include "train/image_sets.hpp"

#include "graph/error.hpp"
#include "train/cifar.hpp"
#include "train/idx.hpp"
#include "train/tiny_imagenet.hpp"
#include "train/transformation.hpp"
#include "train/user_data.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstring>
#include <string_view>
#include <utility>

namespace phew {
namespace {

namespace fs = std::filesystem;

/// Images and labels for training, images and labels for the test. Their names are the same in all such sets.
constexpr std::array<std::string_view, 4> file_names{"train-images-idx3-ubyte", "train-labels-idx1-ubyte",
                                                     "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"};

/// A set of four IDX files.
struct IdxSet {
  std::string name;
  std::int64_t classes;
  std::string system_folder;            ///< "" if no Debian package has it
  std::string torchvision_folder;       ///< where torchvision.datasets puts the files
  std::string advice;                   ///< where else to get it
  std::string url;                      ///< of the folder with the published files
  std::array<std::string_view, 4> md5;  ///< of the published files, gzipped
};

const std::vector<IdxSet>& idx_sets() {
  // Checksums: for Fashion-MNIST its README (github.com/zalandoresearch/fashion-mnist), for MNIST torchvision's loader.
  // Debian's package has the same content, packed anew.
  static const std::vector<IdxSet> sets{
      {"fashion-mnist",
       10,
       "/usr/share/datasets/fashion-mnist",
       "FashionMNIST/raw",
       "install Debian's package dataset-fashion-mnist, or ",
       "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
       {"8d4fb7e6c68d591d4c3dfef9ec88bf0d", "25c81989df183df01b3e8a0aad5dffbe", "bef4ecab320f06d8554ea6380940ec79",
        "bb300cfdad3c16e7a12a480ee83cd310"}},
      {"mnist",
       10,
       "",
       "MNIST/raw",
       "",
       "https://ossci-datasets.s3.amazonaws.com/mnist/",
       {"f68b3c2dcbeaaa9fbdd348bbdeb94873", "d53e105ee54ea40749a09fcbcd1e9432", "9fb629c4189551a2d022fa330f9573f3",
        "ec29112dd5afa0611ce80d1b7f02629c"}},
  };
  return sets;
}

/// The task of transformation.hpp, and the set whose images it warps.
constexpr std::pair<std::string_view, std::string_view> transformations[] = {
    {"transformation", "mnist"}, {"fashion-transformation", "fashion-mnist"}};

/// The file of that name in the folder, plain or gzipped; empty if there is none.
fs::path file_in(const fs::path& folder, std::string_view name) {
  std::error_code ignored;
  for (const char* suffix : {"", ".gz"}) {
    fs::path path = folder / (std::string(name) + suffix);
    if (fs::is_regular_file(path, ignored)) return path;
  }
  return {};
}

[[noreturn]] void refuse_missing(const IdxSet& set, std::size_t file, const std::string& folder) {
  fail(ExitCode::no_input, "{}: found no {} in {}; {}download {}{}.gz (MD5 {}){} and give their folder as --data-dir",
       set.name, file_names[file], folder.empty() ? "any known folder" : folder, set.advice, set.url, file_names[file],
       set.md5[file], file == 0 ? " and the three files beside it" : "");
}

fs::path find_folder(const IdxSet& set, const fs::path& data_dir) {
  std::vector<fs::path> candidates;
  if (data_dir.empty())
    candidates = {set.system_folder};
  else
    candidates = {data_dir, data_dir / set.name, data_dir / set.torchvision_folder};
  for (const fs::path& folder : candidates)
    if (!folder.empty() && !file_in(folder, file_names[0]).empty()) return folder;
  refuse_missing(set, 0, data_dir.empty() ? set.system_folder : data_dir.string());
}

/// The split whose images are file_names[first]; its labels come next.
Split read_split(const IdxSet& set, const fs::path& folder, std::size_t first) {
  const auto need = [&](std::size_t file) {
    fs::path path = file_in(folder, file_names[file]);
    if (path.empty()) refuse_missing(set, file, folder.string());
    return path;
  };
  const fs::path labels_path = need(first + 1);
  Tensor images = read_idx(need(first), 3);
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

Dataset read_idx_set(const IdxSet& set, const fs::path& data_dir) {
  const fs::path folder = find_folder(set, data_dir);
  Dataset data;
  data.name = set.name;
  data.classes = set.classes;
  data.train = read_split(set, folder, 0);
  data.test = read_split(set, folder, 2);
  if (data.test.x.shape[2] != data.train.x.shape[2] || data.test.x.shape[3] != data.train.x.shape[3])
    fail(ExitCode::data, "{}: found test images of {}, expected the size of the training images, {}", set.name,
         to_string(data.test.x.shape), to_string(data.train.x.shape));
  data.normalisation = channel_normalisation(data.train.x);
  return data;
}

/// Case and hyphens do not tell sets apart: CIFAR10 is cifar-10.
std::string squashed(std::string_view name) {
  std::string out;
  for (const char c : name)
    if (c != '-' && c != '_') out += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out == "tinyimagenet200" ? "tinyimagenet" : out;
}

/// The set's name as dataset_names() has it; empty if it is none.
std::string known_name(const std::string& name) {
  const auto found =
      std::ranges::find_if(dataset_names(), [&](const std::string& n) { return squashed(n) == squashed(name); });
  return found == dataset_names().end() ? "" : *found;
}

Dataset load_transformation(const std::string& name, const std::string& images, const DataSource& source) {
  const auto set = std::ranges::find(idx_sets(), images, &IdxSet::name);
  Dataset data;
  try {
    data = transformation_task(read_idx_set(*set, source.data_dir), source.seed);
  } catch (const Error& error) {
    if (error.code() != ExitCode::no_input || name != "transformation") throw;
    fail(error.code(), "{}; or take fashion-transformation, the same task on Fashion-MNIST", error.what());
  }
  data.name = name;
  return data;
}

Dataset load_known(const std::string& name, const DataSource& source, const Notice& notice) {
  for (const IdxSet& set : idx_sets())
    if (set.name == name) return read_idx_set(set, source.data_dir);
  for (const CifarFormat& format : cifar_formats())
    if (format.name == name) return read_cifar(format, source.data_dir, notice);
  for (const auto& [task, images] : transformations)
    if (task == name) return load_transformation(name, std::string(images), source);
  return read_tiny_imagenet({source.data_dir, source.cache}, source.threads, notice);
}

Dataset load_file(const DataSource& source, const Notice& notice) {
  std::error_code ignored;
  if (!source.name.ends_with(".npz") && !fs::is_regular_file(source.name, ignored))
    fail(ExitCode::usage, "--data: found {}, expected an npz file or one of {}; did you mean {}?", source.name,
         fmt::join(dataset_names(), ", "), nearest_name(source.name, dataset_names()));
  if (source.test.empty())
    notice(fmt::format("{}: no --test-data, so the test figures are those of the training data", source.name));
  return read_user_data(source.name, source.test);
}

}  // namespace

const std::vector<std::string>& dataset_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> out;
    for (const IdxSet& set : idx_sets()) out.push_back(set.name);
    for (const CifarFormat& format : cifar_formats()) out.push_back(format.name);
    out.emplace_back("tiny-imagenet");
    for (const auto& [task, images] : transformations) out.emplace_back(task);
    return out;
  }();
  return names;
}

bool is_transformation(const std::string& name) {
  return std::ranges::any_of(transformations, [&](const auto& task) { return task.first == known_name(name); });
}

Dataset load_dataset(const DataSource& source, const Notice& notice) {
  const std::string name = known_name(source.name);
  if (source.seed != 0 && !is_transformation(source.name))
    fail(ExitCode::usage, "--data-seed: {} draws nothing; it is for transformation", source.name);
  if (name.empty()) return load_file(source, notice);
  if (!source.test.empty())
    fail(ExitCode::usage, "--test-data: {} has test data of its own; it is for --data FILE.npz", name);
  return load_known(name, source, notice);
}

Dataset load_dataset(const std::string& name, const fs::path& data_dir) {
  DataSource source;
  source.name = name;
  source.data_dir = data_dir;
  return load_dataset(source, [](const std::string&) {});
}

}  // namespace phew
