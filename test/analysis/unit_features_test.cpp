#include "analysis/unit_features.hpp"

#include "analysis/unit_matching.hpp"
#include "graph/reach.hpp"
#include "support/random_network.hpp"
#include "support/relabelling.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <cmath>

namespace data = boost::unit_test::data;

BOOST_AUTO_TEST_SUITE(unit_features)

// Unit v of the relabelled mask is unit partners[v] of the mask: it has its features.
BOOST_DATA_TEST_CASE(relabelling_permutes_features, data::xrange(100), seed) {
  const phew::Network network = phew::test::random_network(static_cast<std::uint64_t>(seed));
  const phew::LayeredGraph graph(network);
  phew::test::Dice dice(static_cast<std::uint64_t>(seed), 8);
  const phew::Mask mask = phew::test::random_mask(network, dice);
  const phew::Partners partners = phew::test::random_relabelling(phew::unit_blocks(graph), dice);
  const auto of_mask = phew::unit_features(graph, mask);
  const auto moved = phew::unit_features(graph, phew::relabelled(graph, mask, partners));
  for (std::size_t v = 0; v < partners.size(); ++v)
    for (std::size_t d = 0; d < phew::UnitFeatures::width; ++d) {
      const auto from = static_cast<std::size_t>(partners[v]);
      BOOST_TEST(std::abs(moved.forward[v][d] - of_mask.forward[from][d]) < 1e-3F);
      BOOST_TEST(std::abs(moved.backward[v][d] - of_mask.backward[from][d]) < 1e-3F);
    }
}

// A unit has a forward feature if an input reaches it, and a backward one if it reaches an output.
BOOST_DATA_TEST_CASE(features_follow_paths, data::xrange(100), seed) {
  const phew::Network network = phew::test::random_network(static_cast<std::uint64_t>(seed));
  const phew::LayeredGraph graph(network);
  phew::test::Dice dice(static_cast<std::uint64_t>(seed), 9);
  const phew::Mask mask = phew::test::random_mask(network, dice);
  const auto features = phew::unit_features(graph, mask);
  const phew::Reach reach = phew::reach(graph.masked(mask));
  for (std::int64_t v = 0; v < graph.unit_count(); ++v) {
    const auto i = static_cast<std::size_t>(v);
    const float self = phew::UnitFeatures::likeness(features, v, features, v);
    BOOST_TEST(std::abs(self - 0.5F * static_cast<float>(reach.from_input[i] + reach.to_output[i])) < 1e-3F);
  }
}

BOOST_AUTO_TEST_SUITE_END()
