#include "train/reference_forward.hpp"

#include "graph/error.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <string>

namespace phew::test {
namespace {

/// One op's output: [example][channel · positions + position].
using Values = std::vector<std::vector<double>>;
using Vertex = Network::Vertex;

class Reference {
 public:
  Reference(const Network& network, std::span<const Tensor> state, bool training)
      : network_(network), training_(training) {
    for (const Tensor& tensor : state) state_[tensor.name] = tensor;
  }

  Values run(const Values& inputs) {
    Values output;
    for (Vertex v = 0; v < network_.node_count(); ++v) {
      in_.clear();
      from_.clear();
      for (const Vertex u : network_.inputs(v)) {
        in_.push_back(&values_[u]);
        from_.push_back(network_.node(u).output);
      }
      node_ = &network_.node(v);
      const Values input = inputs;
      if (std::holds_alternative<op::Input>(node_->op)) in_ = {&input};
      values_[v] = std::visit([&](const auto& op) { return compute(op); }, node_->op);
      if (std::holds_alternative<op::Output>(node_->op)) output = values_[v];
    }
    return output;
  }

 private:
  std::span<const float> values_of(const std::string& name) { return float_values(state_.at(name)); }
  std::span<const float> weight() { return values_of(network_.parameters()[node_->parameter].name); }

  /// f(example, channel, y, x) for every place of the op's output.
  template <typename F>
  Values fill(F&& f) {
    const Extent& e = node_->output;
    Values out(in_[0]->size());
    for (std::size_t n = 0; n < out.size(); ++n)
      for (std::int64_t c = 0; c < e.channels; ++c)
        for (std::int64_t y = 0; y < e.height; ++y)
          for (std::int64_t x = 0; x < e.width; ++x) out[n].push_back(f(n, c, y, x));
    return out;
  }
  /// A value of input i; `outside` beyond the borders.
  double at(std::size_t i, std::size_t n, std::int64_t c, std::int64_t y, std::int64_t x, double outside = 0) {
    const Extent& e = from_[i];
    if (y < 0 || x < 0 || y >= e.height || x >= e.width) return outside;
    return (*in_[i])[n][static_cast<std::size_t>((c * e.height + y) * e.width + x)];
  }
  /// The same with a single channel or position standing for all.
  double broadcast(std::size_t i, std::size_t n, std::int64_t c, std::int64_t y, std::int64_t x) {
    const Extent& e = from_[i];
    return at(i, n, e.channels == 1 ? 0 : c, e.height == 1 ? 0 : y, e.width == 1 ? 0 : x);
  }

  template <typename Untested>
  Values compute(const Untested&) {
    fail(ExitCode::internal, "the reference computes no such op");
  }
  Values compute(const op::Input&) { return *in_[0]; }
  Values compute(const op::Output&) { return *in_[0]; }
  Values compute(const op::Dropout&) { return *in_[0]; }
  Values compute(const op::Flatten&) { return *in_[0]; }
  Values compute(const op::ReLU&) {
    return fill([&](auto n, auto c, auto y, auto x) { return std::max(0.0, at(0, n, c, y, x)); });
  }
  Values compute(const op::Conv2d& o) {
    const auto w = weight();
    const std::int64_t in_group = o.in / o.groups, out_group = o.out / o.groups;
    return fill([&](auto n, auto c, auto y, auto x) {
      double sum = o.bias ? values_of(node_->name + ".bias")[static_cast<std::size_t>(c)] : 0.0;
      for (std::int64_t i = 0; i < in_group; ++i)
        for (std::int64_t ky = 0; ky < o.kernel.height; ++ky)
          for (std::int64_t kx = 0; kx < o.kernel.width; ++kx)
            sum +=
                w[static_cast<std::size_t>(((c * in_group + i) * o.kernel.height + ky) * o.kernel.width + kx)] *
                at(0, n, c / out_group * in_group + i, y * o.stride.height - o.padding.height + ky * o.dilation.height,
                   x * o.stride.width - o.padding.width + kx * o.dilation.width);
      return sum;
    });
  }
  Values compute(const op::Linear& o) {
    const auto w = weight();
    return fill([&](auto n, auto c, auto, auto) {
      double sum = o.bias ? values_of(node_->name + ".bias")[static_cast<std::size_t>(c)] : 0.0;
      for (std::int64_t i = 0; i < o.in; ++i)
        sum += w[static_cast<std::size_t>(c * o.in + i)] * (*in_[0])[n][static_cast<std::size_t>(i)];
      return sum;
    });
  }
  Values compute(const op::BatchNorm& o) {
    const Extent e = from_[0];
    return fill([&](auto n, auto c, auto y, auto x) {
      const auto channel = static_cast<std::size_t>(c);
      double mean = values_of(node_->name + ".running_mean")[channel];
      double variance = values_of(node_->name + ".running_var")[channel];
      if (training_) {
        mean = variance = 0;
        const auto each = [&](auto f) {
          for (std::size_t m = 0; m < in_[0]->size(); ++m)
            for (std::int64_t r = 0; r < e.height; ++r)
              for (std::int64_t s = 0; s < e.width; ++s) f(at(0, m, c, r, s));
        };
        const auto count = static_cast<double>(in_[0]->size()) * static_cast<double>(e.positions());
        each([&](double v) { mean += v / count; });
        each([&](double v) { variance += (v - mean) * (v - mean) / count; });
      }
      return (at(0, n, c, y, x) - mean) / std::sqrt(variance + o.eps) * values_of(node_->name + ".weight")[channel] +
             values_of(node_->name + ".bias")[channel];
    });
  }
  Values compute(const op::MaxPool& o) {
    constexpr double lowest = -std::numeric_limits<double>::infinity();
    return fill([&](auto n, auto c, auto y, auto x) {
      double most = lowest;
      for (std::int64_t ky = 0; ky < o.kernel.height; ++ky)
        for (std::int64_t kx = 0; kx < o.kernel.width; ++kx)
          most = std::max(most, at(0, n, c, y * o.stride.height - o.padding.height + ky,
                                   x * o.stride.width - o.padding.width + kx, lowest));
      return most;
    });
  }
  Values compute(const op::GlobalAvgPool&) {
    const Extent e = from_[0];
    return fill([&](auto n, auto c, auto, auto) {
      double sum = 0;
      for (std::int64_t y = 0; y < e.height; ++y)
        for (std::int64_t x = 0; x < e.width; ++x) sum += at(0, n, c, y, x);
      return sum / static_cast<double>(e.positions());
    });
  }
  Values compute(const op::Add&) {
    return fill([&](auto n, auto c, auto y, auto x) {
      double sum = 0;
      for (std::size_t i = 0; i < in_.size(); ++i) sum += broadcast(i, n, c, y, x);
      return sum;
    });
  }
  Values compute(const op::Mul&) {
    return fill([&](auto n, auto c, auto y, auto x) {
      double product = 1;
      for (std::size_t i = 0; i < in_.size(); ++i) product *= broadcast(i, n, c, y, x);
      return product;
    });
  }
  Values compute(const op::Concat&) {
    return fill([&](auto n, auto c, auto y, auto x) {
      std::size_t i = 0;
      while (c >= from_[i].channels) c -= from_[i++].channels;
      return at(i, n, c, y, x);
    });
  }
  Values compute(const op::Split& o) {
    return fill([&](auto n, auto c, auto y, auto x) { return at(0, n, o.first + c, y, x); });
  }
  Values compute(const op::ChannelShuffle& o) {
    const std::int64_t per_group = from_[0].channels / o.groups;
    return fill(
        [&](auto n, auto c, auto y, auto x) { return at(0, n, c % o.groups * per_group + c / o.groups, y, x); });
  }

  const Network& network_;
  bool training_;
  std::map<std::string, Tensor> state_;
  std::map<Vertex, Values> values_;
  const Network::Node* node_ = nullptr;
  std::vector<const Values*> in_;
  std::vector<Extent> from_;
};

}  // namespace

std::vector<std::vector<double>> reference_forward(const Network& network, std::span<const Tensor> state,
                                                   const std::vector<std::vector<double>>& inputs, bool training) {
  return Reference(network, state, training).run(inputs);
}

}  // namespace phew::test
