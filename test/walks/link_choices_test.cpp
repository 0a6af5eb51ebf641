// Choices among the edges of one wide link, drawn by whole walks, against their exact chances: around every multiple of
// 16 and 512 edges the levels of the search change.
#include "walks/link_choices.hpp"

#include "chi_square.hpp"
#include "graph/zoo.hpp"
#include "support/dice.hpp"
#include "walks/bias_sums.hpp"
#include "walks/walk.hpp"

#include <boost/test/unit_test.hpp>
#include <fmt/format.h>

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

namespace {

using phew::Bias;
using phew::Direction;
using phew::LayeredGraph;
using phew::Network;
using phew::Tensor;
using phew::Walker;
using phew::test::Dice;

/// Normal-like weights, a third of them 0; the first is not.
std::vector<float> weights(std::int64_t count, Dice& dice) {
  std::vector<float> values(static_cast<std::size_t>(count));
  for (float& w : values) w = dice.chance(0.33) ? 0.0F : static_cast<float>(dice.uniform() + dice.uniform() - 1);
  values.front() = 1;
  return values;
}

/// A network of one input and one output unit with `wide` units between, so that both ends choose among them.
LayeredGraph fan(const Network& network, Dice& dice) {
  std::vector<Tensor> tensors;
  for (const phew::Parameter& p : network.parameters())
    tensors.push_back(phew::make_tensor(p.name, p.shape, weights(p.size(), dice)));
  return LayeredGraph(network, phew::Weights(network.parameters(), std::move(tensors)));
}

/// What each of the wide layer's units weighs in the choice from the end where walks start.
std::vector<double> chances(const LayeredGraph& graph, Direction direction, Bias bias) {
  const auto bias_of = [&](const phew::Link& link, std::int64_t t, std::int64_t c) {
    if (bias == Bias::uniform) return 1.0;
    const double norm = graph.magnitude(link, t, c);
    return bias == Bias::weight || norm == 0 ? norm : 1 / norm;
  };
  const phew::Link &in = graph.links()[0], &out = graph.links()[1];
  std::vector<double> result;
  double sum = 0;
  for (std::int64_t u = 0; u < graph.layers()[1].units; ++u) {
    const double from = bias_of(in, u, 0), to = bias_of(out, 0, u);
    // A unit that cannot be entered or left is no choice.
    result.push_back(from > 0 && to > 0 ? direction == Direction::forward ? from : to : 0);
    sum += result.back();
  }
  for (double& chance : result) chance /= sum;
  return result;
}

double frequency_p(const LayeredGraph& graph, const Walker& walker, Direction direction, Bias bias) {
  const std::vector<double> expected = chances(graph, direction, bias);
  const std::uint64_t walks = 40 * expected.size() + 4000;
  std::vector<phew::WalkEnds> ends(walks);
  for (std::uint64_t i = 0; i < walks; ++i) {
    ends[i].number = 2 * i + (direction == Direction::forward ? 0 : 1);
    ends[i].start = walker.starts(direction)[0];
  }
  phew::WalkSteps steps;
  walker.draw(5, ends, steps);
  std::vector<std::int64_t> counts(expected.size());
  for (std::size_t i = 0; i < walks; ++i) {
    // The first link's row is the wide layer's unit; a reverse walk takes that link last.
    const phew::Kept& kept = direction == Direction::forward ? steps[i].front() : steps[i].back();
    ++counts[static_cast<std::size_t>(kept.row)];
  }
  return phew::test::chi_square_p(counts, expected);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(link_choices)

BOOST_AUTO_TEST_CASE(wide_choices_have_their_chances) {
  Dice dice(3);
  for (const std::int64_t wide : {1, 2, 15, 16, 17, 32, 100, 511, 512, 513, 530, 2000}) {
    const LayeredGraph graph = fan(phew::make_network(fmt::format("mlp:1-{}-1", wide)), dice);
    for (const Bias bias : {Bias::weight, Bias::uniform, Bias::inverse}) {
      const Walker walker(graph, {.bias = bias}, 1);
      for (const Direction direction : {Direction::forward, Direction::reverse}) {
        const double p = frequency_p(graph, walker, direction, bias);
        BOOST_TEST(p > 1e-8, wide << " wide, bias " << static_cast<int>(bias) << ", direction "
                                  << static_cast<int>(direction) << ": p = " << p);
      }
    }
  }
}

// The sums' order is part of the rule.
BOOST_AUTO_TEST_CASE(sums_run_in_the_order_written_down) {
  Dice dice(4);
  for (const std::int64_t size : {1, 2, 3, 4, 5, 8, 9, 25, 49}) {
    const std::vector<float> w = weights(3 * size, dice);
    std::vector<float> sums(3);
    phew::bias_sums::by_kernel(w.data(), 3, size, sums.data());
    for (std::int64_t k = 0; k < 3; ++k) {
      float s[4] = {}, expected = 0;
      const std::int64_t whole = size / 4 * 4;
      for (std::int64_t i = 0; i < whole; ++i) s[i % 4] += std::abs(w[static_cast<std::size_t>(k * size + i)]);
      expected = (s[0] + s[2]) + (s[1] + s[3]);
      for (std::int64_t i = whole; i < size; ++i) expected += std::abs(w[static_cast<std::size_t>(k * size + i)]);
      BOOST_TEST(sums[static_cast<std::size_t>(k)] == expected);
    }
  }
  for (const std::int64_t count : {1, 15, 16, 17, 40}) {
    const std::vector<float> w = weights(count, dice);
    std::vector<float> sums(static_cast<std::size_t>((count + 15) / 16));
    phew::bias_sums::by_block(w.data(), count, sums.data());
    for (std::size_t b = 0; b < sums.size(); ++b) {
      float s[4] = {};
      for (std::size_t i = 16 * b; i < std::min<std::size_t>(w.size(), 16 * b + 16); ++i) s[i % 4] += std::abs(w[i]);
      BOOST_TEST(sums[b] == (s[0] + s[2]) + (s[1] + s[3]));
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
