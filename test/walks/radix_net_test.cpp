#include "small_networks.hpp"
#include "walks/topology.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <set>
#include <string>
#include <vector>

namespace {

using phew::LayeredGraph;
using phew::Topology;
using Numbers = std::vector<std::int64_t>;

Topology topology_of(const std::string& name, double density) {
  const LayeredGraph graph(phew::make_network(name));
  return phew::radix_net(graph, std::llround(density * static_cast<double>(graph.prunable())));
}

/// The different numbers of paths from an input to an output of an MLP: by multiplying its links' 0/1 matrices.
std::set<std::int64_t> path_counts(const std::string& name, const Topology& topology) {
  const phew::Network net = phew::make_network(name);
  const std::int64_t inputs = net.parameters().front().row_length();
  std::set<std::int64_t> counts;
  for (std::int64_t input = 0; input < inputs; ++input) {
    Numbers paths(static_cast<std::size_t>(inputs));
    paths[static_cast<std::size_t>(input)] = 1;
    for (std::size_t l = 0; l < net.parameters().size(); ++l) {
      Numbers next(static_cast<std::size_t>(net.parameters()[l].rows()));
      for (std::size_t t = 0; t < next.size(); ++t)
        phew::for_each_set(topology.mask[l].row(static_cast<std::int64_t>(t)),
                           [&](std::int64_t s) { next[t] += paths[static_cast<std::size_t>(s)]; });
      paths = next;
    }
    counts.insert(paths.begin(), paths.end());
  }
  return counts;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(radix_net)

// The digits 2, 2, 2 of a system modulo 8, at 2 of 8 edges a unit:
//   link 0: t ← t, t − 1     link 1: t ← t, t − 2     link 2: t ← t, t − 4      (modulo 8)
BOOST_AUTO_TEST_CASE(one_system_of_digits_joins_each_pair_by_one_path) {
  const Topology topology = topology_of("mlp:8-8-8-8", 0.25);
  BOOST_TEST(topology.radices == (Numbers{2, 2, 2}), boost::test_tools::per_element());
  BOOST_TEST(topology.edges == 48);
  BOOST_TEST((path_counts("mlp:8-8-8-8", topology) == std::set<std::int64_t>{1}));
  for (std::int64_t l = 0; l < 3; ++l)
    for (std::int64_t t = 0; t < 8; ++t) {
      BOOST_TEST(topology.mask[static_cast<std::size_t>(l)].test(t, t));
      BOOST_TEST(topology.mask[static_cast<std::size_t>(l)].test(t, (t + 8 - (1 << l)) % 8));
    }
}

// Radices multiply up to M in each: all pairs alike. Two systems after one another: M paths a pair. Layers that are
// multiples of M wide (a Kronecker product with dense links, as in the paper): as many paths as their inner multiples
// multiply up to.
BOOST_AUTO_TEST_CASE(all_pairs_are_joined_alike_where_the_radices_multiply_up) {
  const auto only = [](const char* name, double density, const Numbers& radices, std::int64_t paths) {
    const Topology topology = topology_of(name, density);
    BOOST_TEST_CONTEXT(name) {
      BOOST_TEST(topology.radices == radices, boost::test_tools::per_element());
      BOOST_TEST((path_counts(name, topology) == std::set<std::int64_t>{paths}));
    }
  };
  only("mlp:36-36-36", 1.0 / 6, {6, 6}, 1);
  only("mlp:9-9-9-9-9", 1.0 / 3, {3, 3, 3, 3}, 9);
  only("mlp:8-8-8-8-8-8-8", 0.25, {2, 2, 2, 2, 2, 2}, 8);
  only("mlp:16-8-24-8", 0.25, {2, 2, 2}, 3);
  only("mlp:12-12", 1, {12}, 1);
}

BOOST_AUTO_TEST_CASE(widths_that_do_not_fit_still_join_all_units) {
  for (const char* name : {"mlp:10-7-13-5", "mlp:784-300-100-10", "mlp:5-64-3", "mlp:100-100-100-100-100"})
    for (const double density : {0.001, 0.02, 0.1, 0.4, 1.0}) {
      const Topology topology = topology_of(name, density);
      const phew::Network net = phew::make_network(name);
      for (std::size_t l = 0; l < net.parameters().size(); ++l) {
        const std::int64_t rows = net.parameters()[l].rows(), columns = net.parameters()[l].row_length();
        BOOST_TEST_CONTEXT(name << " at " << density << ", link " << l) {
          BOOST_TEST(topology.mask[l].count() == topology.radices[l] * std::max(rows, columns));
          std::set<std::int64_t> sources;
          for (std::int64_t t = 0; t < rows; ++t) {
            std::int64_t entering = 0;
            phew::for_each_set(topology.mask[l].row(t), [&](std::int64_t s) {
              sources.insert(s);
              ++entering;
            });
            BOOST_TEST(entering > 0);
          }
          BOOST_TEST(static_cast<std::int64_t>(sources.size()) == columns);
        }
      }
      if (density == 1.0) BOOST_TEST(topology.mask.kept() == net.prunable());
    }
}

// A radix divides what its system leaves: of 64, one of 1, 2, 4, … The density of the whole is near to what is wanted
// all the same, as links make up for each other, unless a system's last digits leave no room for that: of 16 · 4 = 64
// the second is small, however much is wanted.
BOOST_AUTO_TEST_CASE(the_density_is_near) {
  for (const double density : {0.03, 0.05, 0.1}) {
    const Topology topology = topology_of("mlp:64-64-64-64-64-64-64-64-64-64-64", density);
    BOOST_TEST(std::abs(topology.mask.density() - density) < 0.1 * density);
    for (const std::int64_t radix : topology.radices) BOOST_TEST(64 % radix == 0);
  }
}

// The digits go on across a fixed link, a grouped link repeats them in each group, and a depthwise one is whole.
BOOST_AUTO_TEST_CASE(groups_and_shortcuts) {
  const LayeredGraph graph(phew::test::grouped_network());
  const Topology topology = phew::radix_net(graph, graph.prunable() / 3);
  BOOST_TEST(topology.mask[1].count() == 12 * 9);
  const phew::BitMatrix& grouped = topology.mask[0];  // 6 targets and 2 sources a group
  for (std::int64_t t = 0; t < 6; ++t)
    for (std::int64_t p = 0; p < 18; ++p) BOOST_TEST(grouped.test(t, p) == grouped.test(t + 6, p));
}

BOOST_AUTO_TEST_SUITE_END()
