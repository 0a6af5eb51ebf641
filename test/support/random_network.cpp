#include "support/random_network.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>
#include <ostream>
#include <utility>
#include <vector>

namespace phew::test {
namespace {

using Vertex = Network::Vertex;

/// Adds blocks to a network; each takes the vertex it reads and returns the one it ends in.
class Builder {
 public:
  Builder(std::uint64_t seed, std::uint64_t attempt)
      : dice_(seed, attempt), network_(fmt::format("random-{}", seed)), two_ended_(dice_.chance(0.15)) {}

  Network build(std::int64_t max_blocks) {
    const bool maps = dice_.chance(0.6);
    Vertex v = maps ? map_input() : network_.add("input", op::Input{{dice_.between(1, 4), 1, 1}});
    const std::int64_t blocks = dice_.between(1, max_blocks);
    std::int64_t b = 0;
    if (maps) {
      for (const std::int64_t end = dice_.between(1, blocks); b < end; ++b) v = map_block(start_block(b), v);
      v = vector_of(v);
    }
    for (; b < blocks; ++b) v = dense_block(start_block(b), v);
    v = dense("classifier", v, dice_.between(1, 3));
    network_.add("output", op::Output{}, {v});
    return std::move(network_);
  }

 private:
  std::string start_block(std::int64_t b) { return fmt::format("b{}", b); }
  [[nodiscard]] const Extent& extent(Vertex v) const { return network_.node(v).output; }

  Vertex map_input() {
    const Extent size{dice_.between(1, 4), dice_.between(3, 5), dice_.between(3, 5)};
    const Vertex first = network_.add("input", op::Input{size});
    if (!two_ended_) return first;
    const Vertex second = network_.add("input2", op::Input{{dice_.between(1, 2), size.height, size.width}});
    return network_.add("inputs", op::Concat{}, {first, second});
  }

  /// Batch-norm, ReLU, dropout: none of them changes the layered graph.
  Vertex passing(const std::string& name, Vertex v) {
    if (dice_.chance(0.4)) v = network_.add(name + ".bn", op::BatchNorm{}, {v});
    if (dice_.chance(0.6)) v = network_.add(name + ".relu", op::ReLU{}, {v});
    if (dice_.chance(0.1)) v = network_.add(name + ".drop", op::Dropout{}, {v});
    return v;
  }

  Vertex conv(const std::string& name, Vertex v, std::int64_t out, Size2 kernel, bool same_size,
              std::int64_t groups = 1, std::string weight = "") {
    const Extent from = extent(v);
    op::Conv2d c;
    c.in = from.channels;
    c.out = out;
    c.kernel = kernel;
    if (same_size) {
      c.padding = {kernel.height / 2, kernel.width / 2};
    } else {
      c.padding = {dice_.below(2), dice_.below(2)};
      c.stride = {dice_.between(1, 2), 1};
    }
    c.groups = groups;
    c.weight = std::move(weight);
    return network_.add(name, c, {v});
  }
  Vertex dense(const std::string& name, Vertex v, std::int64_t out, std::string weight = "") {
    const Extent from = extent(v);
    return network_.add(name, op::Linear{from.channels, out, dice_.chance(0.5), std::move(weight)}, {v});
  }

  /// An odd kernel, so that "same" padding keeps the map's size.
  Size2 odd_kernel() { return {dice_.chance(0.4) ? 3 : 1, dice_.chance(0.4) ? 3 : 1}; }
  Size2 kernel_within(const Extent& e) {
    return {dice_.between(1, std::min<std::int64_t>(3, e.height)),
            dice_.between(1, std::min<std::int64_t>(3, e.width))};
  }

  Vertex map_block(const std::string& name, Vertex v) {
    switch (dice_.below(8)) {
      case 0:
        return passing(name, conv(name + ".conv", v, dice_.between(1, 4), kernel_within(extent(v)), false));
      case 1:
        return grouped(name, v);
      case 2:
        return depthwise(name, v);
      case 3:
        return residual(name, v, /*maps=*/true);
      case 4:
        return concatenated(name, v, /*maps=*/true);
      case 5:
        return split(name, v, /*maps=*/true);
      case 6:
        return tied(name, v, /*maps=*/true);
      default:
        return pooled(name, conv(name + ".conv", v, dice_.between(2, 4), odd_kernel(), true));
    }
  }
  Vertex dense_block(const std::string& name, Vertex v) {
    switch (dice_.below(5)) {
      case 0:
        return residual(name, v, /*maps=*/false);
      case 1:
        return concatenated(name, v, /*maps=*/false);
      case 2:
        return tied(name, v, /*maps=*/false);
      case 3: {
        const Vertex end = passing(name, dense(name + ".fc", v, dice_.between(1, 5)));
        if (two_ended_) network_.add(name + ".output", op::Output{}, {end});
        return end;
      }
      default:
        return passing(name, dense(name + ".fc", v, dice_.between(1, 5)));
    }
  }

  Vertex weighted(const std::string& name, Vertex v, std::int64_t out, bool maps, std::string weight = "") {
    return maps ? conv(name + ".conv", v, out, odd_kernel(), true, 1, std::move(weight))
                : dense(name + ".fc", v, out, std::move(weight));
  }

  /// A grouped convolution, then a shuffle where the channels allow it.
  Vertex grouped(const std::string& name, Vertex v) {
    const std::int64_t groups = extent(v).channels % 2 == 0 ? 2 : 1;
    v = passing(name, conv(name + ".conv", v, groups * dice_.between(1, 3), kernel_within(extent(v)), false, groups));
    if (groups == 2 && dice_.chance(0.5)) v = network_.add(name + ".shuffle", op::ChannelShuffle{groups}, {v});
    return v;
  }
  /// One group per channel, with one or two targets each, then a pointwise convolution.
  Vertex depthwise(const std::string& name, Vertex v) {
    const std::int64_t channels = extent(v).channels;
    v = passing(name, conv(name + ".dw", v, channels * dice_.between(1, 2), odd_kernel(), true, channels));
    return dice_.chance(0.5) ? conv(name + ".pw", v, dice_.between(1, 4), {1, 1}, true) : v;
  }
  /// One or two weighted ops beside a shortcut: the identity, or a 1×1 projection.
  Vertex residual(const std::string& name, Vertex v, bool maps) {
    const std::int64_t in = extent(v).channels;
    const bool identity = dice_.chance(0.5);
    const std::int64_t out = identity ? in : dice_.between(1, 4);
    Vertex branch = v;
    if (dice_.chance(0.6)) branch = passing(name + ".1", weighted(name + ".1", branch, dice_.between(1, 4), maps));
    branch = weighted(name + ".2", branch, out, maps);
    if (dice_.chance(0.3)) branch = network_.add(name + ".bn2", op::BatchNorm{}, {branch});
    std::vector<Vertex> inputs{branch, v};
    if (!identity) {
      inputs[1] = maps ? conv(name + ".shortcut", v, out, {1, 1}, true) : dense(name + ".shortcut", v, out);
    } else if (dice_.chance(0.2)) {
      inputs.push_back(weighted(name + ".3", v, out, maps));  // three branches into one join
    }
    if (dice_.chance(0.2)) return network_.add(name + ".mul", op::Mul{}, inputs);
    return passing(name, network_.add(name + ".add", op::Add{}, inputs));
  }
  /// A branch beside another, or beside what both read.
  Vertex concatenated(const std::string& name, Vertex v, bool maps) {
    const Vertex a = weighted(name + ".a", v, dice_.between(1, 3), maps);
    const Vertex b = dice_.chance(0.5) ? v : weighted(name + ".b", v, dice_.between(1, 3), maps);
    return network_.add(name + ".cat", op::Concat{}, {a, b});
  }
  /// The channels in two parts, one of them through a weighted op, and together again.
  Vertex split(const std::string& name, Vertex v, bool maps) {
    const std::int64_t channels = extent(v).channels;
    if (channels < 2) return weighted(name, v, 2, maps);
    const std::int64_t first = dice_.between(1, channels - 1);
    const Vertex left = network_.add(name + ".left", op::Split{0, first}, {v});
    const Vertex right = network_.add(name + ".right", op::Split{first, channels - first}, {v});
    return network_.add(name + ".cat", op::Concat{}, {left, weighted(name, right, dice_.between(1, 3), maps)});
  }
  /// Two ops that share one tensor, with or without a layer between them.
  Vertex tied(const std::string& name, Vertex v, bool maps) {
    const std::int64_t n = dice_.between(1, 3);
    v = passing(name, weighted(name + ".in", v, n, maps));
    const std::string shared = name + ".shared.weight";
    const Size2 kernel = odd_kernel();
    for (const char* which : {".t1", ".t2"}) {
      v = maps ? conv(name + which, v, n, kernel, true, 1, shared) : dense(name + which, v, n, shared);
      v = passing(name + which, v);
    }
    return v;
  }
  Vertex pooled(const std::string& name, Vertex v) {
    const Extent e = extent(v);
    if (e.height < 2 || e.width < 2) return v;
    return network_.add(name + ".pool", op::MaxPool{{2, 2}, {2, 2}}, {v});
  }
  /// From a map to a vector: flattened where few positions are left, else pooled.
  Vertex vector_of(Vertex v) {
    const Extent e = extent(v);
    if (e.channels * e.positions() <= 24 && dice_.chance(0.8)) return network_.add("flatten", op::Flatten{}, {v});
    v = network_.add("pool", op::GlobalAvgPool{}, {v});
    return network_.add("flatten", op::Flatten{}, {v});
  }

  Dice dice_;
  Network network_;
  bool two_ended_;  ///< may have a second input and outputs in the middle
};

/// An upper bound of the layered graph's units: every op that may make a layer.
std::int64_t unit_bound(const Network& network) {
  std::int64_t units = 0;
  for (Vertex v = 0; v < network.node_count(); ++v) {
    const Network::Node& node = network.node(v);
    const bool weighted = node.parameter != Network::no_parameter;
    const bool own = weighted || std::holds_alternative<op::Input>(node.op) ||
                     std::holds_alternative<op::Concat>(node.op) || std::holds_alternative<op::Split>(node.op) ||
                     std::holds_alternative<op::ChannelShuffle>(node.op);
    if (own) units += node.output.channels;
  }
  return units;
}

}  // namespace

Network random_network(std::uint64_t seed, const RandomNetworkOptions& options) {
  for (std::uint64_t attempt = 0;; ++attempt) {
    Network network = Builder(seed, attempt).build(options.max_blocks);
    if (unit_bound(network) <= options.max_units) return network;
  }
}

Weights random_weights(const Network& network, Dice& dice) {
  std::vector<Tensor> tensors;
  for (const Parameter& p : network.parameters()) {
    std::vector<float> values(static_cast<std::size_t>(p.size()));
    for (float& w : values) {
      const auto magnitude = static_cast<float>(0.1 + 1.9 * dice.uniform());
      w = dice.chance(1.0 / 16) ? 0.0F : dice.chance(0.5) ? magnitude : -magnitude;
    }
    tensors.push_back(make_tensor(p.name, p.shape, std::move(values)));
  }
  return Weights(network.parameters(), std::move(tensors));
}

Mask random_mask(const Network& network, Dice& dice) {
  constexpr double densities[] = {0.0, 0.15, 0.3, 0.5, 0.5, 0.7, 0.85, 1.0};
  Mask mask(network.parameters());
  const double usual = densities[dice.between(1, 6)];
  for (std::size_t t = 0; t < mask.tensor_count(); ++t) {
    BitMatrix& bits = mask[t];
    const double density = dice.chance(0.3) ? densities[dice.below(8)] : usual;
    for (std::int64_t r = 0; r < bits.rows(); ++r) {
      if (dice.chance(0.1)) continue;
      for (std::int64_t c = 0; c < bits.columns(); ++c)
        if (dice.chance(density)) bits.set(r, c);
    }
  }
  return mask;
}

RandomCase random_case(std::uint64_t seed, const RandomNetworkOptions& options) {
  Network network = random_network(seed, options);
  Dice dice(seed, ~std::uint64_t{0});  // not the streams of the network's attempts
  Weights weights = random_weights(network, dice);
  Mask mask = random_mask(network, dice);
  return {seed, std::move(network), std::move(weights), std::move(mask)};
}

std::string to_text(const Network& network) {
  std::string text = network.name() + "\n";
  for (Vertex v = 0; v < network.node_count(); ++v) {
    const Network::Node& node = network.node(v);
    std::vector<std::string> inputs;
    for (const Vertex u : network.inputs(v)) inputs.push_back(network.node(u).name);
    text += fmt::format("  {} = {}({})  {}x{}x{}", node.name, op_name(node.op), fmt::join(inputs, ", "),
                        node.output.channels, node.output.height, node.output.width);
    if (node.parameter != Network::no_parameter) {
      const Parameter& p = network.parameters()[node.parameter];
      text += fmt::format("  {} {}", p.name, to_string(p.shape));
    }
    if (const auto* c = std::get_if<op::Conv2d>(&node.op); c && c->groups > 1)
      text += fmt::format(" groups {}", c->groups);
    if (const auto* s = std::get_if<op::Split>(&node.op)) text += fmt::format(" first {} count {}", s->first, s->count);
    text += "\n";
  }
  return text;
}

std::string to_text(const Network& network, const Mask& mask) {
  std::string text;
  for (std::size_t t = 0; t < mask.tensor_count(); ++t) {
    const BitMatrix& bits = mask[t];
    text += fmt::format("  mask of {}\n", network.parameters()[t].name);
    for (std::int64_t r = 0; r < bits.rows(); ++r) {
      text += "    ";
      for (std::int64_t c = 0; c < bits.columns(); ++c) text += bits.test(r, c) ? '1' : '0';
      text += "\n";
    }
  }
  return text;
}

std::ostream& operator<<(std::ostream& out, const RandomCase& random) {
  return out << "seed " << random.seed << ": " << to_text(random.network) << to_text(random.network, random.mask);
}

}  // namespace phew::test
