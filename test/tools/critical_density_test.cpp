#include "phew-graph/critical_density.hpp"

#include "analysis/layer_profile.hpp"
#include "graph/zoo.hpp"
#include "support/random_network.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>

namespace {

using phew::tools::CriticalDensity;
using phew::tools::Fault;
using phew::tools::SeedSweep;
using phew::tools::summary;
using phew::tools::sweep_targets;
using phew::tools::SweepPoint;

constexpr std::nullopt_t none = std::nullopt;

}  // namespace

BOOST_AUTO_TEST_SUITE(critical_density)

BOOST_AUTO_TEST_CASE(a_mask_is_seen_as_the_whole_analysis_sees_it) {
  int stubs = 0, collapsed = 0, disconnected = 0;
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    const phew::test::RandomCase random = phew::test::random_case(seed);
    BOOST_TEST_INFO_SCOPE(random);
    const phew::LayeredGraph dense(random.network), masked = dense.masked(random.mask);
    const SweepPoint point = phew::tools::look_at(dense, random.mask, 7);
    const phew::NetworkProfile whole = phew::profile(masked, phew::reach(masked)).network;
    BOOST_TEST(point.target == 7);
    BOOST_TEST(point.kept == whole.counts.kept);
    BOOST_TEST(point.stub_units == whole.stub_units);
    BOOST_TEST(point.collapsed_links == whole.collapsed_links, boost::test_tools::per_element());
    BOOST_TEST(point.connected == whole.connected);
    BOOST_TEST(point.has(Fault::stub) == (whole.stub_units > 0));
    BOOST_TEST(point.has(Fault::collapse) == !whole.collapsed_links.empty());
    BOOST_TEST(point.has(Fault::disconnection) == !whole.connected);
    stubs += point.has(Fault::stub);
    collapsed += point.has(Fault::collapse);
    disconnected += point.has(Fault::disconnection);
  }
  BOOST_TEST(std::min({stubs, collapsed, disconnected}) > 20);
}

BOOST_AUTO_TEST_CASE(densities_fall_by_equal_ratios) {
  const std::vector<std::int64_t> targets = sweep_targets(0.5, 0.005, 5, 1'000'000),
                                  expected{500'000, 158'114, 50'000, 15'811, 5'000};
  BOOST_TEST(targets == expected, boost::test_tools::per_element());
  // A small network has fewer numbers of parameters to keep, each once and none 0.
  const std::vector<std::int64_t> few = sweep_targets(1, 0.001, 50, 6), all{6, 5, 4, 3, 2, 1};
  BOOST_TEST(few == all, boost::test_tools::per_element());
}

// Stub units at points 1 and 2 vanish at 3; the link is lost at 2; the last is disconnected.
BOOST_AUTO_TEST_CASE(the_first_on_the_way_down) {
  const SeedSweep sweep{
      0, {{100, 100, 0, {}, true}, {50, 50, 2, {}, true}, {20, 20, 1, {"a"}, true}, {10, 10, 0, {"a", "b"}, false}}};
  BOOST_TEST(sweep.first(Fault::stub).value() == 1U);
  BOOST_TEST(sweep.first(Fault::collapse).value() == 2U);
  BOOST_TEST(sweep.first(Fault::disconnection).value() == 3U);
  BOOST_TEST(!SeedSweep({0, {{100, 100, 0, {}, true}}}).first(Fault::stub).has_value());
}

BOOST_AUTO_TEST_CASE(seeds_that_never_fail_count_as_lowest) {
  const CriticalDensity all = summary({0.3, 0.1, 0.2});
  BOOST_TEST(all.seeds_found == 3);
  BOOST_TEST(all.median.value() == 0.2);
  BOOST_TEST(all.lowest.value() == 0.1);
  BOOST_TEST(all.highest.value() == 0.3);
  const CriticalDensity some = summary({0.3, none, 0.1});
  BOOST_TEST(some.seeds_found == 2);
  BOOST_TEST(some.median.value() == 0.1);
  BOOST_TEST(!some.lowest.has_value());
  BOOST_TEST(some.highest.value() == 0.3);
  BOOST_TEST(summary({0.2, 0.4}).median.value() == 0.3, boost::test_tools::tolerance(1e-15));
  BOOST_TEST(!summary({none, 0.4}).median.has_value());
  BOOST_TEST(!summary({none, none}).highest.has_value());
}

BOOST_AUTO_TEST_SUITE_END()
