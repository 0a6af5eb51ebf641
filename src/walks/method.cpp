#include "walks/method.hpp"

#include "graph/error.hpp"
#include "walks/random_mask.hpp"

#include <algorithm>
#include <array>
#include <memory>

namespace phew {
namespace {

MaskSampler prepare_walks(const LayeredGraph& graph, const MethodOptions& options, Bias bias) {
  const WalkOptions walks{bias, options.granularity, options.max_walks};
  const auto walker = std::make_shared<const Walker>(graph, walks, options.threads);
  return [walker, options](std::int64_t target, std::uint64_t seed) {
    WalkMask found = keep_walks(*walker, target, seed, options.threads, options.progress);
    return MethodResult{std::move(found.mask), found.kept, found.walks, found.steps};
  };
}

MethodResult result_of(Mask mask) {
  const std::int64_t kept = mask.kept();
  return {std::move(mask), kept};
}

MaskSampler prepare_phew(const LayeredGraph& graph, const MethodOptions& options) {
  return prepare_walks(graph, options, Bias::weight);
}
MaskSampler prepare_uniform_walk(const LayeredGraph& graph, const MethodOptions& options) {
  return prepare_walks(graph, options, Bias::uniform);
}
MaskSampler prepare_random(const LayeredGraph& graph, const MethodOptions& options) {
  return [graph, options](std::int64_t target, std::uint64_t seed) {
    return result_of(random_mask(graph.parameters(), target, seed, options.scope));
  };
}
MaskSampler prepare_magnitude(const LayeredGraph& graph, const MethodOptions& options) {
  return [graph, options](std::int64_t target, std::uint64_t) {
    return result_of(keep_largest(graph.parameters(), graph.weights(), target, options.scope));
  };
}

constexpr std::array registry{
    Method{"phew", true, true, false, "walks biased by weight magnitude, until the density is met",
           "Patil & Dovrolis 2021, Sec. 5", prepare_phew},
    Method{"uniform-walk", false, true, false, "walks that choose every edge with equal chance",
           "Patil & Dovrolis 2021, Sec. 6.1", prepare_uniform_walk},
    Method{"random", false, false, true, "parameters with equal chance, exact count; --scope global or layer",
           "Patil & Dovrolis 2021, Sec. 2 and A.1", prepare_random},
    Method{"magnitude", true, false, true, "the largest |w|; --scope global or layer", "Han et al. 2015",
           prepare_magnitude}};

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
