// Walks on random small networks (residual, grouped, tied, copied, flattened, masked ones) against the rule's exact
// probabilities, worked out edge by edge.
#include "chi_square.hpp"
#include "graph/error.hpp"
#include "reference_rule.hpp"
#include "walk_cases.hpp"
#include "walks/walk.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdint>
#include <vector>

namespace {

using phew::Direction;
using phew::LayeredGraph;
using phew::Walker;
using phew::test::ReferenceRule;

/// The smallest p over the links: how often walks of a direction take each parameter, or none of the link's.
double least_p(const LayeredGraph& graph, const Walker& walker, const ReferenceRule& rule, Direction direction) {
  constexpr std::uint64_t walks = 4000;
  auto probability = rule.visits(direction);
  std::vector<std::vector<std::int64_t>> counts;
  for (auto& link : probability) {
    double none = 1;
    for (const double p : link) none -= p;
    link.push_back(none < 1e-12 ? 0 : none);
    counts.emplace_back(link.size());
    counts.back().back() = walks;
  }
  std::vector<phew::Kept> kept;
  for (std::uint64_t i = 0; i < walks; ++i) {
    kept.clear();
    walker.walk(11, 2 * i + (direction == Direction::forward ? 0 : 1), kept);
    for (const phew::Kept& k : kept) {
      const std::int64_t length = graph.parameters()[graph.links()[k.link].parameter].row_length();
      ++counts[k.link][static_cast<std::size_t>(k.row * length + k.first)];
      --counts[k.link].back();
    }
  }
  double least = 1;
  for (std::size_t l = 0; l < counts.size(); ++l)
    least = std::min(least, phew::test::chi_square_p(counts[l], probability[l]));
  return least;
}

/// Every bias, and every use of shortcuts.
std::vector<phew::WalkOptions> rules() {
  std::vector<phew::WalkOptions> all;
  for (const phew::Bias bias : {phew::Bias::weight, phew::Bias::uniform, phew::Bias::inverse})
    all.push_back({.bias = bias});
  for (const phew::Shortcuts shortcuts : {phew::Shortcuts::walk, phew::Shortcuts::weigh}) {
    all.push_back({.shortcuts = shortcuts});
    all.push_back({.bias = phew::Bias::uniform, .shortcuts = shortcuts});
  }
  return all;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(walk_rule)

BOOST_AUTO_TEST_CASE(frequencies_on_random_networks_are_the_rule_s) {
  constexpr double accept_above = 1e-11;  // some 10,000 questions
  int drawn = 0, empty = 0;
  for (std::uint64_t seed = 0; seed < 150; ++seed) {
    const auto random = phew::test::random_case(seed);
    const LayeredGraph graph = phew::test::random_graph(random);
    for (const phew::WalkOptions& options : rules()) {
      const ReferenceRule rule(graph, options);
      if (rule.empty()) {
        ++empty;
        BOOST_CHECK_THROW(Walker(graph, options, 1), phew::Error);
        continue;
      }
      ++drawn;
      const Walker walker(graph, options, 1);
      for (const Direction direction : {Direction::forward, Direction::reverse}) {
        const double p = least_p(graph, walker, rule, direction);
        BOOST_TEST(p > accept_above, "p = " << p << (direction == Direction::forward ? " forward, " : " reverse, ")
                                            << phew::test::name_of(options) << ", " << random);
      }
    }
  }
  BOOST_TEST(drawn >= 300);
  BOOST_TEST(empty >= 3);
}

BOOST_AUTO_TEST_CASE(reachable_counts_what_some_walk_keeps) {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    const auto random = phew::test::random_case(seed);
    const LayeredGraph graph = phew::test::random_graph(random);
    for (const phew::WalkOptions& options : phew::test::all_walk_options()) {
      const ReferenceRule rule(graph, options);
      if (rule.empty()) continue;
      BOOST_TEST(Walker(graph, options, 1).reachable() == rule.reachable().kept(), phew::test::name_of(options)
                                                                                       << ", " << random);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
