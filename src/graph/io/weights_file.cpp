#include "graph/io/weights_file.hpp"

#include "graph/error.hpp"
#include "graph/io/atomic_file.hpp"
#include "graph/io/file_kind.hpp"
#include "graph/io/npz.hpp"
#include "graph/io/onnx.hpp"
#include "graph/io/safetensors.hpp"
#include "graph/io/state_dict.hpp"
#include "graph/io/torch_names.hpp"
#include "graph/io/zip_archive.hpp"

#include <algorithm>
#include <memory>
#include <new>

namespace phew {
namespace {

TensorFile read_zip(const std::shared_ptr<const MappedFile>& file) {
  const ZipArchive archive(file);
  if (is_torch_archive(archive)) return read_state_dict(archive);
  const bool has_arrays =
      std::ranges::any_of(archive.entries(), [](const auto& entry) { return entry.name.ends_with(".npy"); });
  // numpy writes an archive without entries for no arrays.
  if (has_arrays || archive.entries().empty()) return read_npz(archive);
  fail(ExitCode::data, "{}: found a zip archive without arrays (NAME.npy) or a PyTorch pickle (data.pkl)",
       file->path().string());
}

TensorFile read_by_kind(const std::shared_ptr<const MappedFile>& file) {
  switch (file_kind(*file)) {
    case FileKind::safetensors:
      return read_safetensors(file);
    case FileKind::safetensors_index:
      return read_safetensors_index(*file);
    case FileKind::zip:
      return read_zip(file);
    case FileKind::onnx:
      return {file->path(), "onnx", read_stored(read_onnx(file->path()).weights), {}};
  }
  fail(ExitCode::internal, "{}: unknown kind of file", file->path().string());
}

/// Throws Error(usage) for an extension that says no format.
auto writer_for(const std::filesystem::path& path) {
  const std::string extension = path.extension().string();
  if (extension == ".safetensors") return write_safetensors;
  if (extension == ".npz") return write_npz;
  if (extension == ".pt" || extension == ".pth") return write_state_dict;
  fail(ExitCode::usage, "{}: found extension \"{}\", expected .safetensors, .npz or .pt", path.string(), extension);
}

}  // namespace

const Tensor* TensorFile::find(const std::string& name) const {
  const auto found = std::ranges::find(tensors, name, &Tensor::name);
  return found == tensors.end() ? nullptr : &*found;
}

TensorFile read_tensor_file(const std::filesystem::path& path) {
  try {
    TensorFile file = read_by_kind(std::make_shared<const MappedFile>(path));
    undo_torch_names(file.tensors, path.string());
    return file;
  } catch (const std::bad_alloc&) {
    fail(ExitCode::io, "{}: too large for this machine's memory", path.string());
  }
}

void check_writable_tensor_file(const std::filesystem::path& path) {
  (void)writer_for(path);
  const AtomicFile probe(path);  // throws unless the folder takes files; removes its own
}

void write_tensor_file(const std::filesystem::path& path, const std::vector<Tensor>& tensors,
                       const std::map<std::string, std::string>& metadata) {
  const auto write = writer_for(path);
  AtomicFile file(path);
  write(file, tensors, metadata);
  file.commit();
}

}  // namespace phew
