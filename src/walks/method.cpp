#include "walks/method.hpp"

#include "graph/error.hpp"
#include "walks/baselines.hpp"
#include "walks/top_paths.hpp"

#include <algorithm>
#include <array>
#include <memory>

namespace phew {
namespace {

MethodResult result_of(WalkMask found) {
  const auto walks = static_cast<double>(std::max<std::int64_t>(found.walks, 1));
  return {.mask = std::move(found.mask),
          .kept = found.kept,
          .walks = found.walks,
          .steps = found.steps,
          .details = {{"walks_drawn", found.drawn},
                      {"walk_depth_min", found.shortest},
                      {"walk_depth_mean", static_cast<double>(found.steps) / walks},
                      {"walk_depth_max", found.longest},
                      {"input_starts_min", found.inputs.least},
                      {"input_starts_max", found.inputs.most},
                      {"output_starts_min", found.outputs.least},
                      {"output_starts_max", found.outputs.most}}};
}

MaskSampler prepare_walks(const LayeredGraph& graph, const MethodOptions& options, Bias bias) {
  WalkOptions walks = options.walks;
  walks.bias = bias;
  const auto walker = std::make_shared<const Walker>(graph, walks, options.threads);
  const auto nested = [walker, options](std::span<const std::int64_t> targets, std::uint64_t seed) {
    std::vector<MethodResult> results;
    for (WalkMask& found : keep_walks_nested(*walker, targets, seed, options.threads, options.progress))
      results.push_back(result_of(std::move(found)));
    return results;
  };
  return nested_sampler(nested);
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

MaskSampler prepare_gradient_walk(const MethodInput& input, const MethodOptions& options) {
  require_non_negative(input.scores);
  return prepare_walks(input.graph.weighted(input.scores), options, Bias::weight);
}

MaskSampler synflow_sampler(const MethodInput& input, const MethodOptions& options, PathValue value) {
  const SynflowOptions synflow{value, options.rounds, options.schedule, options.progress};
  const auto nested = [graph = input.graph, synflow](std::span<const std::int64_t> targets, std::uint64_t) {
    std::vector<MethodResult> results;
    for (Mask& mask : synflow_masks(graph, targets, synflow)) {
      const std::int64_t kept = mask.kept();
      results.push_back({.mask = std::move(mask), .kept = kept, .details = {{"rounds", synflow.rounds}}});
    }
    return results;
  };
  return nested_sampler(nested);
}

MaskSampler prepare_synflow(const MethodInput& input, const MethodOptions& options) {
  return synflow_sampler(input, options, PathValue::magnitude);
}
MaskSampler prepare_synflow_l2(const MethodInput& input, const MethodOptions& options) {
  return synflow_sampler(input, options, PathValue::square);
}

MaskSampler prepare_top_paths(const MethodInput& input, const MethodOptions& options) {
  require_non_negative(input.scores);
  const LayeredGraph graph = input.scores.empty() ? input.graph : input.graph.weighted(input.scores);
  return {[graph, options](std::int64_t target, std::uint64_t) {
    TopPathsMask found = top_paths_mask(graph, target, {.paths = options.paths, .progress = options.progress});
    return MethodResult{.mask = std::move(found.mask),
                        .kept = found.kept,
                        .steps = found.steps,
                        .details = {{"paths", found.paths},
                                    {"inputs_used", found.inputs_used},
                                    {"outputs_used", found.outputs_used},
                                    {"distinct_edges", found.distinct_edges}}};
  }};
}

constexpr std::array registry{
    Method{"phew", Values::weights, false, reads::walks | reads::seed | reads::nested,
           "walks biased by weight magnitude, until the density is met", "Patil & Dovrolis 2021, Sec. 5", prepare_phew},
    Method{"uniform-walk", Values::none, false, reads::walks | reads::seed | reads::nested,
           "walks that choose every edge with equal chance", "Patil & Dovrolis 2021, Sec. 6.1", prepare_uniform_walk},
    Method{"inverse-walk", Values::weights, false, reads::walks | reads::seed | reads::nested,
           "walks biased by 1 / weight magnitude: paths with lower edge-weights", "Patil & Dovrolis 2021, Sec. 4",
           prepare_inverse_walk},
    Method{"gradient-walk", Values::scores, false, reads::walks | reads::seed | reads::nested,
           "walks biased by scores, such as the size of each weight's gradient", "Patil & Dovrolis 2021, Sec. 4",
           prepare_gradient_walk},
    Method{"top-paths", Values::either, false, reads::paths,
           "the paths with the largest products of |w|, or of scores: few units share most of them",
           "Patil & Dovrolis 2021, Sec. 5", prepare_top_paths},
    Method{"synflow", Values::weights, false, reads::rounds | reads::schedule | reads::nested,
           "in rounds, the parameters through which the most flow of |w| runs", "Tanaka et al. 2020", prepare_synflow},
    Method{"synflow-l2", Values::weights, false, reads::rounds | reads::schedule | reads::nested,
           "the same for the flow of w squared", "Gebhart et al. 2021", prepare_synflow_l2},
    Method{"magnitude", Values::weights, false, reads::scope | reads::nested, "the largest |w|", "Han et al. 2015",
           prepare_magnitude},
    Method{"scores", Values::scores, false, reads::scope | reads::nested,
           "the highest scores of a file, whoever made them", "SNIP (Lee et al. 2019), GraSP (Wang et al. 2020), …",
           prepare_scores},
    Method{"invert", Values::either, false, reads::scope | reads::nested,
           "the lowest scores, or without scores the smallest |w|: a check on a ranking", "Frankle et al. 2021",
           prepare_invert},
    Method{"random", Values::none, false, reads::scope | reads::nested | reads::seed,
           "parameters with equal chance, exact count", "Patil & Dovrolis 2021, Sec. 2 and A.1", prepare_random},
    Method{"bernoulli", Values::none, false, reads::nested | reads::seed,
           "each parameter by itself with the density as its chance; the count varies", "Patil & Dovrolis 2021, A.1",
           prepare_bernoulli},
    Method{"uniform-layer", Values::none, false, reads::nested | reads::seed, "random, each layer at the same density",
           "Mocanu et al. 2018; Evci et al. 2020, Sec. 3", prepare_uniform_layer},
    Method{"erk", Values::none, false, reads::nested | reads::seed,
           "random, layer densities in proportion to the sum of a tensor's extents / their product",
           "Evci et al. 2020, Sec. 3", prepare_erk},
    Method{"shuffle", Values::none, true, reads::seed, "a mask's parameters exchanged at random within each tensor",
           "Frankle et al. 2021", prepare_shuffle},
    Method{"reinit", Values::weights, true, 0, "a mask as it is, for other weights: those that its file then names",
           "Frankle et al. 2021", prepare_reinit},
    Method{"radix-net", Values::none, false, 0, "mixed-radix edges: every input joined to every output alike",
           "Kepner & Robinett 2019", prepare_radix_net},
    Method{"random-regular", Values::none, false, reads::seed,
           "random edges, all units of a link with the same degree: expanders", "Prabhu et al. 2018",
           prepare_random_regular},
    Method{"erdos-renyi", Values::none, false, reads::nested | reads::seed,
           "random edges, all edges of a link equally likely", "Mocanu et al. 2018", prepare_erdos_renyi}};

}  // namespace

MaskSampler nested_sampler(
    std::function<std::vector<MethodResult>(std::span<const std::int64_t> targets, std::uint64_t seed)> nested) {
  const auto sample = [nested](std::int64_t target, std::uint64_t seed) {
    return std::move(nested({&target, 1}, seed).front());
  };
  return {sample, nested};
}

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
