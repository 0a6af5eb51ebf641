#include "train/dataset.hpp"

#include "graph/error.hpp"
#include "train/content_hash.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

namespace phew {
namespace {

std::string to_string(const Extent& e) { return fmt::format("{}x{}x{}", e.channels, e.height, e.width); }

Tensor first_examples(const Tensor& tensor, std::int64_t count) {
  Tensor out = tensor;
  if (tensor.shape.empty()) return out;
  out.shape.front() = std::min(count, tensor.shape.front());
  out.bytes = tensor.bytes.first(static_cast<std::size_t>(element_count(out.shape)) * byte_size(out.dtype));
  return out;
}

/// Images [N, C, H, W] with `border` rows and columns of zeros around each.
Tensor zero_padded(const Tensor& x, std::int64_t border) {
  const std::int64_t height = x.shape[2], width = x.shape[3];
  const Shape shape{x.shape[0], x.shape[1], height + 2 * border, width + 2 * border};
  const std::size_t size = byte_size(x.dtype);
  const std::size_t row = static_cast<std::size_t>(width) * size;
  std::vector<std::byte> out(static_cast<std::size_t>(element_count(shape)) * size);
  for (std::int64_t image = 0; image < shape[0] * shape[1]; ++image)
    for (std::int64_t r = 0; r < height; ++r) {
      const auto from = static_cast<std::size_t>(image * height + r) * row;
      const auto to = static_cast<std::size_t>((image * shape[2] + r + border) * shape[3] + border) * size;
      std::memcpy(out.data() + to, x.bytes.data() + from, row);
    }
  return make_tensor(x.name, x.dtype, shape, std::move(out));
}

const Network::Node& only_node(const Network& network, bool input) {
  const Network::Node* found = nullptr;
  for (Network::Vertex v = 0; v < network.node_count(); ++v) {
    const Op& op = network.node(v).op;
    if (input ? !std::holds_alternative<op::Input>(op) : !std::holds_alternative<op::Output>(op)) continue;
    if (found) fail(ExitCode::unsupported, "{}: found several inputs or outputs, expected one of each", network.name());
    found = &network.node(v);
  }
  if (!found) fail(ExitCode::internal, "{}: found no {}", network.name(), input ? "input" : "output");
  return *found;
}

}  // namespace

Extent Dataset::extent() const { return {train.x.shape[1], train.x.shape[2], train.x.shape[3]}; }

Normalisation channel_normalisation(const Tensor& x) {
  if (x.dtype != DType::u8 || x.shape.size() != 4)
    fail(ExitCode::internal, "{}: found {} {}, expected uint8 [N, C, H, W]", x.name, name_of(x.dtype),
         to_string(x.shape));
  const std::int64_t channels = x.shape[1], positions = x.shape[2] * x.shape[3];
  std::vector<std::uint64_t> sum(static_cast<std::size_t>(channels)), squares(sum.size());
  const auto* value = reinterpret_cast<const std::uint8_t*>(x.bytes.data());
  for (std::int64_t image = 0; image < x.shape[0]; ++image)
    for (std::size_t c = 0; c < sum.size(); ++c)
      for (std::int64_t p = 0; p < positions; ++p, ++value) {
        sum[c] += *value;
        squares[c] += std::uint64_t{*value} * *value;
      }
  Normalisation out;
  const auto count = static_cast<double>(x.shape[0] * positions);
  for (std::size_t c = 0; c < sum.size(); ++c) {
    const double mean = static_cast<double>(sum[c]) / count;
    const double variance = static_cast<double>(squares[c]) / count - mean * mean;
    out.mean.push_back(mean);
    out.deviation.push_back(variance > 0 ? std::sqrt(variance) : 1.0);
  }
  return out;
}

void keep_first(Dataset& data, std::int64_t count) {
  for (Split* split : {&data.train, &data.test}) {
    split->x = first_examples(split->x, count);
    split->y = first_examples(split->y, count);
    split->classes = first_examples(split->classes, count);
  }
}

void fit_to(Dataset& data, const Network& network) {
  const Network::Node& input = only_node(network, true);
  const std::int64_t outputs = only_node(network, false).output.channels;
  if (data.is_regression() && outputs != data.outputs())
    fail(ExitCode::data, "{}: found {} outputs, expected {}, the targets of {}", network.name(), outputs,
         data.outputs(), data.name);
  const bool enough = outputs == data.classes || (data.classes_are_at_least && outputs > data.classes);
  if (!data.is_regression() && !enough)
    fail(ExitCode::data,
         "{}: found {} outputs, expected {}, the classes of {}; set classes={} after the network's name",
         network.name(), outputs, data.classes, data.name, data.classes);
  const Extent wanted = input.output;
  const Extent found = data.extent();
  if (wanted.positions() == 1 && wanted.channels == found.channels * found.positions()) return;
  if (wanted.channels == found.channels || found.channels == 1) {
    if (wanted.height == found.height && wanted.width == found.width) return;
    if (found.height == 28 && found.width == 28 && wanted.height == 32 && wanted.width == 32) {
      for (Split* split : {&data.train, &data.test}) split->x = zero_padded(split->x, 2);
      return;
    }
  }
  fail(ExitCode::data, "{}: found an input of {}, expected one that takes {}'s images of {}", network.name(),
       to_string(wanted), data.name, to_string(found));
}

std::string default_loss(const Dataset& data) { return data.is_regression() ? "mse" : "cross-entropy"; }

void check_settings(const Dataset& data, const std::string& loss, const std::string& augment) {
  if (data.is_regression() && loss != "mse")
    fail(ExitCode::usage, "--loss: found {}, expected mse for the float targets of {}", loss, data.name);
  if (augment == "none") return;
  if (data.is_regression())
    fail(ExitCode::usage, "--augment: found {}, expected none for the targets of {}, which would not move along",
         augment, data.name);
  if (data.extent().positions() == 1)
    fail(ExitCode::usage, "--augment: found {}, expected none for {}, which has no images", augment, data.name);
}

std::string hash_of(const Dataset& data) {
  ContentHash hash;
  for (const Split* split : {&data.train, &data.test}) {
    hash.add(split->x.bytes);
    hash.add(split->y.bytes);
  }
  return hash.hex();
}

}  // namespace phew
