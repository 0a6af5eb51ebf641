#include "train/user_data.hpp"

#include "graph/error.hpp"
#include "graph/io/weights_file.hpp"
#include "graph/weights.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace phew {
namespace {

namespace fs = std::filesystem;

bool is_float(DType type) {
  return type == DType::f64 || type == DType::f32 || type == DType::f16 || type == DType::bf16;
}

const Tensor& array(const TensorFile& file, const char* name) {
  if (const Tensor* found = file.find(name)) return *found;
  std::string others;
  for (const Tensor& tensor : file.tensors) others += (others.empty() ? "" : ", ") + tensor.name;
  fail(ExitCode::data, "{}: {}: found no array of that name{}; save it as numpy.savez(FILE, x=..., y=...)",
       file.path.string(), name, others.empty() ? "" : ", only " + others);
}

/// float32 values, all finite.
Tensor floats(const Tensor& tensor, const std::string& place) {
  Tensor out = to_float32(tensor);
  require_finite(float_values(out), place);
  return out;
}

/// Examples as [N, C, H, W]; features are channels of one position.
Tensor examples(const TensorFile& file) {
  const std::string place = file.path.string() + ": x";
  Tensor x = array(file, "x");
  if (x.shape.size() != 2 && x.shape.size() != 4)
    fail(ExitCode::data, "{}: found the shape {}, expected [N, C, H, W] or [N, F]", place, to_string(x.shape));
  if (element_count(x.shape) == 0) fail(ExitCode::data, "{}: found no values in {}", place, to_string(x.shape));
  if (!is_float(x.dtype) && x.dtype != DType::u8)
    fail(ExitCode::data, "{}: found {}, expected floats or uint8", place, name_of(x.dtype));
  if (is_float(x.dtype)) x = floats(x, place);
  x.shape.resize(4, 1);
  return x;
}

/// Classes [N] or targets [N, K].
Tensor targets(const TensorFile& file, std::int64_t count) {
  const std::string place = file.path.string() + ": y";
  Tensor y = array(file, "y");
  if (!is_float(y.dtype) && y.dtype != DType::i64)
    fail(ExitCode::data, "{}: found {}, expected int64 classes or float targets; convert it by y.astype(\"int64\")",
         place, name_of(y.dtype));
  const bool classes = y.dtype == DType::i64;
  if (y.shape.empty() || y.shape.size() > (classes ? 1U : 2U))
    fail(ExitCode::data, "{}: found the shape {}, expected {}", place, to_string(y.shape),
         classes ? "[N] of classes" : "[N] or [N, K] of targets");
  if (y.shape.front() != count)
    fail(ExitCode::data, "{}: found {} rows, expected {}, as many as x has", place, y.shape.front(), count);
  if (classes) return y;
  y = floats(y, place);
  y.shape.resize(2, 1);
  if (y.shape[1] == 0) fail(ExitCode::data, "{}: found no targets in {}", place, to_string(y.shape));
  return y;
}

/// One more than the highest class.
std::int64_t count_classes(const Tensor& y, const std::string& place) {
  std::int64_t highest = 0;
  for (std::int64_t i = 0; i < y.shape[0]; ++i) {
    std::int64_t label = 0;
    std::memcpy(&label, y.bytes.data() + static_cast<std::size_t>(i) * sizeof label, sizeof label);
    if (label < 0 || label >= most_classes)
      fail(ExitCode::data, "{}: y: example {}: found the class {}, expected 0 to {}", place, i, label,
           most_classes - 1);
    highest = std::max(highest, label);
  }
  return highest + 1;
}

Split read_split(const fs::path& path) {
  const TensorFile file = read_tensor_file(path);
  Tensor x = examples(file);
  Tensor y = targets(file, x.shape[0]);
  return {std::move(x), std::move(y)};
}

void require_agreement(const Split& train, const Split& test, const std::string& place) {
  const auto rest = [](const Shape& shape) { return Shape(shape.begin() + 1, shape.end()); };
  if (train.x.dtype != test.x.dtype || rest(train.x.shape) != rest(test.x.shape))
    fail(ExitCode::data, "{}: x: found {} of {}, expected {} examples of {} as the training data have", place,
         name_of(test.x.dtype), to_string(rest(test.x.shape)), name_of(train.x.dtype), to_string(rest(train.x.shape)));
  if (train.y.dtype != test.y.dtype || rest(train.y.shape) != rest(test.y.shape))
    fail(ExitCode::data, "{}: y: found {} of {}, expected {} of {} as the training data have", place,
         name_of(test.y.dtype), to_string(rest(test.y.shape)), name_of(train.y.dtype), to_string(rest(train.y.shape)));
}

/// Of all values together where the examples are vectors: a feature that hardly ever changes must not be blown up.
Normalisation normalisation_of(const Tensor& x) {
  if (x.dtype != DType::u8) return {{0}, {1}};
  if (x.shape[2] * x.shape[3] > 1) return channel_normalisation(x);
  Tensor as_one = x;
  as_one.shape = {x.shape[0], 1, 1, x.shape[1]};
  return channel_normalisation(as_one);
}

}  // namespace

Dataset read_user_data(const fs::path& train, const fs::path& test) {
  Dataset data;
  data.name = train.string();
  data.train = read_split(train);
  data.test = test.empty() ? data.train : read_split(test);
  const std::string test_place = test.empty() ? train.string() : test.string();
  require_agreement(data.train, data.test, test_place);
  data.classes_are_at_least = true;
  if (data.train.y.dtype == DType::i64)
    data.classes = std::max(count_classes(data.train.y, train.string()), count_classes(data.test.y, test_place));
  data.normalisation = normalisation_of(data.train.x);
  return data;
}

}  // namespace phew
