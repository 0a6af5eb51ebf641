#include "graph/io/onnx/wire.hpp"

#include "graph/error.hpp"

#include <cstdint>

namespace phew::onnx {
namespace {

// Field numbers of onnx.proto.
constexpr std::uint64_t model_graph = 7, graph_initializer = 5, tensor_raw_data = 9;

enum WireType : std::uint64_t { varint = 0, fixed64 = 1, bytes = 2, fixed32 = 5 };

/// One field of a message.
struct Field {
  std::uint64_t number = 0;
  WireType type = varint;
  std::span<const std::byte> whole;    ///< tag, length and payload
  std::span<const std::byte> payload;  ///< of type bytes
};

/// Reads a message's fields one after another.
class Fields {
 public:
  Fields(std::span<const std::byte> message, const std::string& where) : rest_(message), where_(where) {}

  [[nodiscard]] bool done() const { return rest_.empty(); }

  Field next() {
    const std::span<const std::byte> start = rest_;
    const std::uint64_t tag = read_varint();
    Field field{tag >> 3, static_cast<WireType>(tag & 7), {}, {}};
    switch (field.type) {
      case varint:
        (void)read_varint();
        break;
      case fixed64:
        (void)take(8);
        break;
      case fixed32:
        (void)take(4);
        break;
      case bytes:
        field.payload = take(read_varint());
        break;
      default:
        fail(ExitCode::data, "{}: found no ONNX model (a protobuf field of type {}); is the file damaged?", where_,
             tag & 7);
    }
    field.whole = start.first(start.size() - rest_.size());
    return field;
  }

 private:
  std::span<const std::byte> take(std::uint64_t size) {
    if (size > rest_.size())
      fail(ExitCode::data, "{}: found {} bytes, expected {} more: the file is cut short; copy or export it again",
           where_, rest_.size(), size);
    const auto part = rest_.first(size);
    rest_ = rest_.subspan(size);
    return part;
  }

  std::uint64_t read_varint() {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const auto byte = static_cast<std::uint64_t>(take(1).front());
      value |= (byte & 0x7f) << shift;
      if ((byte & 0x80) == 0) return value;
    }
    fail(ExitCode::data, "{}: found no ONNX model (a number of over ten bytes); is the file damaged?", where_);
  }

  std::span<const std::byte> rest_;
  const std::string& where_;
};

void append(std::string& out, std::span<const std::byte> part) {
  out.append(reinterpret_cast<const char*>(part.data()), part.size());
}

void append_message(std::string& out, std::uint64_t number, const std::string& message) {
  const auto append_varint = [&](std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) out.push_back(static_cast<char>(value | 0x80));
    out.push_back(static_cast<char>(value));
  };
  append_varint(number << 3 | bytes);
  append_varint(message.size());
  out += message;
}

std::string slim_tensor(const Field& tensor, SlimModel& slim, const std::string& where) {
  std::string out;
  slim.data.emplace_back();
  for (Fields fields(tensor.payload, where); !fields.done();) {
    const Field field = fields.next();
    if (field.number == tensor_raw_data && field.type == bytes)
      slim.data.back() = field.payload;  // the last one counts, as protobuf has it
    else
      append(out, field.whole);
  }
  return out;
}

std::string slim_graph(const Field& graph, SlimModel& slim, const std::string& where) {
  std::string out;
  for (Fields fields(graph.payload, where); !fields.done();) {
    const Field field = fields.next();
    if (field.number == graph_initializer && field.type == bytes)
      append_message(out, graph_initializer, slim_tensor(field, slim, where));
    else
      append(out, field.whole);
  }
  return out;
}

}  // namespace

SlimModel without_weights(std::span<const std::byte> file, const std::string& where) {
  SlimModel slim;
  for (Fields fields(file, where); !fields.done();) {
    const Field field = fields.next();
    if (field.number == model_graph && field.type == bytes)
      append_message(slim.model, model_graph, slim_graph(field, slim, where));
    else
      append(slim.model, field.whole);
  }
  return slim;
}

}  // namespace phew::onnx
