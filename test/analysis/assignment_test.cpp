#include "analysis/assignment.hpp"

#include "support/dice.hpp"

#include <boost/graph/adjacency_list.hpp>
#include <boost/graph/maximum_weighted_matching.hpp>
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <numeric>

namespace data = boost::unit_test::data;

namespace {

phew::Gains random_gains(phew::test::Dice& dice, std::size_t n, std::int64_t low, std::int64_t high) {
  phew::Gains gains(n);
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < n; ++j) gains(i, j) = dice.between(low, high);
  return gains;
}

bool is_permutation_of_columns(phew::Assignment assignment) {
  std::ranges::sort(assignment);
  for (std::size_t i = 0; i < assignment.size(); ++i)
    if (assignment[i] != i) return false;
  return true;
}

std::int64_t most_of_all_permutations(const phew::Gains& gains) {
  phew::Assignment assignment(gains.size());
  std::iota(assignment.begin(), assignment.end(), 0U);
  std::int64_t most = phew::total_gain(gains, assignment);
  while (std::ranges::next_permutation(assignment).found) most = std::max(most, phew::total_gain(gains, assignment));
  return most;
}

/// The same by Boost.Graph's matching of general graphs, whose weights are positive so that every row is matched.
std::int64_t most_by_matching(const phew::Gains& gains) {
  using Graph = boost::adjacency_list<boost::vecS, boost::vecS, boost::undirectedS, boost::no_property,
                                      boost::property<boost::edge_weight_t, std::int64_t>>;
  using Vertex = boost::graph_traits<Graph>::vertex_descriptor;
  constexpr std::int64_t shift = 100'000;
  const std::size_t n = gains.size();
  Graph graph(2 * n);
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < n; ++j) boost::add_edge(i, n + j, gains(i, j) + shift, graph);
  std::vector<Vertex> mate(2 * n);
  boost::maximum_weighted_matching(graph, &mate[0]);
  std::int64_t total = 0;
  for (std::size_t i = 0; i < n; ++i) total += gains(i, mate[i] - n);
  return total;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(assignment)

// Greedy would take 9 and then 0; the best is 8 + 7.
BOOST_AUTO_TEST_CASE(the_largest_gain_is_not_always_taken) {
  phew::Gains gains(2);
  gains(0, 0) = 9, gains(0, 1) = 8;
  gains(1, 0) = 7, gains(1, 1) = 0;
  const phew::Assignment best = phew::best_assignment(gains);
  BOOST_TEST(best == (phew::Assignment{1, 0}), boost::test_tools::per_element());
  BOOST_TEST(phew::total_gain(gains, best) == 15);
}

BOOST_AUTO_TEST_CASE(nothing_and_one) {
  BOOST_TEST(phew::best_assignment(phew::Gains(0)).empty());
  BOOST_TEST(phew::best_assignment(phew::Gains(1)).at(0) == 0U);
}

// Few distinct gains make many ties; negative ones occur where likeness decides.
BOOST_DATA_TEST_CASE(agrees_with_all_permutations, data::xrange(600), seed) {
  phew::test::Dice dice(static_cast<std::uint64_t>(seed));
  const auto n = static_cast<std::size_t>(dice.between(1, 7));
  const std::int64_t spread = seed % 3 == 0 ? 1 : seed % 3 == 1 ? 4 : 1'000'000;
  const phew::Gains gains = random_gains(dice, n, -spread, spread);
  const phew::Assignment best = phew::best_assignment(gains);
  BOOST_TEST(is_permutation_of_columns(best));
  BOOST_TEST(phew::total_gain(gains, best) == most_of_all_permutations(gains));
}

BOOST_DATA_TEST_CASE(agrees_with_a_matching_of_boost_graph, data::xrange(30), seed) {
  phew::test::Dice dice(static_cast<std::uint64_t>(seed), 1);
  const auto n = static_cast<std::size_t>(dice.between(8, 40));
  const phew::Gains gains = random_gains(dice, n, 0, seed % 2 == 0 ? 3 : 50'000);
  const phew::Assignment best = phew::best_assignment(gains);
  BOOST_TEST(is_permutation_of_columns(best));
  BOOST_TEST(phew::total_gain(gains, best) == most_by_matching(gains));
}

// gains(i, j) = −(i − π(j))² is largest, 0, at π⁻¹ only; adding prices to rows and columns changes no optimum.
BOOST_DATA_TEST_CASE(a_hidden_permutation_is_found, data::xrange(10), seed) {
  phew::test::Dice dice(static_cast<std::uint64_t>(seed), 2);
  constexpr std::size_t n = 200;
  phew::Assignment hidden(n);
  std::iota(hidden.begin(), hidden.end(), 0U);
  for (std::size_t i = n; i > 1; --i)
    std::swap(hidden[i - 1], hidden[static_cast<std::size_t>(dice.below(static_cast<std::int64_t>(i)))]);
  std::vector<std::int64_t> of_row(n), of_column(n);
  for (std::int64_t& price : of_row) price = dice.between(-1'000'000, 1'000'000);
  for (std::int64_t& price : of_column) price = dice.between(-1'000'000, 1'000'000);
  phew::Gains gains(n);
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < n; ++j) {
      const auto apart = static_cast<std::int64_t>(j) - static_cast<std::int64_t>(hidden[i]);
      gains(i, j) = of_row[i] + of_column[j] - apart * apart;
    }
  BOOST_TEST(phew::best_assignment(gains) == hidden, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()
