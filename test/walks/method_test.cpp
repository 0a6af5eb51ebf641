// Laws of every row of the registry, whatever it does.
#include "walks/method.hpp"

#include "graph/error.hpp"
#include "mask_digest.hpp"
#include "registry_cases.hpp"
#include "small_networks.hpp"
#include "support/golden.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <cmath>
#include <set>
#include <string>
#include <vector>

namespace {

using phew::LayeredGraph;
using phew::Mask;
using phew::Method;
using phew::MethodResult;
using phew::Scope;
using phew::test::prepare;
using phew::test::Prepared;
using phew::test::scores_of;
using phew::test::SmallNetwork;

std::vector<phew::MethodOptions> options_of(const Method& method) {
  std::vector<phew::MethodOptions> all{{}};
  if (method.reads(phew::reads::scope)) all.push_back({.scope = Scope::per_layer});
  if (method.reads(phew::reads::granularity)) all.push_back({.walks = {.granularity = phew::Granularity::kernel}});
  return all;
}

const std::set<std::string_view> exact{"magnitude",     "scores", "invert",  "random",
                                       "uniform-layer", "erk",    "shuffle", "reinit"};
const std::set<std::string_view> whole_kernels{"radix-net", "random-regular", "erdos-renyi"};
const std::set<std::string_view> without_chance{"magnitude", "scores", "invert", "reinit", "radix-net"};

/// Whether every kernel is kept or pruned as a whole.
bool has_whole_kernels(const LayeredGraph& graph, const Mask& mask) {
  for (const phew::Link& link : graph.links()) {
    if (link.fixed()) continue;
    const phew::BitMatrix& bits = mask[link.parameter];
    for (std::int64_t row = 0; row < bits.rows(); ++row)
      for (std::int64_t p = 0; p < bits.columns(); ++p)
        if (bits.test(row, p) != bits.test(row, p / link.kernel * link.kernel)) return false;
  }
  return true;
}

void check_count(const Method& method, const LayeredGraph& graph, const MethodResult& result, std::int64_t target) {
  BOOST_TEST(result.kept == result.mask.kept());
  if (exact.contains(method.name)) BOOST_TEST(result.kept == target);
  if (method.reads(phew::reads::start)) BOOST_TEST(result.kept >= target);
  if (method.name == "bernoulli") {  // within six standard deviations
    const double p = static_cast<double>(target) / static_cast<double>(graph.prunable());
    BOOST_TEST(std::abs(static_cast<double>(result.kept - target)) <=
               6 * std::sqrt(static_cast<double>(target) * (1 - p)));
  }
  if (whole_kernels.contains(method.name)) {
    BOOST_TEST(has_whole_kernels(graph, result.mask));
    BOOST_REQUIRE(!result.details.empty());
    BOOST_TEST(result.details.front().key == "edges");
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(method)

BOOST_DATA_TEST_CASE(every_method_keeps_what_it_says_whatever_the_threads, phew::test::small_networks, net) {
  for (const Method& method : phew::methods())
    for (const double density : {0.1, 0.3})
      for (phew::MethodOptions options : options_of(method)) BOOST_TEST_CONTEXT(method.name << " at " << density) {
          const Prepared prepared = prepare(method, net.graph(), density);
          const MethodResult one = method.prepare(prepared.input, options).sample(prepared.target, 3);
          check_count(method, prepared.input.graph, one, prepared.target);
          // The last layer makes up for what whole kernels leave over; its own have at most 4 parameters.
          if (method.name == "random-regular" || method.name == "erdos-renyi")
            BOOST_TEST(std::abs(one.kept - prepared.target) <= 2);
          for (const int threads : {2, 3, 7}) {
            options.threads = threads;
            const phew::MaskSampler sampler = method.prepare(prepared.input, options);
            BOOST_TEST((sampler.sample(prepared.target, 3).mask == one.mask), threads << " threads");
            const bool same = sampler.sample(prepared.target, 4).mask == one.mask;
            if (without_chance.contains(method.name)) BOOST_TEST(same);
            if (exact.contains(method.name) && !without_chance.contains(method.name)) BOOST_TEST(!same);
          }
        }
}

BOOST_DATA_TEST_CASE(nested_masks_lie_inside_each_other, phew::test::small_networks, net) {
  for (const Method& method : phew::methods())
    for (const phew::MethodOptions& options : options_of(method)) BOOST_TEST_CONTEXT(method.name) {
        const Prepared prepared = prepare(method, net.graph(), 0.4);
        const LayeredGraph& graph = prepared.input.graph;
        const phew::MaskSampler sampler = method.prepare(prepared.input, options);
        BOOST_REQUIRE((sampler.nested != nullptr) == method.reads(phew::reads::nested));
        if (!sampler.nested) continue;
        std::vector<std::int64_t> targets;
        for (const double density : {0.6, 0.59, 0.3, 0.1, 0.099, 0.02})
          targets.push_back(phew::target_of(density, graph.prunable()));
        const std::vector<MethodResult> nested = sampler.nested(targets, 5);
        BOOST_REQUIRE(nested.size() == targets.size());
        BOOST_TEST((nested.front().mask == sampler.sample(targets.front(), 5).mask));
        for (std::size_t i = 0; i < nested.size(); ++i) {
          check_count(method, graph, nested[i], targets[i]);
          if (i > 0) BOOST_TEST(phew::test::outside(nested[i].mask, nested[i - 1].mask) == 0);
          if (i > 0) BOOST_TEST(nested[i].kept <= nested[i - 1].kept);
        }
      }
}

/// Two masks of independent draws overlap as chance says: kept · kept / all. Those that share numbers mostly agree.
BOOST_AUTO_TEST_CASE(methods_do_not_share_random_numbers) {
  const auto net = phew::make_network("mlp:60-60-60");
  const phew::MethodInput input{LayeredGraph(net)};
  const std::int64_t target = net.prunable() / 4;
  std::vector<std::pair<std::string, Mask>> masks;
  for (const char* name : {"random", "bernoulli", "uniform-layer", "erk", "random-regular", "erdos-renyi"})
    masks.emplace_back(name, phew::find_method(name).prepare(input, {}).sample(target, 9).mask);
  masks.emplace_back(
      "shuffle",
      phew::find_method("shuffle").prepare({input.graph, {}, masks.front().second}, {}).sample(target, 9).mask);
  for (std::size_t a = 0; a < masks.size(); ++a)
    for (std::size_t b = 0; b < a; ++b) {
      const double n = static_cast<double>(net.prunable()), p = 0.25;
      const double common =
          static_cast<double>(masks[a].second.kept() - phew::test::outside(masks[a].second, masks[b].second));
      // Six standard deviations of a binomial count of chance p², an upper bound for exact counts.
      BOOST_TEST(std::abs(common - n * p * p) <= 6 * std::sqrt(n * p * p),
                 masks[a].first << " and " << masks[b].first << " share " << common << " of " << n * p);
    }
}

/// What `reads::seed` promises: `phew-graph mask` says of the methods without it that all their masks are one.
BOOST_AUTO_TEST_CASE(masks_differ_between_seeds_where_the_method_reads_the_seed_and_only_there) {
  for (const Method& method : phew::methods()) BOOST_TEST_CONTEXT(method.name) {
      const Prepared prepared = prepare(method, phew::test::small_networks[1].graph(), 0.3);
      const phew::MaskSampler sampler = method.prepare(prepared.input, {});
      const bool same = sampler.sample(prepared.target, 1).mask == sampler.sample(prepared.target, 2).mask;
      BOOST_TEST(same != method.reads(phew::reads::seed));
    }
}

BOOST_AUTO_TEST_CASE(gradient_walks_refuse_scores_that_are_no_bias) {
  const auto net = phew::make_network("mlp:2-1");
  const Method& method = phew::find_method("gradient-walk");
  const auto message = [&](float bad) -> std::string {
    phew::Weights scores(net.parameters(), {phew::make_tensor("0.weight", {1, 2}, {1, bad})}, "s.npz");
    try {
      (void)method.prepare({LayeredGraph(net), scores}, {});
    } catch (const phew::Error& error) {
      BOOST_TEST((error.code() == phew::ExitCode::data));
      return error.what();
    }
    return {};
  };
  BOOST_TEST(message(-0.5F).starts_with("s.npz: 0.weight: found -0.5 at element 1, expected scores of at least 0"));
  BOOST_TEST(message(NAN).starts_with("s.npz: 0.weight: found NaN at element 1"));
  BOOST_TEST(message(INFINITY).starts_with("s.npz: 0.weight: found an infinity at element 1"));
  BOOST_TEST(message(-0.0F).empty());
}

BOOST_AUTO_TEST_CASE(gradient_walks_are_walks_by_weight_on_the_scores) {
  const LayeredGraph graph = phew::test::small_networks[1].graph();
  const phew::Weights scores = scores_of(graph);
  const MethodResult by_scores = phew::find_method("gradient-walk").prepare({graph, scores}, {}).sample(200, 1);
  const MethodResult by_weight = phew::find_method("phew").prepare({graph.weighted(scores)}, {}).sample(200, 1);
  BOOST_TEST((by_scores.mask == by_weight.mask));
  BOOST_TEST((by_scores.mask != phew::find_method("phew").prepare({graph}, {}).sample(200, 1).mask));
}

/// The masks of methods that do not walk, bit for bit: part of the mask rule.
BOOST_AUTO_TEST_CASE(masks_are_those_of_the_mask_rule) {
  std::string text;
  for (const SmallNetwork& net : phew::test::small_networks)
    for (const char* name :
         {"top-paths", "synflow", "synflow-l2", "magnitude", "scores", "invert", "random", "bernoulli", "uniform-layer",
          "erk", "shuffle", "radix-net", "random-regular", "erdos-renyi"})
      for (const std::uint64_t seed : {0, 1}) {
        const Method& method = phew::find_method(name);
        Prepared prepared = prepare(method, net.graph(), 0.2);
        prepared.input.scores = phew::initial_weights(net.make(), {}, 7, 1);  // these are the same on every machine
        if (method.reads(phew::reads::paths)) prepared.input.scores = {};     // of them, some are negative
        const phew::MaskSampler sampler = method.prepare(prepared.input, {});
        text += fmt::format("{} {} seed {}: {}\n", net.name, name, seed,
                            phew::test::digest_of(sampler.sample(prepared.target, seed).mask));
        if (!sampler.nested) continue;
        const std::vector<std::int64_t> targets{prepared.target, prepared.target / 2, prepared.target / 3};
        text += fmt::format("  nested: {}\n", phew::test::digest_of(sampler.nested(targets, seed).back().mask));
      }
  phew::test::check_golden("method_masks.txt", text);
}

BOOST_AUTO_TEST_CASE(names_are_distinct_and_found) {
  std::set<std::string_view> names;
  for (const Method& method : phew::methods()) {
    BOOST_TEST(names.insert(method.name).second);
    BOOST_TEST(&phew::find_method(method.name) == &method);
    BOOST_TEST(!method.summary.empty());
    BOOST_TEST(!method.source.empty());
  }
  BOOST_CHECK_THROW((void)phew::find_method("phw"), phew::Error);
}

BOOST_AUTO_TEST_SUITE_END()
