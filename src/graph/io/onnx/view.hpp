// View: which unit and position each element of a tensor is, however the tensor has been reshaped and transposed.
#pragma once

#include "graph/network.hpp"
#include "graph/tensor.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace phew::onnx {

/// What an index of an activation counts: examples, units, or positions of the map.
enum class Axis : std::uint8_t { batch, channel, height, width };

/// A factor of a dimension: its index i stands for i · stride along an axis of the activation.
struct Atom {
  Axis axis = Axis::batch;
  std::int64_t extent = 1;
  std::int64_t stride = 1;
  friend bool operator==(const Atom&, const Atom&) = default;
};

/// A tensor's dimensions, each a product of atoms, outermost first: [N, C, H, W] seen as [N, 2, C/2, H·W] is
/// {N}, {C by C/2}, {C by 1}, {H, W}. Reshape and Transpose only move atoms, so that a channel shuffle is a
/// permutation of units and view(N, −1) a flattened map, whatever ops wrote them.
class View {
 public:
  using Dimension = std::vector<Atom>;

  View() = default;
  explicit View(std::vector<Dimension> dimensions);
  /// [N, C, H, W], or [N, C] if `flat`.
  View(std::int64_t batch, const Extent& extent, bool flat);

  [[nodiscard]] std::size_t rank() const { return dimensions_.size(); }
  [[nodiscard]] Shape shape() const;
  [[nodiscard]] const Dimension& operator[](std::size_t axis) const { return dimensions_[axis]; }

  /// Whether the dimension has an atom of that axis.
  [[nodiscard]] bool has(std::size_t dimension, Axis axis) const;
  [[nodiscard]] bool has_positions(std::size_t dimension) const {
    return has(dimension, Axis::height) || has(dimension, Axis::width);
  }
  /// Whether every atom of the dimension is of that axis (an extent of 1 has no atoms).
  [[nodiscard]] bool only(std::size_t dimension, Axis axis) const;
  /// The number of elements along an axis.
  [[nodiscard]] std::int64_t extent(Axis axis) const;
  /// The atoms of positions in the order of the dimensions.
  [[nodiscard]] std::vector<Atom> positions() const;

  /// The same elements in order, in another shape of as many; nothing if that would cut an atom unevenly.
  [[nodiscard]] std::optional<View> reshaped(const Shape& shape) const;
  [[nodiscard]] View transposed(std::span<const std::int64_t> permutation) const;

  /// The channels of the activation in the order in which the view goes through them; with `sliced`, only the indices
  /// `taken` of that dimension, which must be all channels (only(sliced, channel)).
  [[nodiscard]] std::vector<std::int64_t> channels(std::optional<std::size_t> sliced = {},
                                                   std::span<const std::int64_t> taken = {}) const;
  /// The view of an activation whose channels are those of channels(sliced, taken), in their order.
  [[nodiscard]] View renumbered(std::optional<std::size_t> sliced = {}, std::int64_t taken = 0) const;

  friend bool operator==(const View&, const View&) = default;

 private:
  void merge();

  std::vector<Dimension> dimensions_;
};

}  // namespace phew::onnx
