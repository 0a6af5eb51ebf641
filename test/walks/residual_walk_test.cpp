// Walks at shortcuts: which links a walk takes at residual joins, concatenations and gates.
#include "chi_square.hpp"
#include "graph/initializer.hpp"
#include "graph/zoo.hpp"
#include "walks/walk.hpp"

#include <boost/test/unit_test.hpp>

#include <array>
#include <cstdint>
#include <map>
#include <numeric>
#include <string>
#include <vector>

namespace {

using phew::Kept;
using phew::LayeredGraph;
using phew::Link;
using phew::Network;
using phew::Walker;
namespace op = phew::op;

struct Endpoints {
  std::int64_t source, target;  ///< vertices
};
Endpoints endpoints(const LayeredGraph& graph, const Kept& kept) {
  const Link& link = graph.links()[kept.link];
  return {graph.vertex(link.from, link.first_source(kept.row) + kept.first / link.kernel),
          graph.vertex(link.to, kept.row)};
}

/// What a walk took, in the order from input to output.
std::vector<Kept> walk_of(const Walker& walker, std::uint64_t number) {
  std::vector<Kept> kept;
  walker.walk(1, number, kept);
  if (number % 2 == 1) std::ranges::reverse(kept);
  return kept;
}

/// Every pair of consecutive steps shares its unit: no fixed link lies between them.
bool is_joined(const LayeredGraph& graph, const std::vector<Kept>& walk) {
  for (std::size_t i = 1; i < walk.size(); ++i)
    if (endpoints(graph, walk[i - 1]).target != endpoints(graph, walk[i]).source) return false;
  return true;
}

std::vector<std::string> names(const LayeredGraph& graph, const std::vector<Kept>& walk) {
  std::vector<std::string> result;
  for (const Kept& kept : walk) result.push_back(graph.links()[kept.link].name);
  return result;
}

/// The ops of a walk through ResNet20 that leaves block layer2.0 (layer3.0) by its shortcut where `second` (`third`).
std::vector<std::string> resnet20_route(bool second, bool third) {
  std::vector<std::string> route{"conv1"};
  for (int stage = 1; stage <= 3; ++stage)
    for (int block = 0; block < 3; ++block) {
      const std::string name = "layer" + std::to_string(stage) + "." + std::to_string(block);
      if (block == 0 && ((stage == 2 && second) || (stage == 3 && third))) {
        route.push_back(name + ".downsample.0");
      } else {
        route.push_back(name + ".conv1");
        route.push_back(name + ".conv2");
      }
    }
  route.emplace_back("fc");
  return route;
}

op::Conv2d conv1x1(std::int64_t in, std::int64_t out) { return {.in = in, .out = out, .kernel = {1, 1}}; }

LayeredGraph with_weights(const Network& network, const std::vector<std::vector<float>>& weights) {
  std::vector<phew::Tensor> tensors;
  for (std::size_t i = 0; i < weights.size(); ++i)
    tensors.push_back(phew::make_tensor(network.parameters()[i].name, network.parameters()[i].shape, weights[i]));
  return LayeredGraph(network, phew::Weights(network.parameters(), std::move(tensors)));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(residual_walk)

// No step jumps over a block's second convolution (the published code's forward walks do), identity shortcuts are
// never taken, and at a 1×1 shortcut a fair coin decides.
BOOST_AUTO_TEST_CASE(resnet20_walks_take_whole_branches_and_choose_them_fairly) {
  const Network network = phew::make_network("resnet20");
  const LayeredGraph graph(network, phew::initial_weights(network, {}, 0, 1));
  const Walker walker(graph, {}, 1);
  constexpr std::uint64_t walks = 20'000;
  for (const std::uint64_t direction : {0U, 1U}) {
    std::map<std::vector<std::string>, std::int64_t> routes;
    for (std::uint64_t i = 0; i < walks; ++i) {
      const std::vector<Kept> walk = walk_of(walker, 2 * i + direction);
      BOOST_REQUIRE(is_joined(graph, walk));
      ++routes[names(graph, walk)];
    }
    BOOST_TEST(routes.size() == 4U);  // and these are:
    std::vector<std::int64_t> counts;
    for (const bool second : {false, true})
      for (const bool third : {false, true}) counts.push_back(routes[resnet20_route(second, third)]);
    BOOST_TEST(std::accumulate(counts.begin(), counts.end(), std::int64_t{0}) == walks);
    BOOST_TEST(phew::test::chi_square_p(counts, std::array{0.25, 0.25, 0.25, 0.25}) > 1e-9);
  }
}

//   input(1) ─► a(2) ──conv──► add(2) ─► out(1)      conv's weights to and from unit 1 are 0:
//                 └ ─ ─ ─ ─ ─ ─►┘                     there, and only there, the shortcut is the way
BOOST_AUTO_TEST_CASE(an_identity_is_taken_only_where_no_weighted_link_is_left) {
  Network net("identity");
  const auto input = net.add("input", op::Input{{1, 2, 2}});
  const auto a = net.add("a", conv1x1(1, 2), {input});
  const auto conv = net.add("conv", conv1x1(2, 2), {a});
  const auto add = net.add("add", op::Add{}, {conv, a});
  net.add("output", op::Output{}, {net.add("out", conv1x1(2, 1), {add})});
  const LayeredGraph graph = with_weights(net, {{1, 1}, {1e-6F, 0, 0, 0}, {1, 1}});
  const Walker walker(graph, {}, 1);
  int through_conv = 0, through_identity = 0;
  for (std::uint64_t number = 0; number < 2000; ++number) {
    const std::vector<Kept> walk = walk_of(walker, number);
    const bool first_unit = walk.front().row == 0;
    BOOST_REQUIRE(walk.size() == (first_unit ? 3U : 2U));
    BOOST_REQUIRE(walk.back().first == walk.front().row);
    ++(first_unit ? through_conv : through_identity);
  }
  BOOST_TEST(through_conv > 800);
  BOOST_TEST(through_identity > 800);
}

//   input(2) ─► a(2) ─dead─► b(2) ─0─► add(2) ─► out(1)   the branch's last convolution is all zeros: the way through
//                 └ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ►┘                the branch leads nowhere, whatever its first one weighs
BOOST_AUTO_TEST_CASE(a_branch_that_ends_in_zeros_is_not_entered) {
  Network net("dead branch");
  const auto input = net.add("input", op::Input{{2, 2, 2}});
  const auto a = net.add("a", conv1x1(2, 2), {input});
  const auto b = net.add("b", conv1x1(2, 2), {a});
  const auto c = net.add("c", conv1x1(2, 2), {net.add("relu", op::ReLU{}, {b})});
  net.add("output", op::Output{}, {net.add("out", conv1x1(2, 1), {net.add("add", op::Add{}, {c, a})})});
  const LayeredGraph graph = with_weights(net, {{1, 2, 3, 4}, {9, 9, 9, 9}, {0, 0, 0, 0}, {1, 1}});
  const Walker walker(graph, {}, 1);
  const std::vector<std::string> route{"a", "out"};
  for (std::uint64_t number = 0; number < 200; ++number)
    BOOST_TEST(names(graph, walk_of(walker, number)) == route, boost::test_tools::per_element());
  BOOST_TEST(walker.reachable() == 6);
}

//   input(2) ─► a(2) ──► b ──► add ─► out: three branches into one join, two of them weighted and one the identity
BOOST_AUTO_TEST_CASE(two_weighted_branches_beside_an_identity_share_the_walks) {
  Network net("three branches");
  const auto input = net.add("input", op::Input{{2, 2, 2}});
  const auto a = net.add("a", conv1x1(2, 2), {input});
  const auto left = net.add("left", conv1x1(2, 2), {a});
  const auto right = net.add("right", conv1x1(2, 2), {a});
  net.add("output", op::Output{}, {net.add("out", conv1x1(2, 1), {net.add("add", op::Add{}, {left, a, right})})});
  const LayeredGraph graph = with_weights(net, {{1, 1, 1, 1}, {99, 99, 99, 99}, {1, 1, 1, 1}, {1, 1}});
  const Walker walker(graph, {}, 1);
  for (const std::uint64_t direction : {0U, 1U}) {
    std::vector<std::int64_t> counts(2);
    for (std::uint64_t i = 0; i < 20'000; ++i) {
      const std::vector<std::string> route = names(graph, walk_of(walker, 2 * i + direction));
      BOOST_REQUIRE(route.size() == 3U);
      ++counts[route[1] == "left" ? 0 : 1];
    }
    BOOST_TEST(phew::test::chi_square_p(counts, std::array{0.5, 0.5}) > 1e-9);
  }
}

//   input(2) ─► a(2) ─┬─► concat(4) ─► out(1)    copies of a unit: a fair choice among the fixed links that lead on
//                     └─►
BOOST_AUTO_TEST_CASE(fixed_links_are_chosen_fairly_among_those_that_lead_on) {
  Network net("copies");
  const auto input = net.add("input", op::Input{{1, 2, 2}});
  const auto a = net.add("a", conv1x1(1, 1), {input});
  const auto left = net.add("left", op::Split{0, 1}, {a});
  const auto middle = net.add("middle", op::Split{0, 1}, {a});
  const auto right = net.add("right", op::Split{0, 1}, {a});
  const auto concat = net.add("concat", op::Concat{}, {left, middle, right});
  net.add("output", op::Output{}, {net.add("out", conv1x1(3, 1), {concat})});
  const LayeredGraph graph = with_weights(net, {{1}, {5, 0, 1}});
  const Walker walker(graph, {}, 1);
  std::vector<std::int64_t> forward(3), reverse(3);
  for (std::uint64_t number = 0; number < 40'000; ++number)
    ++(number % 2 == 0 ? forward : reverse)[static_cast<std::size_t>(walk_of(walker, number).back().first)];
  BOOST_TEST(phew::test::chi_square_p(forward, std::array{0.5, 0.0, 0.5}) > 1e-9);
  BOOST_TEST(phew::test::chi_square_p(reverse, std::array{5.0 / 6, 0.0, 1.0 / 6}) > 1e-9);
}

BOOST_AUTO_TEST_SUITE_END()
