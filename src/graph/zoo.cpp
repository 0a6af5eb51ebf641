#include "graph/zoo.hpp"

#include "graph/error.hpp"

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>

namespace phew {
namespace {

using Vertex = Network::Vertex;

// Together they keep every count of a network below 2^62.
constexpr std::int64_t max_width = std::int64_t{1} << 24;
constexpr std::int64_t max_layers = std::int64_t{1} << 14;

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(separator, begin), text.size());
    parts.emplace_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

/// A whole number from 1 to 2^24, or an error that names `what`.
std::int64_t positive(std::string_view text, std::string_view what) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < 1 || value > max_width)
    fail(ExitCode::usage, "{}: found '{}', expected a whole number from 1 to 2^24", what, text);
  return value;
}

/// A network's name and its options: "vgg19-bn,classes=100,input=3x64x64".
class Spec {
 public:
  explicit Spec(std::string_view text) : text_(text) {
    const auto parts = split(text, ',');
    name_ = parts.front();
    for (std::size_t i = 1; i < parts.size(); ++i) {
      const std::size_t equals = parts[i].find('=');
      const std::string key = parts[i].substr(0, equals);
      options_[key] = equals == std::string::npos ? "" : parts[i].substr(equals + 1);
    }
  }

  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] const std::string& name() const { return name_; }

  /// Throws Error(usage) if there is an option that is not in `known`.
  void allow(const std::vector<std::string>& known) const {
    for (const auto& [key, value] : options_)
      if (std::ranges::find(known, key) == known.end())
        fail(ExitCode::usage, "network {}: unknown option '{}'{}", text_, key,
             known.empty() ? ", expected none" : fmt::format(", expected one of: {}", fmt::join(known, ", ")));
  }
  [[nodiscard]] std::optional<std::string> option(const std::string& key) const {
    const auto found = options_.find(key);
    return found == options_.end() ? std::nullopt : std::optional(found->second);
  }
  [[nodiscard]] std::int64_t classes(std::int64_t otherwise) const {
    const auto value = option("classes");
    return value ? positive(*value, "network " + text_ + ": classes") : otherwise;
  }
  [[nodiscard]] Extent input(Extent otherwise) const {
    const auto value = option("input");
    if (!value) return otherwise;
    const auto extents = split(*value, 'x');
    const std::string what = "network " + text_ + ": input";
    if (extents.size() != 3) fail(ExitCode::usage, "{}: found '{}', expected CxHxW, as in 3x64x64", what, *value);
    return {positive(extents[0], what), positive(extents[1], what), positive(extents[2], what)};
  }

 private:
  std::string text_, name_;
  std::map<std::string, std::string> options_;
};

/// Appends ops one after another, and remembers where it is.
class Chain {
 public:
  Chain(Network& network, Extent input) : network_(network), at_(network.add("input", op::Input{input})) {}

  Chain& then(const std::string& name, Op op) {
    at_ = network_.add(name, std::move(op), {at_});
    return *this;
  }
  /// A square convolution without bias, "same" padding.
  Chain& conv(const std::string& name, std::int64_t out, std::int64_t kernel, std::int64_t stride = 1) {
    op::Conv2d op{.in = channels(), .out = out};
    op.kernel = {kernel, kernel};
    op.stride = {stride, stride};
    op.padding = {kernel / 2, kernel / 2};
    return then(name, op);
  }
  /// The sum of this chain and another.
  Chain& join(const std::string& name, const Chain& other) {
    at_ = network_.add(name, op::Add{}, {at_, other.at_});
    return *this;
  }
  Chain& norm(const std::string& name) { return then(name, op::BatchNorm{}); }
  Chain& relu(const std::string& name) { return then(name, op::ReLU{}); }

  [[nodiscard]] std::int64_t channels() const { return network_.node(at_).output.channels; }

 private:
  Network& network_;
  Vertex at_;
};

/// "784-100x3-10" → 784, 100, 100, 100, 10.
std::vector<std::int64_t> parse_widths(const Spec& spec, std::string_view text) {
  std::vector<std::int64_t> widths;
  for (const std::string& part : split(text, '-')) {
    const auto factors = split(part, 'x');
    const std::string what = "network " + spec.text();
    if (factors.size() > 2) fail(ExitCode::usage, "{}: found '{}', expected WIDTH or WIDTHxCOUNT", what, part);
    const std::int64_t count = factors.size() == 2 ? positive(factors[1], what) : 1;
    if (static_cast<std::int64_t>(widths.size()) + count > max_layers)
      fail(ExitCode::usage, "{}: found {} layers, expected at most {}", what, widths.size() + count, max_layers);
    widths.insert(widths.end(), static_cast<std::size_t>(count), positive(factors[0], what));
  }
  if (widths.size() < 2)
    fail(ExitCode::usage, "network {}: found one layer, expected at least two widths", spec.text());
  return widths;
}

enum class MlpNorm { none, hidden, all };

/// Sequential(Linear, [BatchNorm,] ReLU, …, Linear): names number the modules.
Network make_mlp(const Spec& spec, const std::vector<std::int64_t>& widths, MlpNorm norm) {
  Network network(spec.text());
  Chain chain(network, Extent{widths.front(), 1, 1});
  std::size_t module = 0;
  const auto next_name = [&] { return std::to_string(module++); };
  for (std::size_t i = 1; i < widths.size(); ++i) {
    chain.then(next_name(), op::Linear{.in = widths[i - 1], .out = widths[i]});
    const bool last = i + 1 == widths.size();
    if (norm == MlpNorm::all || (norm == MlpNorm::hidden && !last)) chain.norm(next_name());
    if (!last || norm == MlpNorm::all) chain.relu(next_name());
  }
  chain.then("output", op::Output{});
  return network;
}

Network make_mlp(const Spec& spec) {
  spec.allow({"bn"});
  MlpNorm norm = MlpNorm::none;
  if (const auto bn = spec.option("bn")) {
    if (*bn != "" && *bn != "all")
      fail(ExitCode::usage, "network {}: found bn={}, expected bn or bn=all", spec.text(), *bn);
    norm = *bn == "all" ? MlpNorm::all : MlpNorm::hidden;
  }
  return make_mlp(spec, parse_widths(spec, std::string_view(spec.name()).substr(4)), norm);
}

Network make_lenet(const Spec& spec) {
  spec.allow({"classes"});
  return make_mlp(spec, {784, 300, 100, spec.classes(10)}, MlpNorm::none);
}

/// Simonyan & Zisserman 2015, configurations A, B, D, E: channels of 3×3 convolutions; 0 is a 2×2 max-pool.
const std::map<std::string, std::vector<std::int64_t>>& vgg_configurations() {
  static const std::map<std::string, std::vector<std::int64_t>> configurations{
      {"vgg11", {64, 0, 128, 0, 256, 256, 0, 512, 512, 0, 512, 512, 0}},
      {"vgg13", {64, 64, 0, 128, 128, 0, 256, 256, 0, 512, 512, 0, 512, 512, 0}},
      {"vgg16", {64, 64, 0, 128, 128, 0, 256, 256, 256, 0, 512, 512, 512, 0, 512, 512, 512, 0}},
      {"vgg19", {64, 64, 0, 128, 128, 0, 256, 256, 256, 256, 0, 512, 512, 512, 512, 0, 512, 512, 512, 512, 0}}};
  return configurations;
}

/// torchvision's `features` and one `classifier` after global average pooling.
Network make_vgg(const Spec& spec, const std::vector<std::int64_t>& channels, bool norm) {
  spec.allow({"classes", "input"});
  Network network(spec.text());
  Chain chain(network, spec.input({3, 32, 32}));
  std::size_t module = 0;
  const auto next_name = [&] { return "features." + std::to_string(module++); };
  for (const std::int64_t out : channels) {
    if (out == 0) {
      chain.then(next_name(), op::MaxPool{{2, 2}, {2, 2}, {0, 0}});
      continue;
    }
    op::Conv2d conv{.in = chain.channels(), .out = out};
    conv.kernel = {3, 3};
    conv.padding = {1, 1};
    conv.bias = true;  // torchvision's VGG has it, batch-norm or not
    chain.then(next_name(), conv);
    if (norm) chain.norm(next_name());
    chain.relu(next_name());
  }
  chain.then("avgpool", op::GlobalAvgPool{}).then("flatten", op::Flatten{});
  chain.then("classifier", op::Linear{.in = chain.channels(), .out = spec.classes(10)});
  chain.then("output", op::Output{});
  return network;
}

enum class Block { basic, bottleneck };

/// What tells one residual network from another.
struct ResNet {
  Block block;
  std::vector<std::int64_t> depths;  ///< blocks per stage
  std::int64_t width;                ///< channels of the first stage; doubles with each
};

/// One residual block under torchvision's names; a 1×1 convolution on the shortcut where the shape changes, which comes
/// last, as in torchvision's state_dict.
void add_block(Chain& chain, const std::string& name, Block block, std::int64_t width, std::int64_t stride) {
  const std::int64_t out = block == Block::basic ? width : 4 * width;
  Chain shortcut = chain;
  if (block == Block::basic) {
    chain.conv(name + ".conv1", width, 3, stride).norm(name + ".bn1").relu(name + ".relu1");
    chain.conv(name + ".conv2", width, 3).norm(name + ".bn2");
  } else {
    chain.conv(name + ".conv1", width, 1).norm(name + ".bn1").relu(name + ".relu1");
    chain.conv(name + ".conv2", width, 3, stride).norm(name + ".bn2").relu(name + ".relu2");
    chain.conv(name + ".conv3", out, 1).norm(name + ".bn3");
  }
  if (stride != 1 || shortcut.channels() != out)
    shortcut.conv(name + ".downsample.0", out, 1, stride).norm(name + ".downsample.1");
  chain.join(name + ".add", shortcut).relu(name + ".relu");
}

Network make_resnet(const Spec& spec, const ResNet& net) {
  spec.allow({"classes", "input"});
  Network network(spec.text());
  Chain chain(network, spec.input({3, 32, 32}));
  chain.conv("conv1", net.width, 3).norm("bn1").relu("relu");
  for (std::size_t stage = 0; stage < net.depths.size(); ++stage)
    for (std::int64_t i = 0; i < net.depths[stage]; ++i)
      add_block(chain, fmt::format("layer{}.{}", stage + 1, i), net.block, net.width << stage,
                stage > 0 && i == 0 ? 2 : 1);
  chain.then("avgpool", op::GlobalAvgPool{}).then("flatten", op::Flatten{});
  chain.then("fc", op::Linear{.in = chain.channels(), .out = spec.classes(10)});
  chain.then("output", op::Output{});
  return network;
}

/// He et al. 2016: Table 1 (18, 34, 50), and Sec. 4.2 (20, 32, 56: 6n + 2 layers, widths 16, 32, 64).
const std::map<std::string, ResNet>& resnet_configurations() {
  static const std::map<std::string, ResNet> configurations{
      {"resnet18", {Block::basic, {2, 2, 2, 2}, 64}},      {"resnet34", {Block::basic, {3, 4, 6, 3}, 64}},
      {"resnet50", {Block::bottleneck, {3, 4, 6, 3}, 64}}, {"resnet20", {Block::basic, {3, 3, 3}, 16}},
      {"resnet32", {Block::basic, {5, 5, 5}, 16}},         {"resnet56", {Block::basic, {9, 9, 9}, 16}}};
  return configurations;
}

[[noreturn]] void unknown_network(const Spec& spec) {
  std::vector<std::string> names{"lenet-300-100", "mlp:784-300-100-10"};
  for (const auto& [name, channels] : vgg_configurations()) names.insert(names.end(), {name, name + "-bn"});
  for (const auto& [name, net] : resnet_configurations()) names.push_back(name);
  fail(ExitCode::usage, "network {}: found no built-in of that name, expected one like {}", spec.text(),
       nearest_name(spec.name(), names));
}

}  // namespace

Network make_network(std::string_view text) {
  const Spec spec(text);
  if (spec.name().starts_with("mlp:")) return make_mlp(spec);
  if (spec.name() == "lenet-300-100") return make_lenet(spec);
  const bool norm = spec.name().ends_with("-bn");
  if (const auto vgg = vgg_configurations().find(norm ? spec.name().substr(0, spec.name().size() - 3) : spec.name());
      vgg != vgg_configurations().end())
    return make_vgg(spec, vgg->second, norm);
  if (const auto resnet = resnet_configurations().find(spec.name()); resnet != resnet_configurations().end())
    return make_resnet(spec, resnet->second);
  unknown_network(spec);
}

std::string zoo_help() {
  return "mlp:W-W-…[,bn|bn=all]          Sequential(Linear, ReLU, …, Linear); mlp:4096x8 is eight layers of 4096\n"
         "lenet-300-100                  mlp:784-300-100-10\n"
         "vgg11|13|16|19[-bn]            torchvision's features, one classifier\n"
         "resnet20|32|56, resnet18|34|50 3x3 stem, 1x1 projection shortcuts\n"
         "options: ,classes=N ,input=CxHxW (3x64x64 for Tiny-ImageNet)\n";
}

}  // namespace phew
