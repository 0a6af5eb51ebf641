#include "graph/io/torch_objects.hpp"

#include "graph/error.hpp"

#include <algorithm>
#include <array>
#include <unordered_map>
#include <utility>

namespace phew {
namespace {

/// No dtype has a longer name.
constexpr std::size_t max_dtype_name = 24;

using Callables = std::unordered_map<std::string_view, PickleCallable>;

const Callables& allowed_callables() {
  using enum PickleCallable;
  static const Callables table{
      {"collections.OrderedDict", dict},
      {"collections.defaultdict", dict},
      {"collections.Counter", opaque},
      {"torch._utils._rebuild_tensor", tensor},
      {"torch._utils._rebuild_tensor_v2", tensor},
      {"torch._utils._rebuild_tensor_v3", typed_tensor},
      {"torch._utils._rebuild_parameter", parameter},
      {"torch._utils._rebuild_parameter_with_state", parameter},
      {"torch._tensor._rebuild_from_type_v2", tensor_with_attributes},
      // Only named, as the class argument of _rebuild_from_type_v2.
      {"torch.Tensor", opaque},
      {"torch.nn.parameter.Parameter", opaque},
      {"torch.nn.parameter.Buffer", opaque},
      // What stands beside a state_dict in checkpoints: sizes, devices, numbers of numpy, bytes.
      {"torch.Size", opaque},
      {"torch.device", opaque},
      {"numpy.dtype", opaque},
      {"numpy.ndarray", opaque},
      {"numpy.core.multiarray.scalar", opaque},
      {"numpy._core.multiarray.scalar", opaque},
      {"numpy.core.multiarray._reconstruct", opaque},
      {"numpy._core.multiarray._reconstruct", opaque},
      {"_codecs.encode", opaque},
  };
  return table;
}

/// Harmless builtins, under Python 2's and Python 3's name of their module.
constexpr std::array<std::string_view, 13> allowed_builtins{"bytearray", "bytes", "complex", "dict",  "float",
                                                            "frozenset", "int",   "list",    "range", "set",
                                                            "slice",     "str",   "tuple"};

/// Storage classes by the type of their elements, PyTorch's name.
constexpr std::array<std::pair<std::string_view, std::string_view>, 17> storage_types{
    {{"torch.DoubleStorage", "float64"},
     {"torch.FloatStorage", "float32"},
     {"torch.HalfStorage", "float16"},
     {"torch.BFloat16Storage", "bfloat16"},
     {"torch.LongStorage", "int64"},
     {"torch.IntStorage", "int32"},
     {"torch.ShortStorage", "int16"},
     {"torch.CharStorage", "int8"},
     {"torch.ByteStorage", "uint8"},
     {"torch.BoolStorage", "bool"},
     {"torch.ComplexFloatStorage", "complex64"},
     {"torch.ComplexDoubleStorage", "complex128"},
     {"torch.QInt8Storage", "qint8"},
     {"torch.QUInt8Storage", "quint8"},
     {"torch.QInt32Storage", "qint32"},
     {"torch.UntypedStorage", ""},
     {"torch.storage.UntypedStorage", ""}}};

/// torch.float32 and its like; any name that a dtype of PyTorch may have, those of the future too.
bool is_dtype(std::string_view name) {
  constexpr std::array<std::string_view, 8> stems{"float", "bfloat", "int", "uint", "complex", "qint", "quint", "bits"};
  if (name.size() > max_dtype_name) return false;
  return name == "bool" || std::ranges::any_of(stems, [&](std::string_view stem) {
           return name.starts_with(stem) && name.size() > stem.size() && name[stem.size()] >= '0' &&
                  name[stem.size()] <= '9';
         });
}

bool is_builtin(std::string_view global) {
  for (const std::string_view module : {"builtins.", "__builtin__."})
    if (global.starts_with(module)) return std::ranges::count(allowed_builtins, global.substr(module.size())) > 0;
  return false;
}

[[noreturn]] void refuse_global(const std::string& global, bool is_top_level, const std::string& where) {
  if (global.starts_with("torch._utils._rebuild") || global.starts_with("torch._tensor._rebuild"))
    fail(ExitCode::unsupported, "{}: found a tensor made by {}, expected dense tensors only; save it as a dense one",
         where, global);
  if (is_top_level || global.starts_with("torch.nn.") || global.starts_with("torchvision.models."))
    fail(ExitCode::data,
         "{}: found a whole pickled module ({}), expected its state_dict; in PyTorch: "
         "torch.save(model.state_dict(), \"weights.pt\")",
         where, global);
  fail(ExitCode::data,
       "{}: found an object of {}, expected tensors and plain Python values only; in PyTorch: "
       "torch.save(model.state_dict(), \"weights.pt\")",
       where, global);
}

[[noreturn]] void bad_arguments(std::string_view what, const std::string& where) {
  fail(ExitCode::data, "{}: found {} with other arguments than torch.save writes; is the file damaged?", where, what);
}

PickleValue rebuild_tensor(const PickleTuple& arguments, bool typed, const std::string& where) {
  const auto& items = arguments.items;
  // Of v2: storage, offset, shape, strides[, requires_grad, hooks[, metadata]]; v3 has the type before the metadata.
  const std::size_t metadata_at = typed ? 7 : 6;
  if (items.size() < (typed ? metadata_at : 4) || items.size() > metadata_at + 1) bad_arguments("a tensor", where);
  const auto* storage = items[0]->as<PickleStorage>();
  const auto* offset = items[1]->as<std::int64_t>();
  const auto* shape = items[2]->as<PickleTuple>();
  const auto* strides = items[3]->as<PickleTuple>();
  if (storage == nullptr || offset == nullptr || shape == nullptr || strides == nullptr)
    bad_arguments("a tensor", where);
  const auto* type = typed ? items[6]->as<PickleType>() : storage->type;
  if (type == nullptr) bad_arguments("a tensor", where);
  const auto* metadata = items.size() > metadata_at ? items[metadata_at]->as<PickleDict>() : nullptr;
  return {PickleTensor{storage, type, *offset, shape, strides, metadata != nullptr && !metadata->items.empty()}};
}

}  // namespace

PickleValue resolve_global(const std::string& global, bool is_top_level, const std::string& where) {
  if (const auto found = allowed_callables().find(global); found != allowed_callables().end()) return {found->second};
  const auto* const storage =
      std::ranges::find(storage_types, std::string_view(global), [](const auto& pair) { return pair.first; });
  if (storage != storage_types.end()) return {PickleType{std::string(storage->second)}};
  constexpr std::string_view torch = "torch.";
  if (global.starts_with(torch) && is_dtype(std::string_view(global).substr(torch.size())))
    return {PickleType{global.substr(torch.size())}};
  if (is_builtin(global)) return {PickleCallable::opaque};
  refuse_global(global, is_top_level, where);
}

PickleValue call_global(PickleRef callable, PickleRef arguments, const std::string& where) {
  const auto* function = callable->as<PickleCallable>();
  const auto* tuple = arguments->as<PickleTuple>();
  if (function == nullptr || tuple == nullptr) bad_arguments("a call", where);
  const auto& items = tuple->items;
  switch (*function) {
    case PickleCallable::dict:
      // A defaultdict is called with its factory; a list of pairs, which Python 2 wrote, would be lost.
      if (!items.empty() && items[0]->as<PickleCallable>() == nullptr) bad_arguments("a dict", where);
      return {PickleDict{}};
    case PickleCallable::tensor:
      return rebuild_tensor(*tuple, false, where);
    case PickleCallable::typed_tensor:
      return rebuild_tensor(*tuple, true, where);
    case PickleCallable::parameter:
      if (items.empty() || items[0]->as<PickleTensor>() == nullptr) bad_arguments("a parameter", where);
      return {*items[0]->as<PickleTensor>()};
    case PickleCallable::tensor_with_attributes: {
      const auto* inner = items.size() == 4 ? items[0]->as<PickleCallable>() : nullptr;
      // The function is one that makes a tensor by itself; calling this one again could nest without end.
      if (inner == nullptr || *inner == PickleCallable::tensor_with_attributes) bad_arguments("a tensor", where);
      return call_global(items[0], items[2], where);
    }
    case PickleCallable::opaque:
      return {PickleOpaque{}};
  }
  fail(ExitCode::internal, "unknown callable {}", static_cast<int>(*function));
}

PickleValue load_persistent(PickleRef id, const std::string& where) {
  const auto* tuple = id->as<PickleTuple>();
  if (tuple == nullptr || tuple->items.size() != 5) bad_arguments("a storage", where);
  const auto& items = tuple->items;
  const auto* kind = items[0]->as<std::string>();
  const auto* type = items[1]->as<PickleType>();
  const auto* key = items[2]->as<std::string>();
  const auto* elements = items[4]->as<std::int64_t>();
  if (kind == nullptr || *kind != "storage" || type == nullptr || key == nullptr || elements == nullptr ||
      *elements < 0)
    bad_arguments("a storage", where);
  return {PickleStorage{key, type, *elements}};
}

}  // namespace phew
