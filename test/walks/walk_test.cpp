#include "walks/walk.hpp"

#include "graph/error.hpp"
#include "graph/zoo.hpp"
#include "oracle_chain.hpp"
#include "reference_walker.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <cstdint>
#include <vector>

namespace {

using phew::Direction;
using phew::Kept;
using phew::LayeredGraph;
using phew::Network;
using phew::Walker;
using phew::test::Chain;
using phew::test::Fault;
using phew::test::Path;

constexpr std::uint64_t walks = 200'000, faulty_walks = 100'000;
constexpr double accept_above = 1e-9;   // 70 questions: a false alarm in fewer than one of 10^7 seeds
constexpr double reject_below = 1e-30;  // what each planted fault must stay below

std::vector<Kept> kept_by(const Walker& walker, std::uint64_t seed, std::uint64_t number) {
  std::vector<Kept> kept;
  walker.walk(seed, number, kept);
  return kept;
}

/// Walk number i of a direction as a path. Checks that it joins the units of one link to the next's, and its start.
Path path_of(const Walker& walker, const Chain& chain, Direction direction, std::uint64_t i) {
  const bool forward = direction == Direction::forward;
  const std::vector<Kept> kept = kept_by(walker, 7, 2 * i + (forward ? 0 : 1));
  Path path(chain.links.size());
  BOOST_REQUIRE(kept.size() == path.size());
  for (std::size_t n = 0; n < path.size(); ++n) {
    const std::size_t l = forward ? n : path.size() - 1 - n;
    BOOST_REQUIRE(kept[n].link == l);
    BOOST_REQUIRE(kept[n].last() == kept[n].first + 1);
    path[l] = {kept[n].row, kept[n].first / chain.links[l].kernel, kept[n].first % chain.links[l].kernel};
  }
  for (std::size_t l = 1; l < path.size(); ++l) BOOST_REQUIRE(path[l - 1].target == path[l].source);
  const std::uint64_t start = static_cast<std::uint64_t>(forward ? path.front().source : path.back().target);
  BOOST_REQUIRE(start ==
                i % static_cast<std::uint64_t>(forward ? chain.links.front().sources : chain.links.back().targets));
  return path;
}

struct OracleCase {
  const char* name;
  Chain (*chain)();
  std::vector<phew::test::CellTest> (*tests)(Direction);
  Direction direction;
};
std::ostream& operator<<(std::ostream& out, const OracleCase& c) {
  return out << c.name << (c.direction == Direction::forward ? ", forward" : ", reverse");
}
const std::vector<OracleCase> oracle_cases{
    {"mlp", phew::test::mlp_chain, phew::test::mlp_tests, Direction::forward},
    {"mlp", phew::test::mlp_chain, phew::test::mlp_tests, Direction::reverse},
    {"conv", phew::test::conv_chain, phew::test::conv_tests, Direction::forward},
    {"conv", phew::test::conv_chain, phew::test::conv_tests, Direction::reverse},
};
std::vector<Fault> all_faults() {
  std::vector<Fault> all;
  for (int f = static_cast<int>(Fault::none) + 1; f <= static_cast<int>(Fault::start_never_at_last); ++f)
    all.push_back(static_cast<Fault>(f));
  return all;
}
const std::vector<Fault> faults = all_faults();

/// A fault that changes nothing there: no reverse walk, or kernels of one weight.
bool harmless(Fault fault, const OracleCase& c) {
  if (fault == Fault::forward_rule_in_reverse) return c.direction == Direction::forward;
  const std::set<Fault> of_kernels{
      Fault::uniform_in_kernel,    Fault::edge_by_largest,          Fault::edge_by_first,    Fault::parameters_shifted,
      Fault::last_parameter_never, Fault::largest_parameter_always, Fault::one_number_a_step};
  return c.name == std::string("mlp") && of_kernels.contains(fault);
}

/// A network of two-unit layers whose links have these weights, [target][source] each.
LayeredGraph two_wide(const std::vector<std::vector<float>>& weights) {
  std::string name = "mlp:2";
  for (std::size_t l = 0; l < weights.size(); ++l) name += "-2";
  const Network network = phew::make_network(name);
  std::vector<phew::Tensor> tensors;
  for (std::size_t l = 0; l < weights.size(); ++l)
    tensors.push_back(phew::make_tensor(network.parameters()[l].name, network.parameters()[l].shape, weights[l]));
  return LayeredGraph(network, phew::Weights(network.parameters(), std::move(tensors)));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(walk)

BOOST_DATA_TEST_CASE(frequencies_are_the_oracle_s, oracle_cases, c) {
  const Chain chain = c.chain();
  const Walker walker(chain.graph, {}, 1);
  const auto verdict = phew::test::least_likely(
      c.tests(c.direction), [&](std::uint64_t i) { return path_of(walker, chain, c.direction, i); }, walks);
  BOOST_TEST(verdict.p > accept_above, verdict.test << ": p = " << verdict.p);
}

BOOST_DATA_TEST_CASE(the_oracle_accepts_a_second_sampler, oracle_cases, c) {
  const Chain chain = c.chain();
  phew::test::ReferenceWalker reference(chain, c.direction, Fault::none, 1);
  const auto verdict = phew::test::least_likely(c.tests(c.direction), std::ref(reference), walks);
  BOOST_TEST(verdict.p > accept_above, verdict.test << ": p = " << verdict.p);
}

BOOST_DATA_TEST_CASE(the_oracle_rejects_planted_faults, boost::unit_test::data::make(oracle_cases) * faults, c, fault) {
  const Chain chain = c.chain();
  phew::test::ReferenceWalker faulty(chain, c.direction, fault, 1);
  const auto verdict = phew::test::least_likely(c.tests(c.direction), std::ref(faulty), faulty_walks);
  if (harmless(fault, c))
    BOOST_TEST(verdict.p > accept_above);
  else
    BOOST_TEST(verdict.p < reject_below, verdict.test << ": p = " << verdict.p);
}

//   0 ──► 0 ─╳   unit 0 of the middle leads nowhere, though its weight is by far the largest:
//   1 ──► 1 ──►  no walk, forward or reverse, may enter it
BOOST_AUTO_TEST_CASE(edges_that_lead_nowhere_are_dropped) {
  const Walker walker(two_wide({{1e6F, 1e6F, 1e-6F, 1e-6F}, {0, 1, 0, 2}}), {}, 1);
  for (std::uint64_t w = 0; w < 200; ++w) {
    for (const Kept& kept : kept_by(walker, 0, w)) {
      if (kept.link == 0) BOOST_TEST(kept.row == 1);
      if (kept.link == 1) BOOST_TEST(kept.first == 1);
    }
  }
  BOOST_TEST(walker.reachable() == 4);
}

//   0 ─╳  0 ──► 0    input 0 and output 1 have nothing left, so every walk starts at input 1 or at output 0
//   1 ──► 1 ──► 0
BOOST_AUTO_TEST_CASE(starts_with_nothing_left_are_passed_over) {
  const Walker walker(two_wide({{0, 1, 0, 2}, {3, 4, 0, 0}}), {}, 1);
  for (std::uint64_t w = 0; w < 100; ++w) {
    const std::vector<Kept> kept = kept_by(walker, 3, w);
    BOOST_REQUIRE(kept.size() == 2U);
    const bool forward = w % 2 == 0;
    BOOST_TEST(kept[forward ? 0 : 1].first == 1);
    BOOST_TEST(kept[forward ? 1 : 0].row == 0);
  }
}

BOOST_AUTO_TEST_CASE(starts_go_round_robin) {
  const LayeredGraph graph(phew::make_network("mlp:5-4-3"));
  const Walker walker(graph, {.bias = phew::Bias::uniform}, 1);
  for (std::uint64_t w = 0; w < 60; ++w) {
    const Kept first = kept_by(walker, 5, w).front();
    BOOST_TEST((w % 2 == 0 ? first.first : first.row) == static_cast<std::int64_t>(w / 2 % (w % 2 == 0 ? 5 : 3)));
  }
}

BOOST_AUTO_TEST_CASE(a_walk_depends_on_seed_and_number_alone) {
  const Chain chain = phew::test::conv_chain();
  const Walker one(chain.graph, {}, 1), three(chain.graph, {}, 3);
  const auto same = [](const Kept& a, const Kept& b) {
    return a.link == b.link && a.row == b.row && a.first == b.first && a.count == b.count;
  };
  int equal = 0;
  for (std::uint64_t w = 1000; w-- > 0;) {
    const std::vector<Kept> kept = kept_by(one, 9, w);
    BOOST_REQUIRE(std::ranges::equal(kept, kept_by(three, 9, w), same));
    equal += std::ranges::equal(kept, kept_by(one, 10, w), same) ? 1 : 0;
    equal += std::ranges::equal(kept, kept_by(one, 9 + (std::uint64_t{1} << 32), w), same) ? 1 : 0;
  }
  BOOST_TEST(equal < 40);  // of 2,000 pairs, by chance
}

BOOST_AUTO_TEST_CASE(a_walk_is_appended_to_what_is_there) {
  const Chain chain = phew::test::mlp_chain();
  const Walker walker(chain.graph, {}, 1);
  std::vector<Kept> kept(1);
  walker.walk(0, 0, kept);
  BOOST_TEST(kept.size() == 4U);
}

BOOST_AUTO_TEST_CASE(kernel_granularity_keeps_whole_kernels) {
  const Chain chain = phew::test::conv_chain();
  const Walker walker(chain.graph, {.granularity = phew::Granularity::kernel}, 1);
  const Walker by_parameter(chain.graph, {}, 1);
  for (std::uint64_t w = 0; w < 200; ++w) {
    const std::vector<Kept> whole = kept_by(walker, 1, w), single = kept_by(by_parameter, 1, w);
    BOOST_REQUIRE(whole.size() == single.size());
    for (std::size_t n = 0; n < whole.size(); ++n) {
      const std::int64_t kernel = chain.links[whole[n].link].kernel;
      BOOST_TEST(whole[n].last() - whole[n].first == kernel);
      BOOST_TEST(whole[n].first % kernel == 0);
      BOOST_TEST(whole[n].row == single[n].row);  // the same edges: the parameter has bits of its own
      BOOST_TEST(whole[n].first == single[n].first / kernel * kernel);
    }
  }
}

// Subnormal weights have inverses beyond float32; each must still count, and no sum may overflow.
BOOST_AUTO_TEST_CASE(inverse_bias_of_the_smallest_weights_is_finite) {
  const float tiny = 1e-45F;
  const Walker walker(two_wide({{tiny, tiny, 0, tiny}, {tiny, tiny, tiny, 1}}), {.bias = phew::Bias::inverse}, 1);
  BOOST_TEST(walker.reachable() == 7);
  for (std::uint64_t w = 0; w < 100; ++w) BOOST_TEST(kept_by(walker, 0, w).size() == 2U);
}

// The inverse of an infinity is 0, but an infinity is no weight.
BOOST_AUTO_TEST_CASE(an_infinite_weight_is_refused_by_every_bias) {
  const float infinity = std::numeric_limits<float>::infinity();
  for (const phew::Bias bias : {phew::Bias::weight, phew::Bias::inverse})
    BOOST_CHECK_EXCEPTION(Walker(two_wide({{1, infinity, 1, 1}, {1, 1, 1, 1}}), {.bias = bias}, 1), phew::Error,
                          [](const phew::Error& e) {
                            return e.what() ==
                                   std::string("0.weight: found an infinity at element 1, expected finite values");
                          });
}

BOOST_AUTO_TEST_CASE(weights_whose_sums_overflow_are_refused) {
  const float huge = 3e38F;
  BOOST_CHECK_EXCEPTION(Walker(two_wide({{1, 1, 1, 1}, {huge, huge, huge, huge}}), {}, 1), phew::Error,
                        [](const phew::Error& e) {
                          return e.code() == phew::ExitCode::data && std::string(e.what()).starts_with("2.weight");
                        });
}

BOOST_AUTO_TEST_CASE(walks_by_weight_need_weights) {
  const LayeredGraph graph(phew::make_network("mlp:2-2"));
  BOOST_CHECK_THROW(Walker(graph, {}, 1), phew::Error);
  BOOST_CHECK_NO_THROW(Walker(graph, {.bias = phew::Bias::uniform}, 1));
}

BOOST_AUTO_TEST_SUITE_END()
