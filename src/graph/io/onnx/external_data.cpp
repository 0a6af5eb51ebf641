#include "graph/io/onnx/external_data.hpp"

#include "graph/error.hpp"

namespace phew::onnx {

namespace fs = std::filesystem;

fs::path ExternalData::checked_path(const std::string& location, const std::string& tensor) const {
  const auto refuse = [&](std::string_view what) {
    fail(ExitCode::data, "{}: {}: found external data {} (\"{}\"), expected a file in the model's folder",
         model_.string(), tensor, what, location);
  };
  const fs::path relative(location);
  if (location.empty() || location.find('\0') != location.npos) refuse("without a file name");
  if (relative.is_absolute()) refuse("at an absolute path");
  fs::path path = model_.parent_path();
  for (const fs::path& part : relative) {
    if (part == "..") refuse("outside the folder");
    path /= part;
    std::error_code error;
    if (fs::is_symlink(fs::symlink_status(path, error))) refuse("behind a symbolic link");
  }
  return path;
}

SharedBytes ExternalData::bytes(const ExternalPlace& place, const std::string& tensor) {
  std::shared_ptr<const MappedFile>& file = files_[place.location];
  if (!file) {
    const fs::path path = checked_path(place.location, tensor);
    std::error_code error;
    if (!fs::exists(path, error))
      fail(ExitCode::no_input, "{}: {}: found no file {}, expected its external data there; copy it beside the model",
           model_.string(), tensor, path.string());
    file = std::make_shared<const MappedFile>(path);
  }
  const std::uint64_t size = file->bytes().size();
  const std::uint64_t length = place.length.value_or(size - std::min(size, place.offset));
  if (place.offset > size || length > size - place.offset)
    fail(ExitCode::data, "{}: {}: found {} bytes in {}, expected {} from byte {} on; copy or export it again",
         model_.string(), tensor, size, file->path().string(), length, place.offset);
  return {file->bytes().subspan(place.offset, length), file};
}

}  // namespace phew::onnx
