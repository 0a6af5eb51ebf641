#include "analysis/unit_features.hpp"

#include "graph/random_stream.hpp"

#include <algorithm>
#include <cmath>

namespace phew {
namespace {

using Vector = UnitFeatures::Vector;

std::size_t at(std::int64_t index) { return static_cast<std::size_t>(index); }

/// The same for every mask: features of two masks are compared.
constexpr std::uint64_t projection_seed = 0x756e697473;
constexpr std::uint64_t first_sign_stream = std::uint64_t{1} << 48;

Vector random_vector(std::int64_t vertex) {
  const RandomStream stream(projection_seed, Purpose::simulation, static_cast<std::uint64_t>(vertex));
  Vector vector{};
  for (std::size_t d = 0; d < vector.size(); ++d)
    vector[d] = static_cast<float>(unit_interval(stream.block(static_cast<std::uint32_t>(d / 4))[d % 4])) - 0.5F;
  return vector;
}

/// ±1 for each component, by place within a link's kernel.
std::vector<Vector> sign_patterns(const LayeredGraph& graph, std::size_t link) {
  const RandomStream stream(projection_seed, Purpose::simulation, first_sign_stream + link);
  std::vector<Vector> patterns(at(graph.links()[link].kernel));
  for (std::size_t k = 0; k < patterns.size(); ++k) {
    const std::uint32_t bits = stream.block(static_cast<std::uint32_t>(k))[0];
    for (std::size_t d = 0; d < UnitFeatures::width; ++d) patterns[k][d] = (bits >> d & 1U) != 0 ? 1.0F : -1.0F;
  }
  return patterns;
}

void add(Vector& sum, const Vector& other) {
  for (std::size_t d = 0; d < sum.size(); ++d) sum[d] += other[d];
}
void add(Vector& sum, const Vector& other, const Vector& signs) {
  for (std::size_t d = 0; d < sum.size(); ++d) sum[d] += signs[d] * other[d];
}

float product(const Vector& a, const Vector& b) {
  float sum = 0;
  for (std::size_t d = 0; d < a.size(); ++d) sum += a[d] * b[d];
  return sum;
}

void normalise(std::span<Vector> vectors) {
  for (Vector& v : vectors) {
    const float length = std::sqrt(product(v, v));
    if (length > 0)
      for (float& x : v) x /= length;
  }
}

/// Calls visit(source vertex, target vertex, signs) for each kept parameter of a link; no signs for a fixed edge.
template <typename Visit>
void for_each_kept(const LayeredGraph& graph, std::size_t l, const Mask& mask, Visit&& visit) {
  const Link& link = graph.links()[l];
  const std::vector<Vector> signs = sign_patterns(graph, l);
  for (std::int64_t t = 0; t < graph.layers()[link.to].units; ++t) {
    const std::int64_t target = graph.vertex(link.to, t);
    if (link.fixed()) {
      if (link.source_of[at(t)] >= 0) visit(graph.vertex(link.from, link.source_of[at(t)]), target, nullptr);
      continue;
    }
    const std::int64_t first = graph.vertex(link.from, link.first_source(t));
    for_each_set(mask[link.parameter].row(t),
                 [&](std::int64_t p) { visit(first + p / link.kernel, target, &signs[at(p % link.kernel)]); });
  }
}

std::span<Vector> units_of(std::vector<Vector>& vectors, const Layer& layer) {
  return std::span(vectors).subspan(at(layer.first), at(layer.units));
}

}  // namespace

float UnitFeatures::likeness(const UnitFeatures& a, std::int64_t u, const UnitFeatures& b, std::int64_t v) {
  return (product(a.forward[at(u)], b.forward[at(v)]) + product(a.backward[at(u)], b.backward[at(v)])) / 2;
}

UnitFeatures unit_features(const LayeredGraph& graph, const Mask& mask) {
  UnitFeatures features;
  features.forward.assign(at(graph.unit_count()), Vector{});
  features.backward.assign(at(graph.unit_count()), Vector{});
  const auto pass = [&](const Layer& layer, std::vector<Vector>& vectors, bool end,
                        const std::vector<std::size_t>& links, bool forward) {
    if (end)
      for (std::int64_t u = 0; u < layer.units; ++u) vectors[at(layer.first + u)] = random_vector(layer.first + u);
    for (const std::size_t l : links)
      for_each_kept(graph, l, mask, [&](std::int64_t source, std::int64_t target, const Vector* signs) {
        const std::int64_t to = forward ? target : source, from = forward ? source : target;
        signs != nullptr ? add(vectors[at(to)], vectors[at(from)], *signs) : add(vectors[at(to)], vectors[at(from)]);
      });
    normalise(units_of(vectors, layer));
  };
  const std::span<const Layer> layers = graph.layers();
  for (const Layer& layer : layers) pass(layer, features.forward, layer.input, layer.in_links, true);
  for (auto layer = layers.rbegin(); layer != layers.rend(); ++layer)
    pass(*layer, features.backward, layer->output, layer->out_links, false);
  return features;
}

}  // namespace phew
