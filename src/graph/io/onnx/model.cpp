#include "graph/io/onnx/model.hpp"

#include "graph/error.hpp"
#include "graph/io/onnx/external_data.hpp"
#include "graph/io/onnx/names.hpp"
#include "graph/io/onnx/wire.hpp"
#include "graph/io/tensor_layout.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <limits>
#include <onnx/onnx_pb.h>

namespace phew::onnx {
namespace {

using ::onnx::AttributeProto;
using ::onnx::GraphProto;
using ::onnx::ModelProto;
using ::onnx::NodeProto;
using ::onnx::TensorProto;

/// No protobuf message is larger: https://protobuf.dev/programming-guides/encoding#size-limit
constexpr std::size_t max_model_bytes = std::numeric_limits<std::int32_t>::max();

DType dtype_of(const TensorProto& tensor, const std::string& where) {
  switch (tensor.data_type()) {
    case TensorProto::FLOAT:
      return DType::f32;
    case TensorProto::DOUBLE:
      return DType::f64;
    case TensorProto::FLOAT16:
      return DType::f16;
    case TensorProto::BFLOAT16:
      return DType::bf16;
    case TensorProto::INT64:
      return DType::i64;
    case TensorProto::INT32:
      return DType::i32;
    case TensorProto::INT16:
      return DType::i16;
    case TensorProto::INT8:
      return DType::i8;
    case TensorProto::UINT8:
      return DType::u8;
    case TensorProto::BOOL:
      return DType::boolean;
    default:
      fail(ExitCode::unsupported,
           "{}: found ONNX element type {}, expected float, float16, bfloat16, double, integers or bool", where,
           tensor.data_type());
  }
}

/// Values of a protobuf list as bytes of `T`.
template <typename T, typename List>
std::vector<std::byte> narrow(const List& list) {
  std::vector<std::byte> bytes(static_cast<std::size_t>(list.size()) * sizeof(T));
  for (int i = 0; i < list.size(); ++i) {
    const T value = static_cast<T>(list[i]);
    std::memcpy(bytes.data() + static_cast<std::size_t>(i) * sizeof(T), &value, sizeof(T));
  }
  return bytes;
}

/// The values that a tensor holds as a list of numbers.
std::vector<std::byte> listed_values(const TensorProto& tensor, DType dtype) {
  switch (dtype) {
    case DType::f32:
      return narrow<float>(tensor.float_data());
    case DType::f64:
      return narrow<double>(tensor.double_data());
    case DType::i64:
      return narrow<std::int64_t>(tensor.int64_data());
    case DType::i32:
      return narrow<std::int32_t>(tensor.int32_data());
    case DType::i16:
    case DType::f16:
    case DType::bf16:
      return narrow<std::uint16_t>(tensor.int32_data());
    case DType::i8:
    case DType::u8:
    case DType::boolean:
      return narrow<std::uint8_t>(tensor.int32_data());
  }
  fail(ExitCode::internal, "unknown dtype {}", static_cast<int>(dtype));
}

std::uint64_t byte_number(const std::string& text, const std::string& where) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size())
    fail(ExitCode::data, "{}: found external data at byte '{}', expected a whole number", where, text);
  return value;
}

ExternalPlace external_place(const TensorProto& tensor, const std::string& where) {
  ExternalPlace place;
  for (const auto& entry : tensor.external_data()) {
    if (entry.key() == "location") place.location = entry.value();
    if (entry.key() == "offset") place.offset = byte_number(entry.value(), where);
    if (entry.key() == "length") place.length = byte_number(entry.value(), where);
  }
  return place;
}

/// Turns protobuf messages into plain values.
class Reader {
 public:
  explicit Reader(const std::shared_ptr<const MappedFile>& file) : file_(file), external_(file->path()) {
    model_.file = file->path().string();
  }

  Model read() {
    if (file_->bytes().size() > max_model_bytes)
      fail(ExitCode::data, "{}: found {} bytes, expected at most {}, protobuf's limit; export with external data",
           model_.file, file_->bytes().size(), max_model_bytes);
    const SlimModel slim = without_weights(file_->bytes(), model_.file);
    ModelProto proto;
    if (!proto.ParseFromString(slim.model))
      fail(ExitCode::data, "{}: found no ONNX model that protobuf can parse; is the file damaged?", model_.file);
    if (!proto.has_graph()) fail(ExitCode::data, "{}: found no graph, expected an ONNX model", model_.file);
    read_opset(proto);
    read_initializers(proto.graph(), slim);
    for (const NodeProto& node : proto.graph().node()) read_node(node);
    read_ports(proto.graph());
    return std::move(model_);
  }

 private:
  void read_opset(const ModelProto& proto) {
    const auto standard = std::ranges::find_if(
        proto.opset_import(), [](const auto& set) { return set.domain().empty() || set.domain() == "ai.onnx"; });
    if (standard == proto.opset_import().end())
      fail(ExitCode::data, "{}: found no version of ONNX's own operators (opset_import)", model_.file);
    model_.opset = standard->version();
    if (model_.opset < first_opset || model_.opset > last_opset)
      fail(ExitCode::unsupported, "{}: found opset {}, expected {} to {}; export with opset_version={}", model_.file,
           model_.opset, first_opset, last_opset, 18);
  }

  void read_initializers(const GraphProto& graph, const SlimModel& slim) {
    if (graph.sparse_initializer_size() > 0)
      fail(ExitCode::unsupported, "{}: {}: found a sparse initialiser, expected dense ones", model_.file,
           graph.sparse_initializer(0).values().name());
    for (int i = 0; i < graph.initializer_size(); ++i)
      model_.initializers.push_back(tensor(graph.initializer(i), slim.data[static_cast<std::size_t>(i)]));
  }

  /// `raw` is its raw_data in the file.
  Tensor tensor(const TensorProto& proto, std::span<const std::byte> raw) {
    const std::string where = model_.file + ": " + proto.name();
    const DType dtype = dtype_of(proto, where);
    Tensor result{proto.name(), dtype, {proto.dims().begin(), proto.dims().end()}, raw, file_};
    const std::uint64_t expected = checked_byte_count(where, dtype, result.shape);
    if (proto.data_location() == TensorProto::EXTERNAL) {
      SharedBytes bytes = external_.bytes(external_place(proto, where), proto.name());
      result.bytes = bytes.bytes;
      result.owner = std::move(bytes.owner);
    } else if (raw.empty() && expected > 0) {
      auto values = std::make_shared<const std::vector<std::byte>>(listed_values(proto, dtype));
      result.bytes = *values;
      result.owner = values;
    }
    if (result.bytes.size() != expected)
      fail(ExitCode::data, "{}: found {} bytes, expected {} for {} of {}", where, result.bytes.size(), expected,
           to_string(result.shape), name_of(dtype));
    return result;
  }

  void read_node(const NodeProto& proto) {
    Node node;
    const bool standard = proto.domain().empty() || proto.domain() == "ai.onnx";
    node.op = standard ? proto.op_type() : proto.domain() + "::" + proto.op_type();
    node.name = proto.name().empty() ? fmt::format("{}_{}", proto.op_type(), model_.nodes.size()) : proto.name();
    node.module = module_of(proto);
    node.inputs.assign(proto.input().begin(), proto.input().end());
    node.outputs.assign(proto.output().begin(), proto.output().end());
    for (const AttributeProto& attribute : proto.attribute())
      node.attributes.emplace_back(attribute.name(), value_of(attribute, node.name));
    model_.nodes.push_back(std::move(node));
  }

  Attribute value_of(const AttributeProto& attribute, const std::string& node) {
    switch (attribute.type()) {
      case AttributeProto::INT:
        return attribute.i();
      case AttributeProto::FLOAT:
        return static_cast<double>(attribute.f());
      case AttributeProto::STRING:
        return attribute.s();
      case AttributeProto::INTS:
        return std::vector<std::int64_t>(attribute.ints().begin(), attribute.ints().end());
      case AttributeProto::FLOATS:
        return std::vector<double>(attribute.floats().begin(), attribute.floats().end());
      case AttributeProto::TENSOR:
        return attribute_tensor(attribute.t(), node);
      default:
        return Opaque{};
    }
  }

  /// A constant's bytes are copied: `proto` does not outlive the reader.
  Tensor attribute_tensor(const TensorProto& proto, const std::string& node) {
    const std::string& raw = proto.raw_data();
    Tensor view = tensor(proto, std::as_bytes(std::span(raw)));
    if (view.name.empty()) view.name = node;
    if (raw.empty()) return view;
    return make_tensor(view.name, view.dtype, view.shape, {view.bytes.begin(), view.bytes.end()});
  }

  /// The path of the node's PyTorch module: dynamo's exporter writes it into metadata (ONNX IR 10, younger than
  /// Debian 12's libonnx, which keeps it as an unknown field), the TorchScript-based one into the name.
  static std::string module_of(const NodeProto& proto) {
    constexpr int metadata_props = 9;
    const auto& unknown = proto.unknown_fields();
    for (int i = 0; i < unknown.field_count(); ++i) {
      const auto& field = unknown.field(i);
      ::onnx::StringStringEntryProto entry;
      if (field.number() != metadata_props || field.type() != field.TYPE_LENGTH_DELIMITED) continue;
      if (entry.ParseFromString(field.length_delimited()) && entry.key() == "pkg.torch.onnx.name_scopes")
        return module_of_scopes(entry.value());
    }
    return module_of_node_name(proto.name());
  }

  void read_ports(const GraphProto& graph) {
    for (const auto& input : graph.input()) {
      if (std::ranges::count(model_.initializers, input.name(), &Tensor::name) > 0) continue;
      Port port{input.name(), {}};
      for (const auto& dimension : input.type().tensor_type().shape().dim())
        port.dimensions.push_back(dimension.has_dim_value() && dimension.dim_value() > 0
                                      ? std::optional<std::int64_t>(dimension.dim_value())
                                      : std::nullopt);
      model_.inputs.push_back(std::move(port));
    }
    for (const auto& output : graph.output()) model_.outputs.push_back(output.name());
  }

  std::shared_ptr<const MappedFile> file_;
  ExternalData external_;
  Model model_;
};

}  // namespace

Model read_model(const std::shared_ptr<const MappedFile>& file) { return Reader(file).read(); }

}  // namespace phew::onnx
