#include "walks/method.hpp"

#include "graph/error.hpp"
#include "walks/random_mask.hpp"

#include <algorithm>
#include <array>
#include <memory>

namespace phew {
namespace {

MaskSampler prepare_walks(const LayeredGraph& graph, const MethodOptions& options, Bias bias) {
  WalkOptions walks = options.walks;
  walks.bias = bias;
  const auto walker = std::make_shared<const Walker>(graph, walks, options.threads);
  return {[walker, options](std::int64_t target, std::uint64_t seed) {
    WalkMask found = keep_walks(*walker, target, seed, options.threads, options.progress);
    return MethodResult{std::move(found.mask), found.kept, found.walks, found.steps};
  }};
}

MethodResult result_of(Mask mask) {
  const std::int64_t kept = mask.kept();
  return {std::move(mask), kept};
}

MaskSampler prepare_phew(const MethodInput& input, const MethodOptions& options) {
  return prepare_walks(input.graph, options, Bias::weight);
}
MaskSampler prepare_uniform_walk(const MethodInput& input, const MethodOptions& options) {
  return prepare_walks(input.graph, options, Bias::uniform);
}
MaskSampler prepare_inverse_walk(const MethodInput& input, const MethodOptions& options) {
  return prepare_walks(input.graph, options, Bias::inverse);
}
MaskSampler prepare_random(const MethodInput& input, const MethodOptions& options) {
  return {[input, options](std::int64_t target, std::uint64_t seed) {
    return result_of(random_mask(input.graph.parameters(), target, seed, options.scope));
  }};
}
MaskSampler prepare_magnitude(const MethodInput& input, const MethodOptions& options) {
  return {[input, options](std::int64_t target, std::uint64_t) {
    return result_of(keep_largest(input.graph.parameters(), input.graph.weights(), target, options.scope));
  }};
}

constexpr std::array registry{
    Method{"phew", Values::weights, false, reads::walks, "walks biased by weight magnitude, until the density is met",
           "Patil & Dovrolis 2021, Sec. 5", prepare_phew},
    Method{"uniform-walk", Values::none, false, reads::walks, "walks that choose every edge with equal chance",
           "Patil & Dovrolis 2021, Sec. 6.1", prepare_uniform_walk},
    Method{"inverse-walk", Values::weights, false, reads::walks,
           "walks biased by 1 / weight magnitude: paths with lower edge-weights", "Patil & Dovrolis 2021, Sec. 6.1",
           prepare_inverse_walk},
    Method{"random", Values::none, false, reads::scope,
           "parameters with equal chance, exact count; --scope global or layer",
           "Patil & Dovrolis 2021, Sec. 2 and A.1", prepare_random},
    Method{"magnitude", Values::weights, false, reads::scope, "the largest |w|; --scope global or layer",
           "Han et al. 2015", prepare_magnitude}};

}  // namespace

std::span<const Method> methods() { return registry; }

const Method& find_method(std::string_view name) {
  const auto found = std::ranges::find(registry, name, &Method::name);
  if (found != registry.end()) return *found;
  std::vector<std::string> names;
  for (const Method& method : registry) names.emplace_back(method.name);
  fail(ExitCode::usage, "--method: found '{}', expected one of {}; did you mean {}?", name, fmt::join(names, ", "),
       nearest_name(name, names));
}

}  // namespace phew
