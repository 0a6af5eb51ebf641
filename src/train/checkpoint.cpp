#include "train/checkpoint.hpp"

#include "graph/error.hpp"
#include "graph/io/weights_file.hpp"
#include "train/content_hash.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <functional>
#include <map>
#include <string_view>

namespace phew {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view prefix = "checkpoint-", extension = ".safetensors";
constexpr std::string_view state_prefix = "state/";
constexpr std::size_t kept_files = 2;

using Metadata = std::map<std::string, std::string>;

std::string hash_of(const std::vector<Tensor>& tensors, const Metadata& metadata) {
  ContentHash hash;
  for (const auto& [key, value] : metadata)
    if (key != "content_hash") hash.add(std::string_view(key + '=' + value));
  for (const Tensor& tensor : tensors) {
    hash.add(std::string_view(tensor.name));
    hash.add(tensor.bytes);
  }
  return hash.hex();
}

/// Numbers are JSON in the metadata: the same doubles come back.
template <typename Number>
Number number(const Metadata& metadata, const char* key) {
  return nlohmann::json::parse(metadata.at(key)).get<Number>();
}

}  // namespace

CheckpointFiles::CheckpointFiles(fs::path folder, std::string run_hash)
    : folder_(std::move(folder)), run_hash_(std::move(run_hash)) {}

std::vector<fs::path> CheckpointFiles::files() const {
  std::vector<fs::path> files;
  if (!fs::is_directory(folder_)) return files;
  for (const auto& entry : fs::directory_iterator(folder_)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with(prefix) && name.ends_with(extension)) files.push_back(entry.path());
  }
  // Steps have a fixed number of digits.
  std::ranges::sort(files, std::greater());
  return files;
}

void CheckpointFiles::write(const Checkpoint& checkpoint) const {
  std::vector<Tensor> tensors;
  for (Tensor tensor : checkpoint.state) {
    tensor.name.insert(0, state_prefix);
    tensors.push_back(std::move(tensor));
  }
  tensors.insert(tensors.end(), checkpoint.moments.begin(), checkpoint.moments.end());
  const Position& p = checkpoint.position;
  Metadata metadata{{"run_hash", run_hash_},
                    {"epoch", nlohmann::json(p.epoch).dump()},
                    {"batch", nlohmann::json(p.batch).dump()},
                    {"loss_sum", nlohmann::json(p.loss_sum).dump()},
                    {"right", nlohmann::json(p.right).dump()},
                    {"initial_gradient_norm", nlohmann::json(checkpoint.initial_gradient_norm).dump()},
                    {"optimizer_steps", nlohmann::json(checkpoint.optimizer_steps).dump()}};
  metadata["content_hash"] = hash_of(tensors, metadata);
  write_tensor_file(folder_ / fmt::format("{}{:012}{}", prefix, checkpoint.optimizer_steps, extension), tensors,
                    metadata);
  const auto all = files();
  for (std::size_t i = kept_files; i < all.size(); ++i) fs::remove(all[i]);
}

Checkpoint CheckpointFiles::read(const fs::path& path) const {
  const TensorFile file = read_tensor_file(path);
  const auto stored = file.metadata.find("content_hash");
  if (stored == file.metadata.end() || stored->second != hash_of(file.tensors, file.metadata))
    fail(ExitCode::data, "{}: found other content than its hash says", path.string());
  if (file.metadata.at("run_hash") != run_hash_)
    fail(ExitCode::data, "{}: found a checkpoint of other settings", path.string());
  Checkpoint checkpoint;
  Position& p = checkpoint.position;
  p.epoch = number<std::int64_t>(file.metadata, "epoch");
  p.batch = number<std::int64_t>(file.metadata, "batch");
  p.loss_sum = number<double>(file.metadata, "loss_sum");
  p.right = number<std::int64_t>(file.metadata, "right");
  checkpoint.initial_gradient_norm = number<double>(file.metadata, "initial_gradient_norm");
  checkpoint.optimizer_steps = number<std::int64_t>(file.metadata, "optimizer_steps");
  for (Tensor tensor : file.tensors) {
    const bool of_module = tensor.name.starts_with(state_prefix);
    if (of_module) tensor.name.erase(0, state_prefix.size());
    (of_module ? checkpoint.state : checkpoint.moments).push_back(std::move(tensor));
  }
  return checkpoint;
}

std::optional<Checkpoint> CheckpointFiles::newest(const Notice& notice) const {
  for (const fs::path& path : files()) {
    try {
      return read(path);
    } catch (const Error& error) {
      notice(fmt::format("{}; passing it over", error.what()));
    }
  }
  return std::nullopt;
}

void CheckpointFiles::remove_all() const {
  for (const fs::path& path : files()) fs::remove(path);
}

}  // namespace phew
