#include "walks/phew.hpp"

#include "graph/error.hpp"
#include "graph/initializer.hpp"
#include "graph/reach.hpp"
#include "graph/zoo.hpp"
#include "oracle_chain.hpp"
#include "reference_rule.hpp"
#include "support/golden.hpp"
#include "walk_cases.hpp"
#include "walks/walk_sequence.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <fmt/format.h>
#include <xxhash.h>

#include <cmath>
#include <cstdint>
#include <hwy/targets.h>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace {

using phew::ExitCode;
using phew::LayeredGraph;
using phew::Mask;
using phew::Network;
using phew::WalkMask;
using phew::WalkOptions;
using phew::test::all_walk_options;

/// All but how many walks were drawn in vain, which depends on the batches.
bool operator==(const WalkMask& a, const WalkMask& b) {
  return a.mask == b.mask && a.kept == b.kept && a.walks == b.walks && a.steps == b.steps && a.shortest == b.shortest &&
         a.longest == b.longest && a.inputs == b.inputs && a.outputs == b.outputs;
}

LayeredGraph initialised(const std::string& name, std::uint64_t seed = 0) {
  const Network network = phew::make_network(name);
  return LayeredGraph(network, phew::initial_weights(network, {}, seed, 2));
}

/// Kept in `a` but not in `b`.
std::int64_t outside(const Mask& a, const Mask& b) {
  std::int64_t count = 0;
  for (std::size_t t = 0; t < a.tensor_count(); ++t)
    for (std::size_t w = 0; w < a[t].words().size(); ++w) count += std::popcount(a[t].words()[w] & ~b[t].words()[w]);
  return count;
}

std::int64_t kept_zeros(const LayeredGraph& graph, const Mask& mask) {
  std::int64_t count = 0;
  for (std::size_t t = 0; t < mask.tensor_count(); ++t)
    for (std::int64_t r = 0; r < mask[t].rows(); ++r)
      phew::for_each_set(mask[t].row(r), [&](std::int64_t c) {
        if (graph.weights()[t][static_cast<std::size_t>(r * mask[t].columns() + c)] == 0) ++count;
      });
  return count;
}

/// The union of walks 0 … walks − 1, drawn in odd batches.
Mask replay(const phew::Walker& walker, std::uint64_t seed, std::int64_t walks) {
  const LayeredGraph& graph = walker.graph();
  Mask mask(graph.parameters());
  phew::WalkSequence sequence(walker, seed);
  while (walks > 0) {
    const std::size_t count = sequence.draw(static_cast<std::size_t>(std::min<std::int64_t>(walks, 77)), 1);
    walks -= static_cast<std::int64_t>(count);
    for (std::size_t i = 0; i < count; ++i)
      for (const phew::Kept& k : sequence[i]) {
        const std::size_t parameter = graph.links()[k.link].parameter;
        for (std::int64_t p = k.first; p < k.last(); ++p)
          if (!graph.has_mask() || graph.mask()[parameter].test(k.row, p)) mask[parameter].set(k.row, p);
      }
  }
  return mask;
}

/// What holds of every walk mask (DESIGN §4).
void check_invariants(const LayeredGraph& graph, const WalkOptions& options, const WalkMask& result,
                      std::int64_t target, std::uint64_t seed) {
  BOOST_TEST(result.mask.kept() == result.kept);
  BOOST_TEST(result.kept >= target);
  // Stopped after the walk that met the target, so the overshoot is less than that walk keeps.
  const phew::Walker walker(graph, options, 1);
  BOOST_TEST((replay(walker, seed, result.walks) == result.mask));
  BOOST_TEST(replay(walker, seed, result.walks - 1).kept() < target);

  const LayeredGraph masked = graph.masked(result.mask);
  const phew::Reach reach = phew::reach(masked);
  BOOST_TEST((phew::effective_mask(masked, reach) == result.mask));
  std::int64_t stubs = 0;
  for (std::int64_t v = 0; v < graph.unit_count(); ++v) stubs += phew::is_stub(masked, reach, v) ? 1 : 0;
  if (!phew::test::is_tied(graph)) BOOST_TEST(stubs == 0);
  if (graph.has_mask()) BOOST_TEST(outside(result.mask, graph.mask()) == 0);
  if (options.granularity == phew::Granularity::parameter && options.bias != phew::Bias::uniform)
    BOOST_TEST(kept_zeros(graph, result.mask) == 0);
}

void check_threads(const LayeredGraph& graph, const WalkOptions& options, const WalkMask& one, std::int64_t target,
                   std::uint64_t seed) {
  for (const int threads : {2, 3, 7})
    BOOST_TEST((phew::keep_walks(phew::Walker(graph, options, threads), target, seed, threads) == one),
               threads << " threads give another mask");
}

struct Zoo {
  const char* network;
  std::vector<double> densities;
  bool all_options;
};
std::ostream& operator<<(std::ostream& out, const Zoo& zoo) { return out << zoo.network; }
const std::vector<Zoo> zoo{{"lenet-300-100", {0.01, 0.1, 0.2}, true},
                           {"resnet20", {0.002, 0.02, 0.1}, true},
                           {"vgg11", {0.001, 0.01}, false},
                           {"resnet18", {0.001, 0.01}, false}};

/// Whether `make` throws an Error of this code whose message has all these parts.
template <typename Make>
void check_error(Make&& make, ExitCode code, const std::vector<std::string>& parts) {
  try {
    make();
    BOOST_TEST(false, "no error");
  } catch (const phew::Error& e) {
    BOOST_TEST((e.code() == code), e.what());
    for (const std::string& part : parts)
      BOOST_TEST((std::string(e.what()).find(part) != std::string::npos), "no '" << part << "' in: " << e.what());
  }
}

/// lenet-300-100, one of whose layers is all zeros.
LayeredGraph with_a_zero_layer(std::size_t layer) {
  const LayeredGraph graph = initialised("lenet-300-100");
  std::vector<phew::Tensor> tensors;
  for (std::size_t i = 0; i < graph.parameters().size(); ++i) tensors.push_back(graph.weights().tensor(i));
  const phew::Parameter& p = graph.parameters()[layer];
  tensors[layer] = phew::make_tensor(p.name, p.shape, std::vector<float>(static_cast<std::size_t>(p.size())));
  return graph.weighted(phew::Weights(graph.parameters(), std::move(tensors)));
}

std::string digest_of(const Mask& mask) {
  const std::unique_ptr<XXH3_state_t, decltype(&XXH3_freeState)> state(XXH3_createState(), &XXH3_freeState);
  XXH3_128bits_reset(state.get());
  for (std::size_t t = 0; t < mask.tensor_count(); ++t)
    XXH3_128bits_update(state.get(), mask[t].words().data(), mask[t].words().size_bytes());
  const XXH128_hash_t hash = XXH3_128bits_digest(state.get());
  return fmt::format("{:016x}{:016x}", hash.high64, hash.low64);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(phew)

BOOST_AUTO_TEST_CASE(masks_of_random_networks_keep_the_invariants) {
  int masks = 0, tied = 0, pruned = 0;
  for (std::uint64_t seed = 0; seed < 240; ++seed) {
    const auto random = phew::test::random_case(seed);
    const LayeredGraph graph = phew::test::random_graph(random);
    phew::test::Dice dice(seed, 77);
    for (const WalkOptions& options : all_walk_options()) {
      if (phew::test::ReferenceRule(graph, options).empty()) continue;
      BOOST_TEST_CONTEXT(phew::test::name_of(options) << ", " << random) {
        const phew::Walker walker(graph, options, 1);
        const std::int64_t target = dice.between(1, std::max<std::int64_t>(1, walker.reachable() * 7 / 10));
        const WalkMask result = phew::keep_walks(walker, target, seed);
        check_invariants(graph, options, result, target, seed);
        check_threads(graph, options, result, target, seed);
      }
      ++masks;
      tied += phew::test::is_tied(graph) ? 1 : 0;
      pruned += graph.has_mask() ? 1 : 0;
    }
  }
  BOOST_TEST(masks >= 1200);
  BOOST_TEST(tied >= 100);
  BOOST_TEST(pruned >= 100);
}

BOOST_DATA_TEST_CASE(masks_of_the_zoo_keep_the_invariants, zoo, net) {
  const LayeredGraph graph = initialised(net.network);
  for (const WalkOptions& options : all_walk_options()) {
    if (!net.all_options && options.bias != phew::Bias::weight) continue;
    for (const double density : net.densities) {
      BOOST_TEST_CONTEXT(phew::test::name_of(options) << " at " << density) {
        const std::int64_t target = phew::target_of(density, graph.prunable());
        const WalkMask result = phew::phew_mask(graph, {.density = density, .seed = 3, .walks = options});
        check_invariants(graph, options, result, target, 3);
        check_threads(graph, options, result, target, 3);
        if (options.granularity == phew::Granularity::parameter)
          BOOST_TEST(result.kept - target < static_cast<std::int64_t>(graph.links().size()));
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(a_mask_contains_those_of_lower_density_with_its_seed) {
  for (const char* name : {"lenet-300-100", "resnet20"}) {
    const LayeredGraph graph = initialised(name);
    for (const WalkOptions& options : all_walk_options()) {
      Mask last(graph.parameters());
      for (const double density : {0.002, 0.005, 0.0051, 0.02, 0.08}) {
        const Mask mask = phew::phew_mask(graph, {.density = density, .seed = 5, .walks = options, .threads = 2}).mask;
        BOOST_TEST(outside(last, mask) == 0);
        last = mask;
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(few_walks_are_wasted) {
  for (const char* name : {"lenet-300-100", "resnet20", "vgg11"}) {
    const LayeredGraph graph = initialised(name);
    for (const WalkOptions& options : all_walk_options())
      for (const double density : {0.002, 0.05}) {
        const WalkMask mask = phew::phew_mask(graph, {.density = density, .walks = options});
        BOOST_TEST(mask.drawn - mask.walks <= std::max<std::int64_t>(256, mask.walks / 100),
                   name << ", " << phew::test::name_of(options) << ", " << mask.walks << " walks");
      }
  }
}

BOOST_AUTO_TEST_CASE(nested_masks_are_those_of_each_target_alone) {
  for (const char* name : {"lenet-300-100", "resnet20"}) {
    const LayeredGraph graph = initialised(name);
    const std::vector<std::int64_t> targets{20'000, 19'999, 5'000, 4'000, 17};
    for (const WalkOptions& options : all_walk_options()) {
      const phew::Walker walker(graph, options, 1);
      const std::vector<WalkMask> nested = phew::keep_walks_nested(walker, targets, 3, 2);
      BOOST_REQUIRE(nested.size() == targets.size());
      for (std::size_t i = 0; i < targets.size(); ++i)
        BOOST_TEST((nested[i] == phew::keep_walks(walker, targets[i], 3)));
    }
  }
}

// Scalar, SSE, AVX2, AVX-512: whatever this processor and the compiler offer.
BOOST_AUTO_TEST_CASE(every_vector_unit_gives_the_same_masks) {
  std::map<std::string, std::string> hashes;  // by case, on the first target
  int targets = 0;
  for (std::int64_t left = hwy::SupportedTargets(); left != 0; left &= left - 1, ++targets) {
    hwy::SetSupportedTargetsForTest(left & -left);
    for (const char* name : {"lenet-300-100", "resnet20", "vgg11"}) {
      const LayeredGraph graph = initialised(name);
      for (const WalkOptions& options : all_walk_options()) {
        const std::string hash = digest_of(phew::phew_mask(graph, {.density = 0.001, .walks = options}).mask);
        const std::string& first = hashes.emplace(name + phew::test::name_of(options), hash).first->second;
        BOOST_TEST(hash == first, name << ", " << phew::test::name_of(options) << ", target " << (left & -left));
      }
    }
  }
  hwy::SetSupportedTargetsForTest(0);
  BOOST_TEST_MESSAGE(targets << " vector units compared");
  BOOST_TEST(targets >= 1);
}

BOOST_AUTO_TEST_CASE(seeds_and_initialisations_differ) {
  const LayeredGraph graph = initialised("resnet20"), other = initialised("resnet20", 1);
  std::vector<Mask> masks;
  for (const std::uint64_t seed : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{1} << 32, ~std::uint64_t{0}})
    masks.push_back(phew::phew_mask(graph, {.density = 0.01, .seed = seed}).mask);
  masks.push_back(phew::phew_mask(other, {.density = 0.01, .seed = 0}).mask);
  for (std::size_t i = 0; i < masks.size(); ++i)
    for (std::size_t j = 0; j < i; ++j) BOOST_TEST(outside(masks[i], masks[j]) > masks[i].kept() / 4);
}

// A walk within a ticket: what a second, sparser mask drawn from a masked graph keeps lies in the first.
BOOST_AUTO_TEST_CASE(walks_on_a_masked_graph_stay_within_its_mask) {
  const LayeredGraph graph = initialised("resnet20");
  const Mask wide = phew::phew_mask(graph, {.density = 0.1, .seed = 0}).mask;
  for (const WalkOptions& options : all_walk_options()) {
    const LayeredGraph ticket = graph.masked(wide);
    const WalkMask narrow = phew::phew_mask(ticket, {.density = 0.03, .seed = 1, .walks = options});
    check_invariants(ticket, options, narrow, phew::target_of(0.03, graph.prunable()), 1);
    BOOST_TEST(narrow.mask.kept() < wide.kept() / 2);
  }
}

BOOST_AUTO_TEST_CASE(progress_counts_up_to_the_target_and_may_stop) {
  const LayeredGraph graph = initialised("lenet-300-100");
  const phew::Walker walker(graph, {}, 1);
  std::vector<std::int64_t> seen;
  const WalkMask result = phew::keep_walks(walker, 20'000, 0, 1, [&](std::int64_t kept, std::int64_t target) {
    BOOST_TEST(target == 20'000);
    seen.push_back(kept);
  });
  BOOST_TEST(seen.size() > 3U);
  BOOST_TEST(std::ranges::is_sorted(seen));
  BOOST_TEST(seen.back() == result.kept);
  BOOST_CHECK_THROW(
      phew::keep_walks(walker, 20'000, 0, 1, [](std::int64_t, std::int64_t) { throw std::runtime_error("stop"); }),
      std::runtime_error);
}

BOOST_AUTO_TEST_CASE(every_parameter_can_be_kept) {
  for (const char* name : {"mlp:4-3-2", "mlp:5-4-4-3"}) {
    const LayeredGraph graph = initialised(name);
    for (const WalkOptions& options : all_walk_options()) {
      const WalkMask all = phew::phew_mask(graph, {.density = 1, .seed = 0, .walks = options});
      BOOST_TEST(all.kept == graph.prunable());
    }
  }
}

BOOST_AUTO_TEST_CASE(densities_round_to_the_nearest_count) {
  BOOST_TEST(phew::target_of(0.1, 176'800) == 17'680);
  BOOST_TEST(phew::target_of(0.05, 176'800) == 8'840);
  BOOST_TEST(phew::target_of(1, 7) == 7);
  BOOST_TEST(phew::target_of(0.5, 3) == 2);
  BOOST_TEST(phew::target_of(1e-4, 20'000) == 2);
}

BOOST_AUTO_TEST_CASE(densities_outside_0_to_1_are_refused) {
  const LayeredGraph graph = initialised("mlp:4-3-2");
  for (const double density : {0.0, -0.0, -0.1, 1.0000001, 2.0, std::nan(""), std::numeric_limits<double>::infinity(),
                               -std::numeric_limits<double>::infinity()})
    check_error([&] { (void)phew::phew_mask(graph, {.density = density}); }, ExitCode::usage,
                {"density", fmt::format("found {}", density)});
  check_error([] { (void)phew::target_of(1e-9, 1000); }, ExitCode::usage, {"density", "1e-09", "1000"});
}

BOOST_AUTO_TEST_CASE(a_layer_of_zeros_is_named) {
  for (const std::size_t layer : {0U, 1U, 2U})
    for (const phew::Bias bias : {phew::Bias::weight, phew::Bias::inverse})
      check_error([&] { (void)phew::phew_mask(with_a_zero_layer(layer), {.walks = {.bias = bias}}); }, ExitCode::data,
                  {std::vector{"0.weight", "2.weight", "4.weight"}[layer], "zeros"});
  BOOST_CHECK_NO_THROW((void)phew::phew_mask(with_a_zero_layer(1), {.walks = {.bias = phew::Bias::uniform}}));
}

BOOST_AUTO_TEST_CASE(an_unreachable_density_names_what_can_be_reached) {
  const LayeredGraph graph = initialised("lenet-300-100");
  const Mask tenth = phew::phew_mask(graph, {.density = 0.1, .seed = 0}).mask;
  for (const phew::Granularity granularity : {phew::Granularity::parameter, phew::Granularity::kernel})
    check_error(
        [&] {
          const WalkOptions options{.granularity = granularity};
          (void)phew::phew_mask(graph.masked(tenth), {.density = 0.2, .walks = options});
        },
        ExitCode::data,
        {"density 0.2", fmt::format("({} of 266200 parameters) within reach", tenth.kept()),
         "expected 53240 parameters"});
}

BOOST_AUTO_TEST_CASE(too_many_walks_name_what_was_reached) {
  const LayeredGraph graph = initialised("lenet-300-100");
  check_error([&] { (void)phew::phew_mask(graph, {.density = 0.5, .walks = {.max_walks = 100}}); }, ExitCode::data,
              {"density 0.5", "after 100 walks", "of 266200 parameters", "expected 133100 parameters"});
  // 40 walks of 3 steps keep at most 120: the bound itself does not get in the way.
  BOOST_TEST(phew::phew_mask(graph, {.density = 60.0 / 266'200, .walks = {.max_walks = 40}}).walks <= 40);
}

// A promise: these bits on every machine, or the version of the mask rule changes.
BOOST_AUTO_TEST_CASE(hashes_of_masks_are_the_golden_ones) {
  std::string golden;
  for (const char* name : {"lenet-300-100", "resnet20", "vgg11"}) {
    const LayeredGraph graph = initialised(name);
    for (const WalkOptions& options : all_walk_options())
      for (const std::uint64_t seed : {0U, 1U}) {
        const double density = graph.prunable() > 1'000'000 ? 0.001 : 0.03;
        const phew::PhewOptions one{.density = density, .seed = seed, .walks = options, .threads = 1};
        phew::PhewOptions three = one;
        three.threads = 3;
        const WalkMask mask = phew::phew_mask(graph, one);
        const std::string hash = digest_of(mask.mask);
        BOOST_TEST(digest_of(phew::phew_mask(graph, three).mask) == hash);
        golden += fmt::format("{} {} density {} seed {}: {} {} walks\n", name, phew::test::name_of(options), density,
                              seed, hash, mask.walks);
      }
  }
  const LayeredGraph tiny = phew::test::conv_chain().graph;
  for (const WalkOptions& options : all_walk_options()) {
    const WalkMask mask = phew::phew_mask(tiny, {.density = 0.2, .seed = 0, .walks = options});
    golden += fmt::format("tiny convolutional {} density 0.2 seed 0: {} {} walks\n", phew::test::name_of(options),
                          digest_of(mask.mask), mask.walks);
  }
  phew::test::check_golden("walk_masks.txt", golden);
}

BOOST_AUTO_TEST_SUITE_END()
