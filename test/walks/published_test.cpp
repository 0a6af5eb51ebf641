// The published code's walks on two MLPs, in the mean over ten initialisations (data/oracle/README.md).
#include "graph/initializer.hpp"
#include "graph/zoo.hpp"
#include "walks/phew.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <cstdint>
#include <ostream>
#include <vector>

namespace {

struct Published {
  const char* network;
  double density;
  std::int64_t target;  ///< the published code's; ours may be 1 higher, since it truncates 1 − (1 − density)
  double walks;
  std::vector<double> densities;  ///< by link; empty where none were recorded
};
std::ostream& operator<<(std::ostream& out, const Published& p) { return out << p.network << " at " << p.density; }

const std::vector<Published> published_runs{
    {"mlp:784-100-100-100-784", 0.10, 17'679, 5380, {.0654, .3711, .3741, .0650}},
    {"mlp:784-100-100-100-784", 0.05, 8'840, 2429, {}},
    {"lenet-300-100", 0.10, 26'619, 15'528, {.0627, .364, .971}},
};

double density_of(const phew::BitMatrix& bits) {
  return static_cast<double>(bits.count()) / static_cast<double>(bits.rows() * bits.columns());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(published)

BOOST_DATA_TEST_CASE(walks_and_layer_densities_are_the_published_code_s, published_runs, run) {
  constexpr int initialisations = 10;
  const phew::Network network = phew::make_network(run.network);
  double walks = 0;
  std::vector<double> densities(network.parameters().size());
  for (std::uint64_t seed = 0; seed < initialisations; ++seed) {
    const phew::LayeredGraph graph(network, phew::initial_weights(network, {}, seed, 1));
    const auto result = phew::phew_mask(graph, {.density = run.density, .seed = seed});
    BOOST_TEST(std::abs(phew::target_of(run.density, graph.prunable()) - run.target) <= 1);
    BOOST_TEST(result.steps == result.walks * static_cast<std::int64_t>(graph.links().size()));
    walks += static_cast<double>(result.walks) / initialisations;
    for (std::size_t p = 0; p < densities.size(); ++p) densities[p] += density_of(result.mask[p]) / initialisations;
  }
  BOOST_TEST_MESSAGE(run << ": " << walks << " walks, published " << run.walks);
  BOOST_TEST(walks == run.walks, boost::test_tools::tolerance(0.02));
  for (std::size_t p = 0; p < run.densities.size(); ++p) {
    BOOST_TEST_MESSAGE("  " << network.parameters()[p].name << ": " << densities[p] << ", " << run.densities[p]);
    BOOST_TEST(densities[p] == run.densities[p], boost::test_tools::tolerance(0.02));
  }
}

BOOST_AUTO_TEST_SUITE_END()
