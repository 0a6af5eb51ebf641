#include "graph/error.hpp"
#include "graph/io/archive_comment.hpp"
#include "graph/io/state_dict.hpp"

#include <string>
#include <string_view>
#include <unordered_set>

namespace phew {
namespace {

/// The few opcodes of pickle's protocol 2 that a dictionary of tensors takes.
class Pickler {
 public:
  Pickler() { op("\x80\x02"); }

  Pickler& op(std::string_view opcode) {
    text_ += opcode;
    return *this;
  }
  Pickler& global(std::string_view module, std::string_view name) {
    return op("c").op(module).op("\n").op(name).op("\n");
  }
  Pickler& string(std::string_view value) { return op("X").little_endian(value.size(), 4).op(value); }
  Pickler& integer(std::int64_t value) {
    if (value < 1 << 8) return op("K").little_endian(static_cast<std::uint64_t>(value), 1);
    if (value < std::int64_t{1} << 31) return op("J").little_endian(static_cast<std::uint64_t>(value), 4);
    return op("\x8a\x08").little_endian(static_cast<std::uint64_t>(value), 8);
  }
  Pickler& tuple(const Shape& values) {
    op("(");
    for (const std::int64_t value : values) integer(value);
    return op("t");
  }
  [[nodiscard]] std::string take() { return std::move(text_.append(".")); }

 private:
  Pickler& little_endian(std::uint64_t value, int bytes) {
    for (int i = 0; i < bytes; ++i) text_.push_back(static_cast<char>(value >> (8 * i) & 0xFF));
    return *this;
  }
  std::string text_;
};

std::string_view storage_class(DType dtype) {
  switch (dtype) {
    case DType::f64:
      return "DoubleStorage";
    case DType::f32:
      return "FloatStorage";
    case DType::f16:
      return "HalfStorage";
    case DType::bf16:
      return "BFloat16Storage";
    case DType::i64:
      return "LongStorage";
    case DType::i32:
      return "IntStorage";
    case DType::i16:
      return "ShortStorage";
    case DType::i8:
      return "CharStorage";
    case DType::u8:
      return "ByteStorage";
    case DType::boolean:
      return "BoolStorage";
  }
  fail(ExitCode::internal, "unknown dtype {}", static_cast<int>(dtype));
}

Shape contiguous_strides(const Shape& shape) {
  Shape strides(shape.size(), 1);
  for (std::size_t i = shape.size(); i-- > 1;) strides[i - 1] = strides[i] * std::max<std::int64_t>(shape[i], 1);
  return strides;
}

/// torch._utils._rebuild_tensor_v2(storage, 0, shape, strides, False, OrderedDict()); the storage by its persistent id
/// ("storage", class, key, "cpu", elements).
void pickle_tensor(Pickler& pickler, const Tensor& tensor, std::string_view key) {
  pickler.global("torch._utils", "_rebuild_tensor_v2").op("(");
  pickler.op("(").string("storage").global("torch", storage_class(tensor.dtype)).string(key).string("cpu");
  pickler.integer(element_count(tensor.shape)).op("tQ");
  pickler.integer(0).tuple(tensor.shape).tuple(contiguous_strides(tensor.shape));
  pickler.op("\x89").global("collections", "OrderedDict").op(")R").op("tR");
}

}  // namespace

void write_state_dict(AtomicFile& file, const std::vector<Tensor>& tensors,
                      const std::map<std::string, std::string>& metadata) {
  std::unordered_set<std::string_view> seen;
  Pickler pickler;
  pickler.global("collections", "OrderedDict").op(")R").op("(");
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    if (!seen.insert(tensors[i].name).second)
      fail(ExitCode::data, "{}: {}: found a tensor's name twice", file.target().string(), tensors[i].name);
    pickle_tensor(pickler.string(tensors[i].name), tensors[i], std::to_string(i));
  }
  const std::string pickle = pickler.op("u").take();

  const auto text = [](std::string_view value) { return std::as_bytes(std::span(value)); };
  // PyTorch takes the first folder's name as the archive's.
  std::vector<ZipEntry> entries{{"archive/data.pkl", {text(pickle)}}, {"archive/byteorder", {text("little")}}};
  for (std::size_t i = 0; i < tensors.size(); ++i)
    entries.push_back({"archive/data/" + std::to_string(i), {tensors[i].bytes}});
  entries.push_back({"archive/version", {text("3\n")}});
  write_zip(file, entries, archive_comment(metadata, file.target().string()));
}

}  // namespace phew
