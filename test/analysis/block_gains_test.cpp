#include "analysis/block_gains.hpp"

#include "analysis/similarity.hpp"
#include "analysis/unit_matching.hpp"
#include "support/random_network.hpp"
#include "support/relabelling.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

namespace data = boost::unit_test::data;

namespace {

using namespace phew;

std::int64_t overlap_of(const Mask& a, const Mask& b) {
  std::int64_t both = 0;
  for (std::size_t t = 0; t < a.tensor_count(); ++t) both += overlap(a[t], b[t]).both;
  return both;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(block_gains)

// A step from one permutation of a block to another changes the overlap by the difference of their gains.
BOOST_DATA_TEST_CASE(gains_tell_what_a_permutation_is_worth, data::xrange(300), seed) {
  const Network network = test::random_network(static_cast<std::uint64_t>(seed));
  const LayeredGraph graph(network);
  const BlockLinks links(graph);
  test::Dice dice(static_cast<std::uint64_t>(seed), 6);
  const Mask a = test::random_mask(network, dice), b = test::random_mask(network, dice);
  const BlockGains gains(links, a, b);
  Partners partners = test::random_relabelling(links.units(), dice);
  BOOST_TEST(gains.kept_by_both(same_units(graph)) == overlap_of(a, b));
  for (std::size_t k = 0; k < links.units().blocks.size(); ++k) {
    if (links.own_neighbour(k)) continue;
    const UnitBlock& block = links.units().blocks[k];
    const Gains of_block = gains.of(k, partners);
    const auto worth = [&](const Partners& p) {
      std::int64_t sum = 0;
      for (std::size_t i = 0; i < block.size(); ++i) {
        const std::int64_t partner = p[static_cast<std::size_t>(block.vertex(i, 0))];
        sum += of_block(i, static_cast<std::size_t>(links.units().bundle_of[static_cast<std::size_t>(partner)]));
      }
      return sum;
    };
    const Partners other = test::random_relabelling(links.units(), dice);
    Partners moved = partners;
    for (const std::int64_t v : block.vertices) moved[static_cast<std::size_t>(v)] = other[static_cast<std::size_t>(v)];
    const std::int64_t change =
        overlap_of(a, relabelled(graph, b, moved)) - overlap_of(a, relabelled(graph, b, partners));
    BOOST_TEST(worth(moved) - worth(partners) == change);
  }
}

BOOST_DATA_TEST_CASE(counts_what_both_keep, data::xrange(200), seed) {
  const Network network = test::random_network(static_cast<std::uint64_t>(seed));
  const LayeredGraph graph(network);
  const BlockLinks links(graph);
  test::Dice dice(static_cast<std::uint64_t>(seed), 7);
  const Mask a = test::random_mask(network, dice), b = test::random_mask(network, dice);
  const Partners partners = test::random_relabelling(links.units(), dice);
  BOOST_TEST(BlockGains(links, a, b).kept_by_both(partners) == overlap_of(a, relabelled(graph, b, partners)));
}

// input ─► h (3 units) ─► fc (2): one block, seen from the input and from fc. Nothing counts without partners.
BOOST_AUTO_TEST_CASE(units_without_partners_count_nothing) {
  Network network("small");
  const auto input = network.add("input", op::Input{{2, 1, 1}});
  const auto h = network.add("h", op::Linear{2, 3, true, ""}, {input});
  const auto g = network.add("g", op::Linear{3, 3, true, ""}, {h});
  network.add("output", op::Output{}, {network.add("fc", op::Linear{3, 2, true, ""}, {g})});
  const LayeredGraph graph(network);
  const BlockLinks links(graph);
  const Mask full(network.parameters(), true);
  const BlockGains gains(links, full, full);
  Partners partners = same_units(graph);
  BOOST_TEST(gains.of(0, partners)(0, 2) == 2 + 3);
  for (const std::int64_t v : links.units().blocks[1].vertices) partners[static_cast<std::size_t>(v)] = no_partner;
  BOOST_TEST(gains.of(0, partners)(0, 2) == 2);
  BOOST_TEST((links.neighbours(0).size() == 1 && links.neighbours(0)[0] == 1));
  BOOST_TEST(!links.own_neighbour(0));
}

// x + conv(x): the stream's own weighted link makes it its own neighbour.
BOOST_AUTO_TEST_CASE(a_link_within_a_stream) {
  Network network("stream");
  const auto input = network.add("input", op::Input{{2, 1, 1}});
  const auto a = network.add("a", op::Linear{2, 4, true, ""}, {input});
  const auto add = network.add("add", op::Add{}, {network.add("b", op::Linear{4, 4, true, ""}, {a}), a});
  network.add("output", op::Output{}, {network.add("fc", op::Linear{4, 2, true, ""}, {add})});
  const BlockLinks links{LayeredGraph(network)};
  BOOST_TEST(links.units().blocks.size() == 1U);
  BOOST_TEST(links.own_neighbour(0));
  BOOST_TEST(links.neighbours(0).empty());
}

BOOST_AUTO_TEST_SUITE_END()
