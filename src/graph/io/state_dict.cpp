#include "graph/io/state_dict.hpp"

#include "graph/error.hpp"
#include "graph/io/archive_comment.hpp"
#include "graph/io/tensor_layout.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <unordered_set>
#include <utility>

namespace phew {
namespace {

constexpr std::string_view pickle_name = "/data.pkl";

/// The archive's folder, "ROOT", by its pickle; "" if there is none.
std::string root_of(const ZipArchive& archive) {
  for (const auto& entry : archive.entries())
    if (entry.name.ends_with(pickle_name) && entry.name.find('/') == entry.name.size() - pickle_name.size())
      return entry.name.substr(0, entry.name.size() - pickle_name.size());
  return {};
}

std::optional<DType> dtype_named(std::string_view name) {
  for (const DType dtype : {DType::f64, DType::f32, DType::f16, DType::bf16, DType::i64, DType::i32, DType::i16,
                            DType::i8, DType::u8, DType::boolean})
    if (name_of(dtype) == name) return dtype;
  return std::nullopt;
}

Shape extents_of(const PickleTuple& tuple, const std::string& where) {
  Shape extents;
  for (const PickleRef item : tuple.items) {
    const auto* extent = item->as<std::int64_t>();
    if (extent == nullptr || extents.size() == max_rank)
      fail(ExitCode::data, "{}: found a shape or strides that are not at most {} integers", where, max_rank);
    extents.push_back(*extent);
  }
  return extents;
}

/// A tensor whose place in its storage has been checked.
struct PlacedTensor {
  std::string name;
  DType dtype = DType::f32;
  Shape shape, strides;
  std::uint64_t bytes = 0, begin = 0;  ///< size as a whole tensor; where its first element lies in the storage
  std::size_t entry = 0;               ///< the storage's record in the archive
};

class StateDictReader {
 public:
  explicit StateDictReader(const ZipArchive& archive)
      : archive_(archive), where_(archive.file()->path().string()), root_(root_of(archive)) {}

  TensorFile read() {
    check_container();
    const SharedBytes pickled = archive_.read(archive_.find(root_ + std::string(pickle_name)));
    const Pickle pickle = read_pickle(pickled.bytes, where_);
    const std::vector<PlacedTensor> tensors = place_tensors(find_state_dict(pickle, where_));
    check_copies(tensors);
    read_storages(tensors);
    TensorFile result{archive_.file()->path(), "pt", {}, metadata_of_comment(archive_.comment())};
    for (const PlacedTensor& tensor : tensors) result.tensors.push_back(make(tensor));
    return result;
  }

 private:
  void check_container() const {
    const auto is_script = [&](const ZipArchive::Entry& entry) {
      return entry.name.starts_with(root_ + "/code/") || entry.name == root_ + "/constants.pkl";
    };
    if (std::ranges::any_of(archive_.entries(), is_script))
      fail(ExitCode::data,
           "{}: found a TorchScript archive, expected a state_dict; in PyTorch: "
           "torch.save(torch.jit.load(FILE).state_dict(), \"weights.pt\")",
           where_);
    const std::size_t order = archive_.find(root_ + "/byteorder");
    if (order == archive_.entries().size()) return;  // PyTorch before 2.1 wrote none, and was little-endian
    const SharedBytes text = archive_.read(order);
    if (std::string_view(reinterpret_cast<const char*>(text.bytes.data()), text.bytes.size()) != "little")
      fail(ExitCode::unsupported, "{}: found numbers in big-endian order, expected little-endian", where_);
  }

  std::vector<PlacedTensor> place_tensors(const PickleDict& state_dict) const {
    std::vector<PlacedTensor> tensors;
    std::unordered_set<std::string_view> seen;
    for (const auto& [key, value] : state_dict.items) {
      const auto* name = key->as<std::string>();
      const auto* tensor = value->as<PickleTensor>();
      if (name == nullptr || tensor == nullptr) continue;
      if (!seen.insert(*name).second) fail(ExitCode::data, "{}: {}: found twice", where_, *name);
      tensors.push_back(place(*name, *tensor));
    }
    return tensors;
  }

  PlacedTensor place(const std::string& name, const PickleTensor& tensor) const {
    const std::string where = where_ + ": " + name;
    const auto dtype = dtype_named(tensor.type->name);
    if (!dtype)
      fail(ExitCode::unsupported, "{}: found type {}, expected floats, signed integers, uint8 or bool", where,
           tensor.type->name);
    if (tensor.lazy_math)
      fail(ExitCode::unsupported, "{}: found a lazily negated or conjugated tensor; save tensor.clone()", where);
    PlacedTensor placed{name, *dtype, extents_of(*tensor.shape, where), extents_of(*tensor.strides, where)};
    placed.bytes = checked_byte_count(where, *dtype, placed.shape);
    placed.entry = archive_.find(root_ + "/data/" + *tensor.storage->key);
    if (placed.entry == archive_.entries().size())
      fail(ExitCode::data, "{}: found no record data/{} in the archive", where, *tensor.storage->key);

    const std::uint64_t size = byte_size(*dtype), storage_bytes = archive_.entries()[placed.entry].size;
    const auto storage_dtype = dtype_named(tensor.storage->type->name);
    const std::uint64_t element = storage_dtype ? byte_size(*storage_dtype) : 1;  // an untyped one counts bytes
    if (storage_bytes % element != 0 || storage_bytes / element != static_cast<std::uint64_t>(tensor.storage->elements))
      fail(ExitCode::data, "{}: found {} bytes in record data/{}, expected {} elements of {}", where, storage_bytes,
           *tensor.storage->key, tensor.storage->elements, element);
    const std::uint64_t last = last_element(where, placed.shape, placed.strides), room = storage_bytes / size;
    const auto offset = static_cast<std::uint64_t>(tensor.offset);
    if (tensor.offset < 0 || (placed.bytes > 0 && (offset >= room || last >= room - offset)))
      fail(ExitCode::data, "{}: found elements {} to {} of a storage of {}, expected a view within it", where,
           tensor.offset, last, room);
    placed.begin = placed.bytes == 0 ? 0 : offset * size;
    return placed;
  }

  /// Reads each storage that a tensor uses, once.
  void read_storages(const std::vector<PlacedTensor>& tensors) {
    std::set<std::size_t> used;
    for (const PlacedTensor& tensor : tensors) used.insert(tensor.entry);
    const std::vector<std::size_t> entries(used.begin(), used.end());
    const std::vector<SharedBytes> contents = archive_.read_all(entries);
    for (std::size_t i = 0; i < entries.size(); ++i) storages_.emplace(entries[i], contents[i]);
  }

  /// Views that are copied may repeat elements, as expand() does, or be many, so that they outgrow the file.
  void check_copies(const std::vector<PlacedTensor>& tensors) const {
    const std::uint64_t file_bytes = archive_.file()->bytes().size();
    std::uint64_t left = unpacking_limit(file_bytes);
    for (const PlacedTensor& tensor : tensors) {
      if (is_contiguous(tensor.shape, tensor.strides)) continue;
      if (tensor.bytes > left)
        fail(ExitCode::data, "{}: {}: found views of {} bytes and more in a file of {}", where_, tensor.name,
             tensor.bytes, file_bytes);
      left -= tensor.bytes;
    }
  }

  [[nodiscard]] Tensor make(const PlacedTensor& tensor) const {
    const SharedBytes& storage = storages_.at(tensor.entry);
    const auto source = storage.bytes.subspan(tensor.begin);
    if (is_contiguous(tensor.shape, tensor.strides))
      return {tensor.name, tensor.dtype, tensor.shape, source.first(tensor.bytes), storage.owner};
    std::vector<std::byte> copy(tensor.bytes);
    copy_strided(source.data(), byte_size(tensor.dtype), tensor.shape, tensor.strides, copy);
    return make_tensor(tensor.name, tensor.dtype, tensor.shape, std::move(copy));
  }

  const ZipArchive& archive_;
  std::string where_, root_;
  std::map<std::size_t, SharedBytes> storages_;  ///< by entry
};

}  // namespace

bool is_torch_archive(const ZipArchive& archive) { return !root_of(archive).empty(); }

TensorFile read_state_dict(const ZipArchive& archive) { return StateDictReader(archive).read(); }

}  // namespace phew
