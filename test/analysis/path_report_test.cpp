#include "analysis/path_report.hpp"

#include "graph/initializer.hpp"
#include "graph/zoo.hpp"
#include "support/json_schema.hpp"
#include "support/random_network.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <cmath>
#include <fstream>

namespace data = boost::unit_test::data;

namespace {

using phew::LayeredGraph;
using phew::Network;

nlohmann::json schema() {
  std::ifstream file(PHEW_SOURCE_DIR "/data/schema/paths.json");
  return nlohmann::json::parse(file);
}

nlohmann::ordered_json document_of(const LayeredGraph& graph, const phew::PathOptions& options, bool units = false) {
  return phew::to_json(graph, phew::path_report(graph, options), {"some network", "weights.npz", std::nullopt}, units);
}

const std::vector<std::string> nothing;

}  // namespace

BOOST_AUTO_TEST_SUITE(path_report)

BOOST_DATA_TEST_CASE(documents_fit_their_schema, data::xrange(100), seed) {
  const phew::test::RandomCase random = phew::test::random_case(static_cast<std::uint64_t>(seed));
  const LayeredGraph graph(random.network, random.weights);
  phew::PathOptions options{.top = 5, .samples = 200, .quantiles = {0.01, 0.5}, .initializer = phew::Initializer{}};
  for (const auto& g : {graph, graph.masked(random.mask), graph.masked(phew::Mask(random.network.parameters()))}) {
    options.exact_counts = !options.exact_counts;
    options.level = options.exact_counts ? phew::PathLevel::kernel : phew::PathLevel::parameter;
    for (const bool units : {false, true})
      BOOST_TEST(phew::test::violations(schema(), document_of(g, options, units)) == nothing,
                 boost::test_tools::per_element());
  }
}

BOOST_AUTO_TEST_CASE(the_schema_finds_faults) {
  const Network network = phew::make_network("mlp:3-4-2");
  nlohmann::json document = document_of(LayeredGraph(network, phew::initial_weights(network, {}, 0, 1)), {});
  const auto faults_with = [&](auto&& change) {
    nlohmann::json wrong = document;
    change(wrong);
    return phew::test::violations(schema(), wrong).size();
  };
  BOOST_TEST(faults_with([](auto&) {}) == 0U);
  BOOST_TEST(faults_with([](auto& d) { d["ewp"].erase("log_mean"); }) == 1U);
  BOOST_TEST(faults_with([](auto& d) { d["top"][0]["units"][0] = 3; }) == 1U);
  BOOST_TEST(faults_with([](auto& d) { d["surprise"] = 1; }) == 1U);
}

//   in ─┬─ 3 ─► (0) ─ 2 ─► out
//       └─ 1 ─► (1) ─ 5 ─► out
BOOST_AUTO_TEST_CASE(says_what_was_found) {
  const Network network = phew::make_network("mlp:1-2-1");
  const LayeredGraph graph(network,
                           phew::Weights(network.parameters(), {phew::make_tensor("0.weight", {2, 1}, {3, -1}),
                                                                phew::make_tensor("2.weight", {1, 2}, {-2, 5})}));
  const auto d = document_of(graph, {.exact_counts = true, .samples = 500, .quantiles = {0.25}}, true);
  BOOST_TEST(d["schema"]["name"] == "phew-graph/paths");
  BOOST_TEST(d["level"] == "parameter");
  const auto exactly = boost::test_tools::tolerance(1e-14);
  BOOST_TEST(d["ewp"]["log_total"].get<double>() == std::log(11.0), exactly);
  BOOST_TEST(d["ewp"]["mean_ewp_log"].get<double>() == std::log(5.5), exactly);
  BOOST_TEST(d["ewp"]["log_mean"].get<double>() == std::log(30.0) / 2, exactly);
  BOOST_TEST(d["ewp"]["log_min"].get<double>() == std::log(5.0), exactly);
  BOOST_TEST(d["ewp"]["log_max"].get<double>() == std::log(6.0), exactly);
  BOOST_TEST(d["ewp"]["paths"] == 2);
  BOOST_TEST(d["ewp"]["paths_exact"] == "2");
  BOOST_TEST(d["ewp"]["zero_paths"] == 0);
  BOOST_TEST(d["ewp"]["zero_paths_log10"].is_null());
  BOOST_TEST(d["ewp"]["expected_mean_ewp_log"].is_null());
  BOOST_TEST(d["ewp"]["samples"] == 500);
  BOOST_TEST(d["ewp"]["quantiles"][0]["log"].get<double>() == std::log(5.0), exactly);
  BOOST_REQUIRE(d["top"].size() == 2U);
  BOOST_TEST(d["top"][0]["ewp"].get<double>() == 6.0, exactly);
  BOOST_TEST(d["top"][0]["units"] == nlohmann::json({"input[0]", "0[0]", "2[0]"}));
  BOOST_TEST(d["top"][0]["parameters"] == nlohmann::json({"0.weight[0,0]", "2.weight[0,0]"}));
  BOOST_TEST(d["top"][1]["parameters"] == nlohmann::json({"0.weight[1,0]", "2.weight[0,1]"}));
  BOOST_TEST(d["layers"][1]["ewp_share_max"].get<double>() == 6.0 / 11, exactly);
  BOOST_TEST(d["links"][1]["ewp_share"].get<double>() == 1.0, exactly);
  BOOST_REQUIRE(d["units"]["ewp"].size() == 4U);
  BOOST_TEST(d["units"]["ewp"][2]["unit"] == "0[1]");
  BOOST_TEST(d["units"]["ewp"][2]["ewp_share"].get<double>() == 5.0 / 11, exactly);
}

/// conv (3 → 2, 3×2), flattened 1×2 map, dense 4 → 3: the names that PyTorch would index.
struct NamedNetwork {
  Network network = make();

  static Network make() {
    Network network("named");
    const auto input = network.add("input", phew::op::Input{{3, 3, 3}});
    phew::op::Conv2d conv;
    conv.in = 3;
    conv.out = 2;
    conv.kernel = {3, 2};
    const auto features = network.add("features.0", conv, {input});
    const auto flat = network.add("flatten", phew::op::Flatten{}, {features});
    network.add("output", phew::op::Output{}, {network.add("classifier", phew::op::Linear{4, 3, true, ""}, {flat})});
    return network;
  }

  /// All weights 1 but one of each tensor, so that the best path takes these two.
  [[nodiscard]] LayeredGraph graph() const {
    std::vector<float> conv(2 * 3 * 3 * 2, 1), dense(3 * 4, 1);
    conv[((1 * 3 + 2) * 3 + 2) * 2 + 1] = 9;  // [1,2,2,1]
    dense[2 * 4 + 3] = -9;                    // [2,3]: unit 1's second position
    return LayeredGraph(network, phew::Weights(network.parameters(),
                                               {phew::make_tensor("features.0.weight", {2, 3, 3, 2}, std::move(conv)),
                                                phew::make_tensor("classifier.weight", {3, 4}, std::move(dense))}));
  }
};

BOOST_AUTO_TEST_CASE(names_index_the_tensors) {
  const NamedNetwork named;
  const auto graph = named.graph();
  const auto of = [&](phew::PathLevel level) {
    return document_of(graph, {.level = level, .top = 1, .samples = 0})["top"][0];
  };
  BOOST_TEST(of(phew::PathLevel::parameter)["units"] == nlohmann::json({"input[2]", "features.0[1]", "classifier[2]"}));
  BOOST_TEST(of(phew::PathLevel::parameter)["parameters"] ==
             nlohmann::json({"features.0.weight[1,2,2,1]", "classifier.weight[2,3]"}));
  BOOST_TEST(of(phew::PathLevel::parameter)["ewp"].get<double>() == 81.0, boost::test_tools::tolerance(1e-14));
  BOOST_TEST(of(phew::PathLevel::kernel)["parameters"] ==
             nlohmann::json({"features.0.weight[1,2]", "classifier.weight[2,2:4]"}));
  BOOST_TEST(of(phew::PathLevel::kernel)["ewp"].get<double>() == 14.0 * 10, boost::test_tools::tolerance(1e-14));
}

// The mean EWP of a wide dense network at initialisation is near what Eq. 4 expects; the total has no level.
BOOST_AUTO_TEST_CASE(stands_beside_theory) {
  const Network network = phew::make_network("mlp:200x5");
  const LayeredGraph graph(network, phew::initial_weights(network, {}, 3, 1));
  const auto d = document_of(graph, {.samples = 0, .initializer = phew::Initializer{}})["ewp"];
  BOOST_TEST(d["mean_ewp_log"].get<double>() == d["expected_mean_ewp_log"].get<double>(),
             boost::test_tools::tolerance(1e-2));
  BOOST_TEST(d["expected_walk_ewp_log"].get<double>() > d["expected_mean_ewp_log"].get<double>() + 1.5);
  BOOST_TEST(document_of(graph, {.samples = 0})["ewp"]["expected_mean_ewp_log"].is_null());
  const Network branched = phew::make_network("resnet20");
  const LayeredGraph residual(branched, phew::initial_weights(branched, {}, 3, 1));
  const auto r = document_of(residual, {.samples = 0, .initializer = phew::Initializer{}})["ewp"];
  BOOST_TEST(r["expected_mean_ewp_log"].is_null());
  const auto k = document_of(residual, {.level = phew::PathLevel::kernel, .samples = 0})["ewp"];
  BOOST_TEST(r["log_total"].get<double>() == k["log_total"].get<double>());
  BOOST_TEST(r["paths_log10"].get<double>() > k["paths_log10"].get<double>() + 1);
}

// The schema's descriptions and --help say the same.
BOOST_AUTO_TEST_CASE(schema_carries_the_definitions) {
  const nlohmann::json s = schema();
  const std::pair<std::string, std::string> places[] = {{"ewp.", "ewp"},    {"quantiles.", "quantile"},
                                                        {"top.", "top"},    {"layers.", "layer"},
                                                        {"links.", "link"}, {"units.", "units"}};
  std::size_t held = 0;
  for (const auto& [prefix, name] : places)
    for (const phew::Definition& d : phew::paths_definitions()) {
      if (!d.key.starts_with(prefix)) continue;
      ++held;
      const std::string key(d.key.substr(prefix.size()));
      BOOST_REQUIRE_MESSAGE(s["$defs"][name]["properties"].contains(key), "the schema has no " << d.key);
      BOOST_TEST(s["$defs"][name]["properties"][key]["description"].get<std::string>() ==
                 std::string(d.text) + " [" + std::string(d.source) + "]");
    }
  BOOST_TEST(held == phew::paths_definitions().size());
}

BOOST_AUTO_TEST_SUITE_END()
