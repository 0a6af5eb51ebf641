// Constants of an ONNX graph: weights, which stay where they are, and the small numbers that shapes are made of.
#pragma once

#include "graph/io/onnx/model.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace phew::onnx {

/// A tensor seen through strides, so that Transpose and its like cost nothing before the values are wanted.
struct Constant {
  Tensor tensor;  ///< its shape is what is seen; its bytes are the stored ones
  Shape strides;  ///< in elements

  explicit Constant(Tensor stored);
  Constant(Tensor seen, Shape steps) : tensor(std::move(seen)), strides(std::move(steps)) {}

  [[nodiscard]] const Shape& shape() const { return tensor.shape; }
  /// Whether the values lie as the shape says, so that they need no copy.
  [[nodiscard]] bool in_order() const;
  /// The values in C order: the stored ones if they lie so, else a copy. O(elements) then.
  [[nodiscard]] Tensor in_c_order() const;
  /// Axis i of the result is axis permutation[i] of this. The permutation must be one.
  [[nodiscard]] Constant transposed(std::span<const std::int64_t> permutation) const;
};

/// The values of a constant of at most max_folded elements, in C order. Throws Error(unsupported) for a larger one.
[[nodiscard]] std::vector<double> numbers(const Constant& constant);
/// The same as whole numbers; int64 exactly.
[[nodiscard]] std::vector<std::int64_t> integers(const Constant& constant);
/// An int64 tensor of rank 1.
[[nodiscard]] Constant make_integers(const std::vector<std::int64_t>& values);

/// Shapes and the like are small; nothing larger is computed.
inline constexpr std::int64_t max_folded = 1 << 16;

/// An axis as ONNX writes it: negative ones count from the end. Throws Error(data), its text after `where`.
[[nodiscard]] std::size_t checked_axis(std::int64_t axis, std::size_t rank, const std::string& where);
/// The permutation of a Transpose node: its attribute, or the reverse of `rank` axes. Throws Error(data) if it is none.
[[nodiscard]] std::vector<std::int64_t> permutation_of(const Node& node, std::size_t rank, const std::string& where);
/// The shape that a Reshape to `wanted` gives: 0 keeps an extent (unless `allow_zero`), −1 is what is left.
/// Throws Error(data) if the elements do not fit.
[[nodiscard]] Shape reshaped(const Shape& shape, std::span<const std::int64_t> wanted, bool allow_zero,
                             const std::string& where);
/// The shapes that Squeeze and Unsqueeze give; `axes` empty: every axis of extent 1 goes.
[[nodiscard]] Shape squeezed(const Shape& shape, std::span<const std::int64_t> axes, const std::string& where);
[[nodiscard]] Shape unsqueezed(const Shape& shape, std::span<const std::int64_t> axes, const std::string& where);
/// The indices that a slice takes of an axis of this extent; `first` and `end` as ONNX and numpy clamp them.
[[nodiscard]] std::vector<std::int64_t> slice_indices(std::int64_t extent, std::int64_t first, std::int64_t end,
                                                      std::int64_t step, const std::string& where);

/// What a node computes from constants alone; `inputs` has a null for one that is left out. Nothing if this op, or an
/// array of this size, is not computed here. Throws Error(data), its text after `where`, if the shapes do not fit.
[[nodiscard]] std::optional<Constant> fold(const Node& node, std::span<const Constant* const> inputs,
                                           const std::string& where);

}  // namespace phew::onnx
