#include "phew-graph/effective_density.hpp"

#include "graph/error.hpp"
#include "graph/initializer.hpp"
#include "graph/reach.hpp"
#include "graph/zoo.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <vector>

namespace {

using phew::LayeredGraph;
using phew::Mask;
using phew::MethodResult;
using phew::tools::EffectiveMask;
using phew::tools::meet_effective_density;

std::int64_t effective_of(const LayeredGraph& graph, const Mask& mask) {
  const LayeredGraph masked = graph.masked(mask);
  return phew::effective_mask(masked, phew::reach(masked)).kept();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(effective_density)

BOOST_AUTO_TEST_CASE(random_masks_reach_a_low_effective_density) {
  const auto net = phew::make_network("lenet-300-100");
  const LayeredGraph graph(net, phew::initial_weights(net, {}, 0, 2));
  for (const char* name : {"random", "bernoulli", "erk", "magnitude", "erdos-renyi"})
    for (const double density : {0.002, 0.01, 0.02}) {
      const std::int64_t wanted = phew::target_of(density, graph.prunable());
      const phew::MaskSampler sampler = phew::find_method(name).prepare({graph}, {});
      const EffectiveMask found =
          meet_effective_density(graph, wanted, [&](std::int64_t target) { return sampler.sample(target, 1); });
      BOOST_TEST_CONTEXT(name << " at " << density) {
        BOOST_TEST(found.effective == effective_of(graph, found.result.mask));
        BOOST_TEST(found.effective >= wanted);
        BOOST_TEST(static_cast<double>(found.effective) <= 1.2 * static_cast<double>(wanted) + 20);
        BOOST_TEST(found.result.kept > wanted);  // some of what is kept lies on no path
        BOOST_TEST((found.result.mask == sampler.sample(found.target, 1).mask));
        BOOST_TEST(found.iterations <= 2 + 2 * std::log2(static_cast<double>(graph.prunable())));
      }
    }
}

// Where every kept parameter is effective, the first mask will do.
BOOST_AUTO_TEST_CASE(walks_need_one_mask) {
  const auto net = phew::make_network("lenet-300-100");
  const LayeredGraph graph(net);
  const phew::MaskSampler sampler = phew::find_method("uniform-walk").prepare({graph}, {});
  const EffectiveMask found =
      meet_effective_density(graph, 2000, [&](std::int64_t target) { return sampler.sample(target, 1); });
  BOOST_TEST(found.iterations == 1);
  BOOST_TEST(found.target == 2000);
}

// Masks that contain those of lower targets: bisection ends at the lowest target, found here one by one.
BOOST_AUTO_TEST_CASE(nested_masks_need_the_lowest_target) {
  const auto net = phew::make_network("mlp:12-9-7-5");
  const LayeredGraph graph(net, phew::initial_weights(net, {}, 3, 1));
  const auto sample = [&](std::int64_t target) {
    MethodResult result;
    result.mask = phew::keep_largest(graph.parameters(), graph.weights(), target, phew::Scope::global);
    result.kept = target;
    return result;
  };
  for (std::int64_t wanted = 1; wanted <= graph.prunable(); wanted += 5) {
    std::int64_t lowest = 1;
    while (effective_of(graph, sample(lowest).mask) < wanted) ++lowest;
    BOOST_TEST(meet_effective_density(graph, wanted, sample).target == lowest);
  }
}

// A sampler that only ever keeps the first link's parameters, and one parameter on a path.
BOOST_AUTO_TEST_CASE(what_cannot_be_reached_is_named) {
  const auto net = phew::make_network("mlp:4-1-1");  // 4 and 1 parameters
  const LayeredGraph graph(net);
  const auto sample = [&](std::int64_t target) {
    MethodResult result;
    result.mask = Mask(graph.parameters());
    for (std::int64_t p = 0; p < std::min<std::int64_t>(target, 2); ++p) result.mask[0].set(0, p);
    result.mask[1].set(0, 0);
    result.kept = result.mask.kept();
    return result;
  };
  BOOST_TEST(meet_effective_density(graph, 3, sample).effective == 3);
  try {
    (void)meet_effective_density(graph, 4, sample);
    BOOST_TEST(false, "no error");
  } catch (const phew::Error& error) {
    BOOST_TEST((error.code() == phew::ExitCode::data));
    BOOST_TEST(std::string(error.what()).starts_with("effective density 0.8: found at most 0.6 (3 of 5 parameters"));
  }
}

BOOST_AUTO_TEST_SUITE_END()
