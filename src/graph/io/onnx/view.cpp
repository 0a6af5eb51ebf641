#include "graph/io/onnx/view.hpp"

namespace phew::onnx {
namespace {

std::int64_t extent_of(const View::Dimension& dimension) {
  std::int64_t product = 1;
  for (const Atom& atom : dimension) product *= atom.extent;
  return product;
}

}  // namespace

View::View(std::vector<Dimension> dimensions) : dimensions_(std::move(dimensions)) { merge(); }

View::View(std::int64_t batch, const Extent& extent, bool flat) {
  dimensions_ = {{{Axis::batch, batch, 1}}, {{Axis::channel, extent.channels, 1}}};
  if (!flat) {
    dimensions_.push_back({{Axis::height, extent.height, 1}});
    dimensions_.push_back({{Axis::width, extent.width, 1}});
  }
  merge();
}

/// Drops atoms of extent 1 and joins what is one run, so that equal views compare equal.
void View::merge() {
  for (Dimension& dimension : dimensions_) {
    Dimension merged;
    for (const Atom& atom : dimension) {
      if (atom.extent == 1) continue;
      if (!merged.empty() && merged.back().axis == atom.axis && merged.back().stride == atom.extent * atom.stride)
        merged.back() = {atom.axis, merged.back().extent * atom.extent, atom.stride};
      else
        merged.push_back(atom);
    }
    dimension = std::move(merged);
  }
}

Shape View::shape() const {
  Shape shape;
  for (const Dimension& dimension : dimensions_) shape.push_back(extent_of(dimension));
  return shape;
}

bool View::has(std::size_t dimension, Axis axis) const {
  return std::ranges::count(dimensions_[dimension], axis, &Atom::axis) > 0;
}

bool View::only(std::size_t dimension, Axis axis) const {
  return std::ranges::all_of(dimensions_[dimension], [&](const Atom& atom) { return atom.axis == axis; });
}

std::int64_t View::extent(Axis axis) const {
  std::int64_t product = 1;
  for (const Dimension& dimension : dimensions_)
    for (const Atom& atom : dimension)
      if (atom.axis == axis) product *= atom.extent;
  return product;
}

std::vector<Atom> View::positions() const {
  std::vector<Atom> atoms;
  for (const Dimension& dimension : dimensions_)
    for (const Atom& atom : dimension)
      if (atom.axis == Axis::height || atom.axis == Axis::width) atoms.push_back(atom);
  return atoms;
}

std::optional<View> View::reshaped(const Shape& shape) const {
  std::vector<Atom> atoms;
  for (const Dimension& dimension : dimensions_) atoms.insert(atoms.end(), dimension.begin(), dimension.end());
  std::vector<Dimension> out;
  std::size_t next = 0;
  for (std::int64_t rest : shape) {
    Dimension& dimension = out.emplace_back();
    while (rest > 1) {
      if (next == atoms.size()) return {};
      Atom& atom = atoms[next];
      if (rest % atom.extent == 0) {
        rest /= atom.extent;
        dimension.push_back(atom);
        ++next;
      } else if (atom.extent % rest == 0) {
        atom.extent /= rest;
        dimension.push_back({atom.axis, rest, atom.stride * atom.extent});
        rest = 1;
      } else {
        return {};
      }
    }
  }
  if (next != atoms.size()) return {};
  return View(std::move(out));
}

View View::transposed(std::span<const std::int64_t> permutation) const {
  std::vector<Dimension> out;
  for (const std::int64_t axis : permutation) out.push_back(dimensions_[static_cast<std::size_t>(axis)]);
  return View(std::move(out));
}

std::vector<std::int64_t> View::channels(std::optional<std::size_t> sliced, std::span<const std::int64_t> taken) const {
  std::vector<std::int64_t> map{0};
  for (std::size_t d = 0; d < rank(); ++d) {
    std::vector<std::int64_t> offsets{0};
    for (const Atom& atom : dimensions_[d]) {
      if (atom.axis != Axis::channel) continue;
      std::vector<std::int64_t> longer;
      for (const std::int64_t offset : offsets)
        for (std::int64_t i = 0; i < atom.extent; ++i) longer.push_back(offset + i * atom.stride);
      offsets = std::move(longer);
    }
    if (sliced == d) {
      std::vector<std::int64_t> picked;
      for (const std::int64_t i : taken) picked.push_back(offsets[static_cast<std::size_t>(i)]);
      offsets = std::move(picked);
    }
    std::vector<std::int64_t> longer;
    for (const std::int64_t channel : map)
      for (const std::int64_t offset : offsets) longer.push_back(channel + offset);
    map = std::move(longer);
  }
  return map;
}

View View::renumbered(std::optional<std::size_t> sliced, std::int64_t taken) const {
  std::vector<Dimension> out = dimensions_;
  if (sliced) out[*sliced] = {{Axis::channel, taken, 1}};
  std::int64_t stride = 1;
  for (std::size_t d = out.size(); d-- > 0;)
    for (std::size_t a = out[d].size(); a-- > 0;) {
      Atom& atom = out[d][a];
      if (atom.axis != Axis::channel) continue;
      atom.stride = stride;
      stride *= atom.extent;
    }
  return View(std::move(out));
}

}  // namespace phew::onnx
