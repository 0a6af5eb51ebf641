#include "analysis/analysis_page.hpp"

#include "graph/initializer.hpp"
#include "graph/zoo.hpp"
#include "support/random_network.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <string_view>

namespace data = boost::unit_test::data;

namespace {

phew::AnalyzedMask analyzed(const phew::Network& network, const phew::LayeredGraph& graph,
                            const std::string& file = "mask.safetensors") {
  return {graph, phew::analyze(network, graph), {network.name(), "kaiming-normal, seed 0", file}};
}

std::int64_t count(const std::vector<std::string>& states, std::string_view of) {
  std::int64_t units = 0;
  for (const std::string& layer : states)
    units += std::ranges::count_if(layer, [&](char c) { return of.find(c) != std::string_view::npos; });
  return units;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(analysis_page)

// input   hidden 0 hidden 2  output
//   0 ───► 0 ────► 0 ────► 0
//   1 ───► 1       1 ────► 1      0[1] is entered and not left, 2[1] left and not entered: stubs. 0[2] and 2[2] are
//   2      2       2       2      dead. Input 2 and output 2 are unused. Input 1 and output 1 have edges, but no path.
BOOST_AUTO_TEST_CASE(units_have_the_state_of_the_drawing) {
  const phew::Network network = phew::make_network("mlp:3-3-3-3");
  phew::Mask mask(network.parameters());
  mask[0].set(0, 0), mask[0].set(1, 1);
  mask[1].set(0, 0);
  mask[2].set(0, 0), mask[2].set(1, 1);
  const auto one = analyzed(network, phew::LayeredGraph(network).masked(mask));
  BOOST_TEST(phew::unit_states(one) == (std::vector<std::string>{"pou", "csd", "psd", "pou"}),
             boost::test_tools::per_element());
  const auto page = phew::analysis_page_data({&one, 1});
  const auto& units = page["masks"][0]["units"];
  BOOST_TEST(units["in"] == nlohmann::json({{0, 0, 0}, {1, 1, 0}, {1, 0, 0}, {1, 1, 0}}));
  BOOST_TEST(units["out"] == nlohmann::json({{1, 1, 0}, {1, 0, 0}, {1, 1, 0}, {0, 0, 0}}));
  BOOST_TEST(page["masks"][0]["edges"] == nlohmann::json::parse("[[[0,0],[1,1]], [[0,0]], [[0,0],[1,1]]]"));
  BOOST_TEST(page["masks"][0]["verdict"] == phew::verdict(one.analysis));
  BOOST_TEST(page["structure"]["links"][1]["from"] == 1);
  BOOST_TEST(page["similarity"].is_null());
}

// What is marked and what is counted agree.
BOOST_DATA_TEST_CASE(states_agree_with_the_report, data::xrange(200), seed) {
  const phew::test::RandomCase random = phew::test::random_case(static_cast<std::uint64_t>(seed));
  const auto one = analyzed(random.network, phew::LayeredGraph(random.network, random.weights).masked(random.mask));
  const auto& n = one.analysis.profile.network;
  const auto states = phew::unit_states(one);
  std::int64_t on_path = 0;
  for (const auto& layer : one.analysis.profile.layers) on_path += layer.units_on_path;
  BOOST_TEST(count(states, "s") == n.stub_units);
  BOOST_TEST(count(states, "pct") == on_path);
  if (one.analysis.cut) BOOST_TEST(count(states, "c") == one.analysis.cut->size());
  BOOST_TEST(count(states, "pctsodu") == one.graph.unit_count());
  BOOST_TEST(count(states, "dt") <= n.dead_units);

  const auto page = phew::analysis_page_data({&one, 1});
  const auto& m = page["masks"][0];
  std::int64_t in = 0, out = 0, listed = 0, edges = 0;
  for (const auto& layer : m["units"]["in"])
    for (const auto& degree : layer) in += degree.get<std::int64_t>();
  for (const auto& layer : m["units"]["out"])
    for (const auto& degree : layer) out += degree.get<std::int64_t>();
  for (const auto& link : m["edges"]) listed += static_cast<std::int64_t>(link.is_null() ? 0 : link.size());
  for (const phew::Link& link : one.graph.links()) edges += link.fixed() ? 0 : one.graph.edge_count(link);
  BOOST_TEST(in == edges);
  BOOST_TEST(out == edges);
  BOOST_TEST(listed == edges);
}

// A dead unit that a shortcut passes is on a path all the same, and is marked apart.
BOOST_AUTO_TEST_CASE(a_dead_unit_on_a_shortcut_is_marked_apart) {
  const phew::Network network = phew::make_network("resnet20");
  const phew::LayeredGraph graph(network);
  phew::Mask mask(network.parameters(), true);
  for (std::size_t i = 0; i < network.parameters().size(); ++i)
    if (network.parameters()[i].name.starts_with("layer1."))
      mask[i] = phew::BitMatrix(mask[i].rows(), mask[i].columns());
  const auto one = analyzed(network, graph.masked(mask));
  const auto states = phew::unit_states(one);
  BOOST_TEST(one.analysis.profile.network.connected);
  BOOST_TEST(count(states, "t") > 0);
}

BOOST_AUTO_TEST_CASE(many_edges_are_not_listed) {
  const phew::Network network = phew::make_network("mlp:100-80-10");
  const auto dense = analyzed(network, phew::LayeredGraph(network));
  BOOST_TEST(phew::analysis_page_data({&dense, 1})["masks"][0]["edges"].is_null());
}

// The sample's histogram holds every sample, within the range of all paths and around their mean.
BOOST_AUTO_TEST_CASE(the_ewp_histogram_is_of_the_paths) {
  const phew::Network network = phew::make_network("mlp:30-20-10");
  const phew::LayeredGraph graph(network,
                                 phew::initial_weights(network, phew::parse_initializer("kaiming-normal"), 0, 1));
  const auto one = analyzed(network, graph);
  const auto ewp = phew::analysis_page_data({&one, 1})["masks"][0]["ewp"];
  const double first = ewp["first"], width = ewp["width"], mean = ewp["mean"], std = ewp["std"];
  double count = 0, sum = 0;
  for (std::size_t i = 0; i < ewp["paths"].size(); ++i) {
    count += ewp["paths"][i].get<double>();
    sum += ewp["paths"][i].get<double>() * (first + width * (static_cast<double>(i) + 0.5));
  }
  BOOST_TEST(count == ewp["sampled"].get<double>());
  BOOST_TEST(count == 20'000);
  BOOST_TEST(first >= ewp["least"].get<double>() - 1e-12);
  BOOST_TEST(first + width * static_cast<double>(ewp["paths"].size()) <= ewp["most"].get<double>() + 1e-12);
  BOOST_TEST(std::abs(sum / count - mean) < width / 2 + 4 * std / std::sqrt(count));
  // One path: one bar. No weights, no path: no histogram.
  phew::Mask mask(network.parameters());
  mask[0].set(0, 0), mask[1].set(0, 0);
  const auto path = analyzed(network, graph.masked(mask));
  BOOST_TEST(phew::analysis_page_data({&path, 1})["masks"][0]["ewp"]["paths"] == nlohmann::json({20'000}));
  const auto structure = analyzed(network, phew::LayeredGraph(network));
  BOOST_TEST(phew::analysis_page_data({&structure, 1})["masks"][0]["ewp"].is_null());
  const auto empty = analyzed(network, graph.masked(phew::Mask(network.parameters())));
  BOOST_TEST(phew::analysis_page_data({&empty, 1})["masks"][0]["ewp"].is_null());
}

BOOST_AUTO_TEST_CASE(theory_is_that_of_the_report) {
  const phew::Network network = phew::make_network("mlp:20-20-20-20");
  const phew::LayeredGraph graph(network);
  const auto dense = analyzed(network, graph);
  const auto theory = phew::analysis_page_data({&dense, 1})["theory"];
  BOOST_REQUIRE(theory["density"].size() == theory["expected_stub_units"].size());
  for (std::size_t i = 0; i < theory["density"].size(); ++i) {
    const double x = 1 - theory["density"][i].get<double>(), a = std::pow(x, 20);
    BOOST_TEST(std::abs(theory["expected_stub_units"][i].get<double>() - 40 * 2 * a * (1 - a)) < 1e-9);  // Eq. 5-6
  }
  BOOST_TEST(std::abs(theory["density"].back().get<double>() - 1) < 1e-15);
}

BOOST_AUTO_TEST_CASE(several_masks_bring_their_similarity) {
  const phew::Network network = phew::make_network("mlp:6-5-4");
  const phew::LayeredGraph graph(network);
  phew::test::Dice dice(1);
  std::vector<phew::AnalyzedMask> masks;
  for (const char* file : {"a", "b", "c"})
    masks.push_back(analyzed(network, graph.masked(phew::test::random_mask(network, dice)), file));
  const auto page = phew::analysis_page_data(masks);
  BOOST_TEST(page["masks"].size() == 3U);
  BOOST_TEST(page["masks"][2]["document"]["mask"] == "c");
  BOOST_TEST(page["similarity"]["pairs"].size() == 3U);
  BOOST_TEST(page["similarity"]["groups"]["within_a"]["links"].size() == 2U);
  const double whole = *phew::similarity(masks[0].graph.mask(), masks[1].graph.mask()).whole.value;
  BOOST_TEST(page["similarity"]["pairs"][0]["jaccard"] == whole);
}

BOOST_AUTO_TEST_SUITE_END()
