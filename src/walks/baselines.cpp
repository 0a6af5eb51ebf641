#include "walks/baselines.hpp"

#include "graph/error.hpp"
#include "walks/layer_counts.hpp"
#include "walks/random_mask.hpp"
#include "walks/topology.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

namespace phew {
namespace {

using Targets = std::span<const std::int64_t>;
using Results = std::vector<MethodResult>;

MethodResult result_of(Mask mask, std::vector<Detail> details = {}) {
  const std::int64_t kept = mask.kept();
  return {.mask = std::move(mask), .kept = kept, .details = std::move(details)};
}

/// A sampler of a rule that needs no help for masks inside each other.
MaskSampler each_by_itself(std::function<MethodResult(std::int64_t, std::uint64_t)> sample) {
  const auto nested = [sample](Targets targets, std::uint64_t seed) {
    Results results;
    for (const std::int64_t target : targets) results.push_back(sample(target, seed));
    return results;
  };
  return {sample, nested};
}

/// How many parameters each tensor keeps of a target.
using CountRule = Counts (*)(std::span<const Parameter> parameters, std::int64_t target);

/// The rule's counts for falling targets, none above the one before.
std::vector<Counts> falling_counts(std::span<const Parameter> parameters, CountRule rule, Targets targets) {
  std::vector<Counts> counts;
  for (const std::int64_t target : targets) {
    Counts next = rule(parameters, target);
    counts.push_back(counts.empty() ? std::move(next) : capped(std::move(next), counts.back()));
  }
  return counts;
}

Counts whole_network(std::span<const Parameter>, std::int64_t target) { return {target}; }

MaskSampler random_sampler(const LayeredGraph& graph, Purpose purpose, CountRule rule) {
  return nested_sampler([=](Targets targets, std::uint64_t seed) {
    Results results;
    const std::vector<Counts> counts = falling_counts(graph.parameters(), rule, targets);
    for (Mask& mask : random_masks(graph.parameters(), counts, seed, purpose))
      results.push_back(result_of(std::move(mask)));
    return results;
  });
}

/// Masks of whatever a ranking keeps: `global` of a count for the network, `layers` of one for each tensor.
template <typename Global, typename Layers>
MaskSampler ranking_sampler(const LayeredGraph& graph, Scope scope, Global global, Layers layers) {
  if (scope == Scope::global)
    return each_by_itself([=](std::int64_t target, std::uint64_t) { return result_of(global(target)); });
  return nested_sampler([=](Targets targets, std::uint64_t) {
    Results results;
    for (const Counts& counts : falling_counts(graph.parameters(), shares, targets))
      results.push_back(result_of(layers(counts)));
    return results;
  });
}

/// The parameters that `mask` prunes.
Mask complement(std::span<const Parameter> parameters, const Mask& mask) {
  Mask rest(parameters);
  for (std::size_t i = 0; i < parameters.size(); ++i)
    for (std::int64_t row = 0; row < mask[i].rows(); ++row)
      for (std::int64_t column = 0; column < mask[i].columns(); ++column)
        if (!mask[i].test(row, column)) rest[i].set(row, column);
  return rest;
}

/// The sampler of a method that starts from a mask and keeps as many parameters.
MaskSampler sampler_of_mask(const Mask& given, std::function<Mask(std::uint64_t seed)> make) {
  return {[kept = given.kept(), make](std::int64_t target, std::uint64_t seed) {
    if (target != kept) fail(ExitCode::internal, "cannot keep {} parameters of a mask with {}", target, kept);
    return result_of(make(seed));
  }};
}

MethodResult result_of(Topology topology) {
  std::vector<Detail> details{{"edges", topology.edges}};
  if (!topology.radices.empty()) details.push_back({"radices", fmt::format("{}", fmt::join(topology.radices, " "))});
  return result_of(std::move(topology.mask), std::move(details));
}

}  // namespace

MaskSampler prepare_random(const MethodInput& input, const MethodOptions& options) {
  return random_sampler(input.graph, Purpose::random_mask, options.scope == Scope::global ? whole_network : shares);
}

MaskSampler prepare_bernoulli(const MethodInput& input, const MethodOptions& options) {
  return each_by_itself([graph = input.graph, threads = options.threads](std::int64_t target, std::uint64_t seed) {
    const double chance = static_cast<double>(target) / static_cast<double>(graph.prunable());
    return result_of(bernoulli_mask(graph.parameters(), chance, seed, threads), {{"chance", chance}});
  });
}

MaskSampler prepare_erk(const MethodInput& input, const MethodOptions&) {
  return random_sampler(input.graph, Purpose::erk_mask, erk_counts);
}

MaskSampler prepare_uniform_layer(const MethodInput& input, const MethodOptions&) {
  return random_sampler(input.graph, Purpose::uniform_layer_mask, shares);
}

MaskSampler prepare_magnitude(const MethodInput& input, const MethodOptions& options) {
  const auto keep = [graph = input.graph](const auto&... counts) {
    return keep_largest(graph.parameters(), graph.weights(), counts...);
  };
  return ranking_sampler(
      input.graph, options.scope, [=](std::int64_t target) { return keep(target, Scope::global); },
      [=](const Counts& counts) { return keep(std::span(counts)); });
}

MaskSampler prepare_scores(const MethodInput& input, const MethodOptions& options) {
  const auto keep = [graph = input.graph, scores = input.scores](const auto&... counts) {
    return keep_top(graph.parameters(), scores, counts...);
  };
  return ranking_sampler(
      input.graph, options.scope, [=](std::int64_t target) { return keep(target, Scope::global); },
      [=](const Counts& counts) { return keep(std::span(counts)); });
}

MaskSampler prepare_invert(const MethodInput& input, const MethodOptions& options) {
  const LayeredGraph& graph = input.graph;
  const auto keep = [graph, scores = input.scores](const auto&... counts) {
    const auto parameters = graph.parameters();
    return scores.empty() ? keep_largest(parameters, graph.weights(), counts...)
                          : keep_top(parameters, scores, counts...);
  };
  return ranking_sampler(
      graph, options.scope,
      [=](std::int64_t target) {
        return complement(graph.parameters(), keep(graph.prunable() - target, Scope::global));
      },
      [=](Counts counts) {
        for (std::size_t i = 0; i < counts.size(); ++i) counts[i] = graph.parameters()[i].size() - counts[i];
        return complement(graph.parameters(), keep(std::span<const std::int64_t>(counts)));
      });
}

MaskSampler prepare_shuffle(const MethodInput& input, const MethodOptions&) {
  Counts counts;
  for (std::size_t i = 0; i < input.mask.tensor_count(); ++i) counts.push_back(input.mask[i].count());
  return sampler_of_mask(input.mask, [graph = input.graph, counts](std::uint64_t seed) {
    return std::move(random_masks(graph.parameters(), std::span(&counts, 1), seed, Purpose::shuffled_mask).front());
  });
}

MaskSampler prepare_reinit(const MethodInput& input, const MethodOptions&) {
  return sampler_of_mask(input.mask, [mask = input.mask](std::uint64_t) { return mask; });
}

MaskSampler prepare_radix_net(const MethodInput& input, const MethodOptions&) {
  return {[graph = input.graph](std::int64_t target, std::uint64_t) { return result_of(radix_net(graph, target)); }};
}

MaskSampler prepare_random_regular(const MethodInput& input, const MethodOptions&) {
  return {[graph = input.graph](std::int64_t target, std::uint64_t seed) {
    return result_of(random_regular(graph, target, seed));
  }};
}

MaskSampler prepare_erdos_renyi(const MethodInput& input, const MethodOptions&) {
  return nested_sampler([graph = input.graph](Targets targets, std::uint64_t seed) {
    Results results;
    for (Topology& topology : erdos_renyi(graph, targets, seed)) results.push_back(result_of(std::move(topology)));
    return results;
  });
}

}  // namespace phew
