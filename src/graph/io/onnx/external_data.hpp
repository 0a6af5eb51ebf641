// Weights beside an ONNX file: the files of its folder that its tensors name.
#pragma once

#include "graph/io/mapped_file.hpp"

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>

namespace phew::onnx {

/// Where a tensor's bytes are: the `external_data` entries of TensorProto.
struct ExternalPlace {
  std::string location;
  std::uint64_t offset = 0;
  std::optional<std::uint64_t> length;  ///< to the end of the file if absent
};

/// Maps each file once.
class ExternalData {
 public:
  /// `model` is the ONNX file's path.
  explicit ExternalData(const std::filesystem::path& model) : model_(model) {}

  /// The bytes at a place, a view into the mapped file. `tensor` names it in errors.
  /// Throws Error(data) if the location is absolute, climbs out of the model's folder by "..", or passes a symbolic
  /// link, so that a model from a stranger reads no other file, or if the file is too short; Error(no_input) if it is
  /// missing.
  [[nodiscard]] SharedBytes bytes(const ExternalPlace& place, const std::string& tensor);

 private:
  [[nodiscard]] std::filesystem::path checked_path(const std::string& location, const std::string& tensor) const;

  std::filesystem::path model_;
  std::map<std::string, std::shared_ptr<const MappedFile>> files_;
};

}  // namespace phew::onnx
