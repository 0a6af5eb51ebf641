// OnnxFile: writes small ONNX models, good and bad, for the tests of the reader.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <onnx/onnx_pb.h>
#include <string>
#include <vector>

namespace phew::test {

class OnnxFile {
 public:
  explicit OnnxFile(std::int64_t opset = 18) {
    model_.set_ir_version(8);
    model_.add_opset_import()->set_version(opset);
    graph().set_name("main");
  }

  ::onnx::ModelProto& model() { return model_; }
  ::onnx::GraphProto& graph() { return *model_.mutable_graph(); }

  /// A dimension of 0 is left open.
  OnnxFile& input(const std::string& name, const std::vector<std::int64_t>& shape) {
    ::onnx::ValueInfoProto& info = *graph().add_input();
    info.set_name(name);
    auto& type = *info.mutable_type()->mutable_tensor_type();
    type.set_elem_type(::onnx::TensorProto::FLOAT);
    for (const std::int64_t extent : shape) {
      auto& dimension = *type.mutable_shape()->add_dim();
      if (extent > 0)
        dimension.set_dim_value(extent);
      else
        dimension.set_dim_param("open");
    }
    return *this;
  }
  OnnxFile& output(const std::string& name) {
    graph().add_output()->set_name(name);
    return *this;
  }

  /// A float32 tensor 1, 2, 3, … in raw_data; its last value is the number of elements.
  OnnxFile& weight(const std::string& name, const std::vector<std::int64_t>& shape, float first = 1) {
    ::onnx::TensorProto& tensor = add_tensor(name, shape, ::onnx::TensorProto::FLOAT);
    std::int64_t size = 1;
    for (const std::int64_t extent : shape) size *= extent;
    std::vector<float> values;
    for (std::int64_t i = 0; i < size; ++i) values.push_back(first + static_cast<float>(i));
    tensor.set_raw_data(values.data(), values.size() * sizeof(float));
    return *this;
  }
  OnnxFile& integers(const std::string& name, const std::vector<std::int64_t>& values) {
    ::onnx::TensorProto& tensor =
        add_tensor(name, {static_cast<std::int64_t>(values.size())}, ::onnx::TensorProto::INT64);
    for (const std::int64_t value : values) tensor.add_int64_data(value);
    return *this;
  }
  OnnxFile& scalar(const std::string& name, float value) {
    add_tensor(name, {}, ::onnx::TensorProto::FLOAT).add_float_data(value);
    return *this;
  }
  ::onnx::TensorProto& add_tensor(const std::string& name, const std::vector<std::int64_t>& shape,
                                  ::onnx::TensorProto::DataType type) {
    ::onnx::TensorProto& tensor = *graph().add_initializer();
    tensor.set_name(name);
    tensor.set_data_type(type);
    for (const std::int64_t extent : shape) tensor.add_dims(extent);
    return tensor;
  }

  /// A node whose outputs follow; the last call is the one that set() adds attributes to.
  OnnxFile& node(const std::string& op, const std::vector<std::string>& inputs, const std::vector<std::string>& outputs,
                 const std::string& name = "") {
    ::onnx::NodeProto& node = *graph().add_node();
    node.set_op_type(op);
    node.set_name(name);
    for (const std::string& input : inputs) node.add_input(input);
    for (const std::string& out : outputs) node.add_output(out);
    return *this;
  }
  OnnxFile& set(const std::string& key, std::int64_t value) {
    ::onnx::AttributeProto& attribute = add_attribute(key, ::onnx::AttributeProto::INT);
    attribute.set_i(value);
    return *this;
  }
  OnnxFile& set(const std::string& key, const std::vector<std::int64_t>& values) {
    ::onnx::AttributeProto& attribute = add_attribute(key, ::onnx::AttributeProto::INTS);
    for (const std::int64_t value : values) attribute.add_ints(value);
    return *this;
  }

  std::filesystem::path write(const std::filesystem::path& path) const {
    std::ofstream file(path, std::ios::binary);
    model_.SerializeToOstream(&file);
    return path;
  }

 private:
  ::onnx::AttributeProto& add_attribute(const std::string& key, ::onnx::AttributeProto::AttributeType type) {
    ::onnx::AttributeProto& attribute = *graph().mutable_node(graph().node_size() - 1)->add_attribute();
    attribute.set_name(key);
    attribute.set_type(type);
    return attribute;
  }

  ::onnx::ModelProto model_;
};

}  // namespace phew::test
