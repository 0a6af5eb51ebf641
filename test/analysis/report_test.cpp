#include "analysis/report.hpp"

#include "analysis/aligned_similarity.hpp"
#include "graph/zoo.hpp"
#include "support/json_schema.hpp"
#include "support/random_network.hpp"
#include "support/starved_block.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <cmath>
#include <fstream>
#include <numbers>

namespace data = boost::unit_test::data;

namespace {

nlohmann::json schema(const std::string& name) {
  std::ifstream file(PHEW_SOURCE_DIR "/data/schema/" + name + ".json");
  return nlohmann::json::parse(file);
}

const std::vector<std::string> nothing;

nlohmann::ordered_json document_of(const phew::Network& network, const phew::LayeredGraph& graph,
                                   const phew::UnitLists& lists = {}, const phew::AnalysisOptions& options = {}) {
  return phew::to_json(graph, phew::analyze(network, graph, options),
                       {"some network", "kaiming-normal, seed 0", "mask.safetensors"}, lists);
}

nlohmann::ordered_json similarity_of(const phew::Network& network, std::size_t a, std::size_t b,
                                     phew::test::Dice& dice) {
  std::vector<phew::Mask> masks;
  std::vector<phew::MaskSource> sources;
  for (std::size_t i = 0; i < a + b; ++i) {
    masks.push_back(phew::test::random_mask(network, dice));
    sources.push_back({"m" + std::to_string(i), masks.back().kept(), masks.back().density()});
  }
  return phew::to_json(phew::compare_groups(masks, a), network.parameters(), sources, a);
}

/// Descriptions of a schema's object, by key.
void expect_definitions(const nlohmann::json& properties, const std::string& prefix,
                        std::span<const phew::Definition> definitions) {
  for (const phew::Definition& d : definitions) {
    if (!d.key.starts_with(prefix)) continue;
    const std::string key(d.key.substr(prefix.size()));
    BOOST_REQUIRE_MESSAGE(properties.contains(key), "the schema has no " << d.key);
    BOOST_TEST(properties[key]["description"].get<std::string>() ==
               std::string(d.text) + " [" + std::string(d.source) + "]");
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(report)

BOOST_AUTO_TEST_CASE(the_checker_finds_faults) {
  const nlohmann::json rules = schema("analyze");
  const phew::Network network = phew::make_network("mlp:3-4-2");
  nlohmann::json document = document_of(network, phew::LayeredGraph(network));
  BOOST_TEST(phew::test::violations(rules, document) == nothing, boost::test_tools::per_element());
  const auto faults_with = [&](auto&& change) {
    nlohmann::json wrong = document;
    change(wrong);
    return phew::test::violations(rules, wrong).size();
  };
  BOOST_TEST(faults_with([](auto& d) { d["network"].erase("kept"); }) == 1U);
  BOOST_TEST(faults_with([](auto& d) { d["links"][1]["surprise"] = 1; }) == 1U);
  BOOST_TEST(faults_with([](auto& d) { d["network"]["kept"] = 2.5; }) == 1U);
  BOOST_TEST(faults_with([](auto& d) { d["network"]["density"] = 1.5; }) == 1U);
  BOOST_TEST(faults_with([](auto& d) { d["schema"]["version"] = 2; }) == 1U);
}

BOOST_DATA_TEST_CASE(analyze_documents_fit_their_schema, data::xrange(100), seed) {
  const phew::test::RandomCase random = phew::test::random_case(static_cast<std::uint64_t>(seed));
  const phew::LayeredGraph structure(random.network), weighted(random.network, random.weights);
  const phew::UnitLists all{true, true, true, true, true};
  const auto of = [&](const phew::LayeredGraph& graph, const phew::UnitLists& lists,
                      const phew::AnalysisOptions& options) {
    return document_of(random.network, graph, lists, options);
  };
  for (const auto& document : {of(structure, {}, {}),
                               of(weighted.masked(random.mask), all,
                                  {.parametric = true, .singular_values = 3, .initializer = phew::Initializer{}}),
                               phew::joined({of(weighted, {}, {.parametric = true}),
                                             of(structure.masked(random.mask), all, {.singular_values = 1})})})
    BOOST_TEST(phew::test::violations(schema("analyze"), document) == nothing, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(analyze_says_what_was_found) {
  const phew::Network network = phew::make_network("mlp:3-3-1");
  phew::Mask mask(network.parameters());
  mask[0].set(0, 0);  // input 0 → hidden 0, a stub; hidden 1 and 2 are dead; the second link has collapsed
  const auto d = document_of(network, phew::LayeredGraph(network).masked(mask), {true, true, true, true},
                             {.parametric = true, .singular_values = 2});
  BOOST_TEST(d["schema"]["name"] == "phew-graph/analyze");
  BOOST_TEST(d["schema"]["version"] == 1);
  BOOST_TEST(d["network"]["kept"] == 1);
  BOOST_TEST(d["network"]["effective"] == 0);
  BOOST_TEST(d["network"]["unused_inputs"] == 2);
  BOOST_TEST(d["network"]["unused_outputs"] == 1);
  BOOST_TEST(d["network"]["stub_units"] == 1);
  BOOST_TEST(d["network"]["dead_units"] == 2);
  BOOST_TEST(d["network"]["collapsed_links"] == nlohmann::json({"2"}));
  BOOST_TEST(d["network"]["connected"] == false);
  BOOST_TEST(d["network"]["paths_log10"].is_null());
  BOOST_TEST(d["network"]["min_hidden_cut"] == 0);
  BOOST_TEST(d["units"]["stub"] == nlohmann::json({"0[0]"}));
  BOOST_TEST(d["units"]["dead"] == nlohmann::json({"0[1]", "0[2]"}));
  BOOST_TEST(d["links"][1]["parameter"] == "2.weight");
  BOOST_TEST(d["network"]["flops"] == 2);
  BOOST_TEST(d["network"]["components"] == 6);
  BOOST_TEST(d["network"]["isolated_units"] == 5);
  BOOST_TEST(d["network"]["largest_component"] == 2);
  // Each hidden unit has three parameters of density 1/9 in and one of density 0 out: a stub with 1 - (8/9)^3.
  const double stub = 1 - 512.0 / 729, spread = 1 - 1331.0 / 1728;  // the latter: entered, all at density 1/12
  BOOST_TEST(std::abs(d["network"]["expected_stub_units"].get<double>() - 3 * stub) < 1e-12);
  BOOST_TEST(std::abs(d["network"]["expected_any_stub"].get<double>() - (1 - std::pow(1 - stub, 3))) < 1e-12);
  const double global = 3 * (spread * 11 / 12 + (1 - spread) / 12);
  BOOST_TEST(std::abs(d["network"]["expected_stub_units_global"].get<double>() - global) < 1e-12);
  BOOST_TEST(std::abs(d["layers"][1]["expected_stub_units"].get<double>() - 3 * stub) < 1e-12);
  BOOST_TEST(d["links"][0]["flops"] == 2);
  BOOST_TEST(d["links"][0]["out_degree"]["units"] == nlohmann::json({2, 1}));
  BOOST_TEST(d["links"][0]["in_degree"]["possible"] == 3);
  BOOST_TEST(d["links"][0]["spectrum"]["singular_values"] == nlohmann::json(std::vector<double>{1}));
  BOOST_TEST(d["links"][0]["spectrum"]["ramanujan_difference"].is_null());
  BOOST_TEST(d["parametric"]["connected"] == false);
  BOOST_TEST(d["parametric"]["layers"][1]["stub_units"] == 1);
}

//   in ─┬─ 3 ─► (0) ─ 2 ─► out      6 of 11 by (0), 5 by (1)
//       └─ 1 ─► (1) ─ 5 ─► out
BOOST_AUTO_TEST_CASE(shares_of_the_ewp_are_reported) {
  const phew::Network network = phew::make_network("mlp:1-2-1");
  const phew::LayeredGraph graph(network,
                                 phew::Weights(network.parameters(), {phew::make_tensor("0.weight", {2, 1}, {3, -1}),
                                                                      phew::make_tensor("2.weight", {1, 2}, {-2, 5})}));
  const auto d = document_of(network, graph, {.ewp = true}, {.initializer = phew::Initializer{}});
  const auto near = [](const nlohmann::json& found, double expected) {
    return std::abs(found.get<double>() - expected) < 1e-13;
  };
  BOOST_TEST(near(d["network"]["ewp_mean_log"], std::log(5.5)));
  // (2/π)^(2/2) · 1 · √2: kaiming-normal by fan-out has σ² = 2/2 and 2/1.
  BOOST_TEST(near(d["network"]["expected_ewp_mean_log"], std::log(2 / std::numbers::pi * std::sqrt(2.0))));
  BOOST_TEST(near(d["layers"][1]["ewp_share_max"], 6.0 / 11));
  BOOST_TEST(near(d["layers"][1]["effective_width"], 121.0 / 61));
  BOOST_TEST(near(d["links"][0]["ewp_share"], 1));
  BOOST_TEST(d["units"]["ewp"][1]["unit"] == "0[0]");
  BOOST_TEST(near(d["units"]["ewp"][1]["ewp_share"], 6.0 / 11));
  const auto bare = document_of(network, phew::LayeredGraph(network));
  BOOST_TEST(bare["layers"][1]["effective_width"].is_null());
  BOOST_TEST(bare["network"]["ewp_mean_log"].is_null());
}

BOOST_AUTO_TEST_CASE(a_starved_block_is_reported_beside_the_whole) {
  const phew::test::StarvedBlock block;
  const auto& [network, graph] = block;
  const auto d = document_of(network, graph, {}, {.parametric = true});
  BOOST_TEST(d["network"]["connected"] == true);
  BOOST_TEST(d["network"]["stub_units"] == 0);
  BOOST_TEST(d["parametric"]["connected"] == false);
  BOOST_TEST(d["parametric"]["effective"] == 0);
  BOOST_TEST(d["parametric"]["stub_units"] == 4);
  BOOST_TEST(d["parametric"]["layers"][2]["name"] == "add");
  BOOST_TEST(d["parametric"]["layers"][2]["units_on_path"] == 0);
  BOOST_TEST(!document_of(network, graph).contains("parametric"));
}

BOOST_AUTO_TEST_CASE(verdicts_name_what_is_wrong) {
  const phew::Network network = phew::make_network("mlp:2-2-1");
  const auto verdict_of = [&](const std::vector<std::array<std::int64_t, 3>>& kept) {
    phew::Mask mask(network.parameters());
    for (const auto& [parameter, target, source] : kept) mask[static_cast<std::size_t>(parameter)].set(target, source);
    return phew::verdict(phew::analyze(network, phew::LayeredGraph(network).masked(mask)));
  };
  BOOST_TEST(verdict_of({{0, 0, 0}, {1, 0, 0}}) ==
             "healthy: no stub unit, no collapsed link, every kept parameter on a path; 1 dead unit; 1 unused input");
  BOOST_TEST(verdict_of({{0, 0, 0}, {0, 1, 0}, {1, 0, 0}}) ==
             "1 stub unit; 1 kept parameter on no path; 1 unused input");
  BOOST_TEST(verdict_of({{0, 0, 0}, {0, 1, 0}}) ==
             "disconnected: no input-output path; 2 stub units; link 2 collapsed; 1 unused input; 1 unused output");
  BOOST_TEST(verdict_of({}) ==
             "disconnected: no input-output path; 2 links collapsed; 2 dead units; 2 unused inputs; 1 unused output");
}

BOOST_AUTO_TEST_CASE(layers_of_zeros_are_warned_of) {
  const phew::Network network = phew::make_network("mlp:2-1-1");
  const phew::Weights weights(network.parameters(), {phew::make_tensor("0.weight", {1, 2}, {0, 0}),
                                                     phew::make_tensor("2.weight", {1, 1}, {1})});
  const phew::LayeredGraph graph(network, weights);
  const auto lines = phew::warnings(phew::analyze(network, graph));
  BOOST_REQUIRE(lines.size() == 1U);
  BOOST_TEST(lines[0].starts_with("0.weight: all 2 kept weights are 0"));
  BOOST_TEST(phew::warnings(phew::analyze(network, graph.masked(phew::Mask(network.parameters())))).empty());
}

BOOST_AUTO_TEST_CASE(several_masks_repeat_the_first_at_the_top) {
  const phew::Network network = phew::make_network("mlp:2-3-1");
  const phew::LayeredGraph graph(network);
  const auto dense = document_of(network, graph);
  const auto empty = document_of(network, graph.masked(phew::Mask(graph.parameters())));
  const auto d = phew::joined({empty, dense});
  BOOST_TEST(d["masks"].size() == 2U);
  BOOST_TEST(d["network"] == empty["network"]);
  BOOST_TEST(d["masks"][0]["network"] == empty["network"]);
  BOOST_TEST(d["masks"][1]["network"] == dense["network"]);
}

BOOST_DATA_TEST_CASE(similarity_documents_fit_their_schema, data::xrange(60), seed) {
  const phew::Network network = phew::test::random_network(static_cast<std::uint64_t>(seed));
  phew::test::Dice dice(static_cast<std::uint64_t>(seed), 1);
  for (const auto& [a, b] : {std::pair<std::size_t, std::size_t>{2, 0}, {1, 1}, {1, 3}, {4, 3}})
    BOOST_TEST(phew::test::violations(schema("similarity"), similarity_of(network, a, b, dice)) == nothing,
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(similarity_asks_across_groups_if_there_are_two) {
  const phew::Network network = phew::make_network("mlp:6-5-4");
  phew::test::Dice dice(1);
  const auto one_group = similarity_of(network, 3, 0, dice), two = similarity_of(network, 2, 3, dice);
  BOOST_TEST(one_group["jaccard"]["whole"] == one_group["groups"]["within_a"]["mean"]);
  BOOST_TEST(one_group["groups"]["across"].is_null());
  BOOST_TEST(two["jaccard"]["whole"] == two["groups"]["across"]["mean"]);
  BOOST_TEST(two["groups"]["across"]["pairs"] == 6);
  BOOST_TEST(two["groups"]["within_b"]["pairs"] == 3);
  BOOST_TEST(two["pairs"].size() == 10U);
  BOOST_TEST(two["links"][0]["name"] == "0");
  BOOST_TEST(two["links"][0]["parameter"] == "0.weight");
  BOOST_TEST(two["links"][0]["jaccard"] == two["groups"]["across"]["links"][0]["mean"]);
}

// The schema's descriptions and --help say the same.
BOOST_AUTO_TEST_CASE(schemas_carry_the_definitions) {
  const nlohmann::json analyze = schema("analyze"), similarity = schema("similarity");
  const auto defs = [](const nlohmann::json& s, const char* name) { return s["$defs"][name]["properties"]; };
  expect_definitions(defs(analyze, "network"), "network.", phew::analyze_definitions());
  expect_definitions(defs(analyze, "layer"), "layers.", phew::analyze_definitions());
  expect_definitions(defs(analyze, "link"), "links.", phew::analyze_definitions());
  expect_definitions(defs(analyze, "degrees"), "degrees.", phew::analyze_definitions());
  expect_definitions(defs(analyze, "spectrum"), "spectrum.", phew::analyze_definitions());
  expect_definitions(defs(analyze, "parametric"), "parametric.", phew::analyze_definitions());
  expect_definitions(similarity["properties"]["jaccard"]["properties"], "jaccard.", phew::similarity_definitions());
  expect_definitions(defs(similarity, "link"), "links.", phew::similarity_definitions());
  nlohmann::json groups = defs(similarity, "pairs_summary");
  groups.update(defs(similarity, "test"));
  groups["test"] = similarity["$defs"]["test"];
  expect_definitions(groups, "groups.", phew::similarity_definitions());
  expect_definitions(similarity["properties"]["align"]["properties"], "align.", phew::similarity_definitions());
}

// Aligned pairs add keys and change no others' names.
BOOST_AUTO_TEST_CASE(aligned_similarity_documents_fit_their_schema) {
  const phew::Network network = phew::make_network("mlp:6-5-4-3");
  const phew::LayeredGraph graph(network);
  phew::test::Dice dice(8);
  std::vector<phew::Mask> masks;
  std::vector<phew::MaskSource> sources;
  for (int i = 0; i < 4; ++i) {
    masks.push_back(phew::test::random_mask(network, dice));
    sources.push_back({"m" + std::to_string(i), masks.back().kept(), masks.back().density()});
  }
  for (const std::size_t a : {4U, 2U, 1U}) {
    const auto groups = phew::compare_groups(phew::aligned_pairs(graph, masks), masks.size(), a);
    const auto document = phew::to_json(groups, network.parameters(), sources, a, phew::AlignSource{"net", 9, 20, 0});
    BOOST_TEST(phew::test::violations(schema("similarity"), document) == nothing, boost::test_tools::per_element());
    BOOST_TEST(document["align"]["units"] == 9);
    BOOST_TEST(document["jaccard"]["unaligned"].is_number());
    BOOST_TEST(document["jaccard"]["chance_error"] > 0);
    BOOST_TEST(document["jaccard"]["chance_global"].is_null());
    BOOST_TEST(document["links"][0].contains("unaligned"));
    BOOST_TEST(document["pairs"][0]["jaccard"] >= document["pairs"][0]["unaligned"]);
  }
  const auto plain = phew::to_json(phew::compare_groups(masks, 4), network.parameters(), sources, 4);
  BOOST_TEST((!plain.contains("align") && !plain["jaccard"].contains("unaligned")));
}

BOOST_AUTO_TEST_SUITE_END()
