// What a PyTorch pickle can hold, as plain data. Nothing in it is ever executed.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace phew {

struct PickleValue;
/// Values belong to their Pickle; they may refer to each other in cycles.
using PickleRef = const PickleValue*;

/// What is read but not kept: None, booleans, fractions, bytes, lists, sets, numpy's scalars, devices, ….
struct PickleOpaque {};

struct PickleTuple {
  std::vector<PickleRef> items;
};

/// In order of insertion; a key set twice is there twice.
struct PickleDict {
  std::vector<std::pair<PickleRef, PickleRef>> items;
};

/// An allowed function or class, by what calling it gives.
enum class PickleCallable {
  dict,                    ///< OrderedDict() and its like
  tensor,                  ///< _rebuild_tensor_v2(storage, offset, shape, strides, …); the type is the storage's
  typed_tensor,            ///< _rebuild_tensor_v3(storage, offset, shape, strides, requires_grad, hooks, type, …)
  parameter,               ///< _rebuild_parameter(tensor, …), _rebuild_parameter_with_state(tensor, …): the tensor
  tensor_with_attributes,  ///< _rebuild_from_type_v2(function, class, arguments, attributes): calls the function
  opaque,                  ///< whatever else is allowed
};

/// torch.FloatStorage, torch.float32, …: the name of a type of elements, "float32"; "" for an untyped storage.
struct PickleType {
  std::string name;
};

/// A storage: the record `data/KEY` of the archive, holding so many elements of a type.
struct PickleStorage {
  const std::string* key = nullptr;
  const PickleType* type = nullptr;
  std::int64_t elements = 0;
};

/// A strided view of a storage, as it was pickled: nothing is checked yet but what kind of value stands where.
/// Values refer to each other rather than copy, so that a small pickle cannot make many large ones.
struct PickleTensor {
  const PickleStorage* storage = nullptr;
  const PickleType* type = nullptr;  ///< may name one that DType lacks
  std::int64_t offset = 0;
  const PickleTuple* shape = nullptr;
  const PickleTuple* strides = nullptr;
  bool lazy_math = false;  ///< a lazily conjugated or negated view: its bytes are not its values
};

struct PickleValue {
  std::variant<PickleOpaque, std::int64_t, std::string, PickleTuple, PickleDict, PickleCallable, PickleType,
               PickleStorage, PickleTensor>
      data;

  /// The value as a T, or nullptr.
  template <typename T>
  [[nodiscard]] const T* as() const {
    return std::get_if<T>(&data);
  }
};

}  // namespace phew
