// Compared with all paths in all_paths_test.cpp; here toys and laws.
#include "analysis/ewp_share.hpp"

#include "analysis/layer_profile.hpp"
#include "analysis/path_statistics.hpp"
#include "graph/initializer.hpp"
#include "graph/zoo.hpp"
#include "support/random_network.hpp"
#include "support/starved_block.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <fmt/format.h>

#include <cmath>
#include <numeric>

namespace data = boost::unit_test::data;

namespace {

using phew::LayeredGraph;
using phew::Network;

std::optional<phew::EwpShares> shares_of(const LayeredGraph& graph) {
  return phew::ewp_shares(graph, phew::path_sums(graph, phew::PathValue::magnitude));
}

/// Tensors of an MLP with one hidden layer, as rows of hidden × in and out × hidden.
struct HiddenLayer {
  Network network;
  std::vector<std::vector<float>> weights;
  phew::Mask mask;

  [[nodiscard]] LayeredGraph graph() const {
    std::vector<phew::Tensor> tensors;
    for (std::size_t t = 0; t < 2; ++t)
      tensors.push_back(phew::make_tensor(network.parameters()[t].name, network.parameters()[t].shape, weights[t]));
    return LayeredGraph(network, phew::Weights(network.parameters(), std::move(tensors))).masked(mask);
  }
};

constexpr std::int64_t in = 4, out = 3;

/// The same layer with hidden unit i at place[i] among `units`; the others have no edges, whatever their weights.
HiddenLayer placed(const HiddenLayer& from, const std::vector<std::int64_t>& place, std::int64_t units) {
  HiddenLayer to{phew::make_network(fmt::format("mlp:{}-{}-{}", in, units, out)), {}, {}};
  to.mask = phew::Mask(to.network.parameters());
  to.weights = {std::vector<float>(static_cast<std::size_t>(units * in), 0.5F),
                std::vector<float>(static_cast<std::size_t>(units * out), 0.5F)};
  const auto old_units = static_cast<std::int64_t>(place.size());
  const auto move = [&](std::size_t tensor, std::int64_t row, std::int64_t column, std::int64_t to_row,
                        std::int64_t to_column) {
    const std::int64_t columns = tensor == 0 ? in : old_units, to_columns = tensor == 0 ? in : units;
    to.weights[tensor][static_cast<std::size_t>(to_row * to_columns + to_column)] =
        from.weights[tensor][static_cast<std::size_t>(row * columns + column)];
    if (from.mask[tensor].test(row, column)) to.mask[tensor].set(to_row, to_column);
  };
  for (std::int64_t h = 0; h < old_units; ++h) {
    for (std::int64_t i = 0; i < in; ++i) move(0, h, i, place[static_cast<std::size_t>(h)], i);
    for (std::int64_t o = 0; o < out; ++o) move(1, o, h, o, place[static_cast<std::size_t>(h)]);
  }
  return to;
}

HiddenLayer random_layer(phew::test::Dice& dice) {
  HiddenLayer layer{phew::make_network(fmt::format("mlp:{}-6-{}", in, out)), {}, {}};
  const phew::Weights weights = phew::test::random_weights(layer.network, dice);
  for (std::size_t t = 0; t < 2; ++t) layer.weights.emplace_back(weights[t].begin(), weights[t].end());
  layer.mask = phew::test::random_mask(layer.network, dice);
  return layer;
}

std::vector<std::int64_t> permutation(phew::test::Dice& dice) {
  std::vector<std::int64_t> to(6);
  std::iota(to.begin(), to.end(), 0);
  for (std::int64_t i = 5; i > 0; --i)
    std::swap(to[static_cast<std::size_t>(i)], to[static_cast<std::size_t>(dice.below(i + 1))]);
  return to;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(ewp_share)

//   in ─┬─ 3 ─► (0) ─ 2 ─► out      6 of 11 by (0), 5 by (1)
//       └─ 1 ─► (1) ─ 5 ─► out
BOOST_AUTO_TEST_CASE(a_toy_network) {
  const Network network = phew::make_network("mlp:1-2-1");
  const LayeredGraph graph(network,
                           phew::Weights(network.parameters(), {phew::make_tensor("0.weight", {2, 1}, {3, -1}),
                                                                phew::make_tensor("2.weight", {1, 2}, {-2, 5})}));
  const auto shares = shares_of(graph).value();
  const auto exactly = boost::test_tools::tolerance(1e-15);
  BOOST_TEST(shares.units[1][0] == 6.0 / 11, exactly);
  BOOST_TEST(shares.units[1][1] == 5.0 / 11, exactly);
  BOOST_TEST(shares.links[0] == 1.0, exactly);
  const auto layer = phew::layer_share(shares.units[1]).value();
  BOOST_TEST(layer.sum == 1.0, exactly);
  BOOST_TEST(layer.largest == 6.0 / 11, exactly);
  BOOST_TEST(layer.effective_width == 121.0 / 61, exactly);
}

// All paths run along the shortcut: the block's own links carry nothing.
BOOST_AUTO_TEST_CASE(a_shortcut_takes_it_all) {
  const phew::test::StarvedBlock block;
  const auto shares = shares_of(block.graph).value();
  for (std::size_t l = 0; l < block.graph.links().size(); ++l)
    BOOST_TEST(shares.links[l] == (block.graph.links()[l].name == "b" ? 0.0 : 1.0),
               boost::test_tools::tolerance(1e-15));
}

BOOST_AUTO_TEST_CASE(equal_units_are_as_wide_as_they_are_many) {
  const LayeredGraph graph(phew::make_network("mlp:3-8-8-2"));
  const auto shares = shares_of(graph).value();
  BOOST_TEST(phew::layer_share(shares.units[1])->effective_width == 8.0, boost::test_tools::tolerance(1e-14));
  BOOST_TEST(phew::layer_share(shares.units[0])->effective_width == 3.0, boost::test_tools::tolerance(1e-14));
}

BOOST_AUTO_TEST_CASE(no_path_no_share) {
  const Network network = phew::make_network("mlp:3-4-2");
  BOOST_TEST(!shares_of(LayeredGraph(network).masked(phew::Mask(network.parameters()))).has_value());
  BOOST_TEST(!phew::layer_share(std::vector<double>{0, 0}).has_value());
}

// Deep networks: sums far outside a double's range, shares as they should be.
BOOST_AUTO_TEST_CASE(shares_of_deep_networks_sum_to_one) {
  for (const char* name : {"mlp:5x1001", "resnet56"}) {
    const Network network = phew::make_network(name);
    const LayeredGraph graph(network, phew::initial_weights(network, phew::parse_initializer("normal:1e-6"), 0, 1));
    const auto shares = shares_of(graph).value();
    BOOST_TEST(std::accumulate(shares.units[0].begin(), shares.units[0].end(), 0.0) == 1.0,
               boost::test_tools::tolerance(1e-9));
    BOOST_TEST(std::accumulate(shares.units.back().begin(), shares.units.back().end(), 0.0) == 1.0,
               boost::test_tools::tolerance(1e-9));
  }
}

// Relabelling a hidden layer's units permutes their shares and changes nothing else.
BOOST_DATA_TEST_CASE(permuting_units_permutes_the_results, data::xrange(200), seed) {
  phew::test::Dice dice(static_cast<std::uint64_t>(seed));
  const HiddenLayer before = random_layer(dice);
  const std::vector<std::int64_t> to = permutation(dice);
  const auto a = before.graph(), b = placed(before, to, 6).graph();
  const auto old_shares = shares_of(a), new_shares = shares_of(b);
  BOOST_REQUIRE(old_shares.has_value() == new_shares.has_value());
  if (old_shares)
    for (std::size_t h = 0; h < 6; ++h)
      BOOST_TEST(std::abs(new_shares->units[1][static_cast<std::size_t>(to[h])] - old_shares->units[1][h]) < 1e-14);
  const auto old_log = phew::path_statistics(a).log_ewp(), new_log = phew::path_statistics(b).log_ewp();
  BOOST_REQUIRE(old_log.has_value() == new_log.has_value());
  if (old_log) {
    BOOST_TEST(std::abs(new_log->mean - old_log->mean) < 1e-13);
    BOOST_TEST(std::abs(new_log->std - old_log->std) < 1e-13);
  }
}

// A hidden unit without edges changes the dead count and no figure of the paths.
BOOST_DATA_TEST_CASE(a_dead_unit_changes_only_the_dead_count, data::xrange(200), seed) {
  phew::test::Dice dice(static_cast<std::uint64_t>(seed));
  const HiddenLayer before = random_layer(dice);
  std::vector<std::int64_t> place(6);
  std::iota(place.begin(), place.end(), 0);
  for (std::size_t h = static_cast<std::size_t>(dice.below(7)); h < 6; ++h) ++place[h];  // a gap somewhere
  const auto a = before.graph(), b = placed(before, place, 7).graph();
  const auto profile_of = [](const LayeredGraph& graph) { return phew::profile(graph, phew::reach(graph)); };
  BOOST_TEST(profile_of(b).network.dead_units == profile_of(a).network.dead_units + 1);
  const phew::PathStatistics old_paths = phew::path_statistics(a), new_paths = phew::path_statistics(b);
  BOOST_TEST(new_paths.paths().value() == old_paths.paths().value());
  BOOST_TEST(new_paths.zero_paths().value() == old_paths.zero_paths().value());
  const auto old_shares = shares_of(a), new_shares = shares_of(b);
  BOOST_REQUIRE(old_shares.has_value() == new_shares.has_value());
  if (!old_shares) return;
  BOOST_TEST(std::abs(new_paths.log_ewp()->mean - old_paths.log_ewp()->mean) < 1e-14);
  const auto old_layer = phew::layer_share(old_shares->units[1]), new_layer = phew::layer_share(new_shares->units[1]);
  BOOST_TEST(new_layer->effective_width == old_layer->effective_width, boost::test_tools::tolerance(1e-13));
}

BOOST_AUTO_TEST_SUITE_END()
