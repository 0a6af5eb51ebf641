// Compared with all paths in all_paths_test.cpp; here, counts that no machine integer holds.
#include "analysis/path_counts.hpp"

#include "analysis/path_totals.hpp"
#include "graph/initializer.hpp"
#include "graph/zoo.hpp"
#include "support/random_network.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>

namespace {

phew::PathCount power(int base, int exponent) { return boost::multiprecision::pow(phew::PathCount(base), exponent); }

}  // namespace

BOOST_AUTO_TEST_SUITE(path_counts)

BOOST_AUTO_TEST_CASE(a_thousand_layers_to_the_last_digit) {
  const phew::LayeredGraph graph(phew::make_network("mlp:7x1001"));
  const auto links = static_cast<int>(graph.links().size());
  const phew::PathCounts counts = phew::path_counts(graph);
  BOOST_TEST((counts.paths == power(7, links + 1)));
  BOOST_TEST(counts.zero_paths == 0);
  BOOST_TEST(phew::log10_of(counts.paths) == (links + 1) * std::log10(7.0), boost::test_tools::tolerance(1e-14));
  BOOST_TEST((phew::path_counts(graph, phew::PathLevel::kernel).paths == counts.paths));
}

// 3·64 first edges of 9 parameters …: a dense VGG's count is the product of its widths and kernels.
BOOST_AUTO_TEST_CASE(a_dense_vgg_is_a_product) {
  const phew::Network network = phew::make_network("vgg11");
  const phew::LayeredGraph graph(network);
  phew::PathCount parameters = 3, edges = 3;
  for (const phew::Link& link : graph.links()) {
    parameters *= graph.layers()[link.to].units * link.kernel;
    edges *= graph.layers()[link.to].units;
  }
  BOOST_TEST((phew::path_counts(graph).paths == parameters));
  BOOST_TEST((phew::path_counts(graph, phew::PathLevel::kernel).paths == edges));
}

// Rows that are added as a whole and rows that are added bit by bit give the same; so does the logarithm of the sweep.
BOOST_AUTO_TEST_CASE(a_full_mask_counts_what_no_mask_does) {
  for (const char* name : {"resnet20", "mlp:30-20-10"}) {
    const phew::Network network = phew::make_network(name);
    const phew::LayeredGraph graph(network, phew::initial_weights(network, {}, 1, 1));
    const auto full = graph.masked(phew::Mask(network.parameters(), true));
    const phew::PathCounts counts = phew::path_counts(graph);
    BOOST_TEST((counts.paths == phew::path_counts(full).paths));
    BOOST_TEST(counts.zero_paths == 0);
    BOOST_TEST(phew::log10_of(counts.paths) == phew::path_totals(graph).paths_log10.value(),
               boost::test_tools::tolerance(1e-13));
  }
}

BOOST_AUTO_TEST_CASE(logarithms) {
  for (const int number : {1, 2, 9, 1'000'000'007}) BOOST_TEST(phew::log10_of(number) == std::log10(number));
  BOOST_TEST(phew::log10_of(power(10, 1000)) == 1000.0, boost::test_tools::tolerance(1e-15));
  BOOST_TEST(phew::log10_of(power(2, 70) - 1) == 70 * std::log10(2.0), boost::test_tools::tolerance(1e-15));
}

BOOST_AUTO_TEST_SUITE_END()
