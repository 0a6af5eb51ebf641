#include "walks/walk_sequence.hpp"

#include "chi_square.hpp"
#include "graph/initializer.hpp"
#include "graph/zoo.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <vector>

namespace {

using phew::Direction;
using phew::LayeredGraph;
using phew::Start;
using phew::WalkEnds;
using phew::Walker;
using phew::WalkSequence;

LayeredGraph initialised(const char* name) {
  const phew::Network network = phew::make_network(name);
  return LayeredGraph(network, phew::initial_weights(network, {}, 0, 1));
}

/// Where the first `count` walks begin and end, drawn in batches of `batch`.
std::vector<WalkEnds> ends_of(const Walker& walker, std::size_t count, std::size_t batch, int threads) {
  WalkSequence sequence(walker, 4);
  std::vector<WalkEnds> all;
  while (all.size() < count) {
    const std::size_t drawn = sequence.draw(std::min(batch, count - all.size()), threads);
    for (std::size_t i = 0; i < drawn; ++i) all.push_back(sequence.ends(i));
  }
  return all;
}

bool same(const WalkEnds& a, const WalkEnds& b) { return a.number == b.number && a.start == b.start && a.end == b.end; }

}  // namespace

BOOST_AUTO_TEST_SUITE(walk_sequence)

BOOST_AUTO_TEST_CASE(batches_and_threads_change_nothing) {
  const LayeredGraph graph = initialised("resnet20");
  for (const Start start : {Start::round_robin, Start::balanced, Start::uniform}) {
    const Walker walker(graph, {.start = start}, 1);
    const auto one = ends_of(walker, 3000, 3000, 1);
    for (const std::size_t batch : {1, 127, 1024, 1500})
      BOOST_TEST(std::ranges::equal(one, ends_of(walker, 3000, batch, 3), same), "batches of " << batch);
  }
}

// DESIGN §4 word for word, walk by walk.
BOOST_AUTO_TEST_CASE(balanced_starts_are_at_the_least_used_unit) {
  const LayeredGraph graph = initialised("mlp:7-30-5");
  const Walker walker(graph, {.start = Start::balanced}, 1);
  std::map<std::int64_t, std::int64_t> before;   // starts and ends of earlier blocks, by vertex
  std::map<std::int64_t, std::int64_t> started;  // in this block
  std::vector<std::int64_t> ended;
  for (const WalkEnds& walk : ends_of(walker, 5000, 600, 2)) {
    if (walk.number % 1024 == 0) {
      for (const auto& [vertex, count] : started) before[vertex] += count;
      for (const std::int64_t vertex : ended) ++before[vertex];
      started.clear();
      ended.clear();
    }
    const auto units = walker.starts(phew::direction_of(walk.number));
    const auto least =
        std::ranges::min_element(units, {}, [&](std::int64_t unit) { return before[unit] + started[unit]; });
    BOOST_REQUIRE(walk.start == *least);
    ++started[walk.start];
    ended.push_back(walk.end);
  }
}

BOOST_AUTO_TEST_CASE(uniform_starts_are_uniform) {
  const LayeredGraph graph = initialised("mlp:7-30-5");
  const Walker walker(graph, {.start = Start::uniform}, 1);
  std::array<std::map<std::int64_t, std::int64_t>, 2> counts;
  for (const WalkEnds& walk : ends_of(walker, 20'000, 2048, 1)) ++counts[walk.number % 2][walk.start];
  for (const auto& side : counts) {
    std::vector<std::int64_t> observed;
    for (const auto& [unit, count] : side) observed.push_back(count);
    const std::vector<double> expected(observed.size(), 1.0 / static_cast<double>(observed.size()));
    BOOST_TEST(phew::test::chi_square_p(observed, expected) > 1e-8);
  }
  BOOST_TEST(counts[0].size() == 7U);
  BOOST_TEST(counts[1].size() == 5U);
}

BOOST_AUTO_TEST_CASE(round_robin_starts_take_turns) {
  const LayeredGraph graph = initialised("mlp:7-30-5");
  const Walker walker(graph, {}, 1);
  for (const WalkEnds& walk : ends_of(walker, 100, 9, 1)) {
    const auto units = walker.starts(phew::direction_of(walk.number));
    BOOST_TEST(walk.start == units[walk.number / 2 % units.size()]);
    BOOST_TEST(graph.layers()[graph.unit(walk.end).layer].output == (walk.number % 2 == 0));
  }
}

BOOST_AUTO_TEST_SUITE_END()
