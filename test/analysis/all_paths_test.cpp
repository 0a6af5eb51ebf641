// Every figure of every analysis that follows from the list of a network's paths, beside that list, on 10,000 random
// small networks with residual joins, groups, tied tensors and masks. Integers must be equal; sums and logarithms agree
// to 1e-12 of their largest term.
#include "analysis/bottleneck.hpp"
#include "analysis/ewp_share.hpp"
#include "analysis/layer_profile.hpp"
#include "analysis/path_counts.hpp"
#include "analysis/path_statistics.hpp"
#include "analysis/path_totals.hpp"
#include "support/brute_force.hpp"
#include "support/random_network.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

namespace {

using phew::LayeredGraph;
using phew::PathLevel;
using phew::test::BruteForce;
using phew::test::ParameterEdge;

constexpr double precision = 1e-12;

std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

bool is_hidden(const LayeredGraph& graph, std::int64_t v) {
  const phew::Layer& layer = graph.layers()[graph.unit(v).layer];
  return !layer.input && !layer.output &&
         !std::ranges::all_of(layer.in_links, [&](std::size_t l) { return graph.links()[l].fixed(); });
}

/// What to expect of a profile, from the edges and the paths alone.
struct ExpectedProfile {
  std::vector<std::int64_t> stubs, dead;
  std::int64_t unused_inputs = 0, unused_outputs = 0;

  ExpectedProfile(const LayeredGraph& graph, const std::vector<ParameterEdge>& edges) {
    std::vector<bool> weighted(at(graph.unit_count())), left = weighted, entered = weighted;
    for (const ParameterEdge& e : edges) {
      left[at(e.from)] = entered[at(e.to)] = true;
      if (e.parameter != phew::Network::no_parameter) weighted[at(e.from)] = weighted[at(e.to)] = true;
    }
    for (std::int64_t v = 0; v < graph.unit_count(); ++v) {
      const phew::Layer& layer = graph.layers()[graph.unit(v).layer];
      if (phew::test::is_stub_by_search(graph, edges, v)) stubs.push_back(v);
      if (is_hidden(graph, v) && !weighted[at(v)]) dead.push_back(v);
      unused_inputs += layer.input && !left[at(v)];
      unused_outputs += layer.output && !entered[at(v)];
    }
  }
};

void check_structure(const LayeredGraph& graph, const std::vector<ParameterEdge>& edges, const BruteForce& all) {
  const phew::Reach reach = phew::reach(graph);
  const phew::Profile p = phew::profile(graph, reach);
  const ExpectedProfile expected(graph, edges);
  BOOST_TEST(phew::stub_units(graph, reach) == expected.stubs, boost::test_tools::per_element());
  BOOST_TEST(phew::dead_units(graph, reach) == expected.dead, boost::test_tools::per_element());
  BOOST_TEST(p.network.stub_units == std::ssize(expected.stubs));
  BOOST_TEST(p.network.dead_units == std::ssize(expected.dead));
  BOOST_TEST(p.network.unused_inputs == expected.unused_inputs);
  BOOST_TEST(p.network.unused_outputs == expected.unused_outputs);
  BOOST_TEST(p.network.connected == (all.paths > 0));
  BOOST_TEST(p.network.counts.effective == std::ssize(all.effective));
  for (std::size_t l = 0; l < p.layers.size(); ++l) {
    const auto first = all.on_path.begin() + graph.layers()[l].first;
    BOOST_TEST(p.layers[l].units_on_path == std::count(first, first + graph.layers()[l].units, 1));
  }
  std::vector<std::string> collapsed;
  for (const phew::Link& link : graph.links())
    if (!link.fixed() &&
        std::ranges::none_of(edges, [&](const ParameterEdge& e) { return e.parameter == link.parameter; }))
      collapsed.push_back(link.name);
  BOOST_TEST(p.network.collapsed_links == collapsed, boost::test_tools::per_element());
  for (const phew::LinkProfile& link : p.links)
    BOOST_TEST(link.counts.effective == std::ranges::count_if(all.effective, [&](const auto& e) {
                 return graph.parameters()[std::get<0>(e)].name == link.parameter;
               }));
}

/// The layers that every path passes: no link leads from before one to behind it, and no path ends before it.
std::vector<std::size_t> unavoidable_layers(const LayeredGraph& graph) {
  std::vector<std::size_t> list;
  const auto layers = graph.layers();
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const auto bypasses = [&](const phew::Link& link) { return link.from < i && link.to > i; };
    bool all_pass = std::ranges::none_of(graph.links(), bypasses);
    for (std::size_t j = 0; j < layers.size(); ++j)
      all_pass = all_pass && !(layers[j].input && j > i) && !(layers[j].output && j < i);
    if (all_pass) list.push_back(i);
  }
  return list;
}

void check_cut(const LayeredGraph& graph, const BruteForce& all) {
  const auto cut = phew::minimum_hidden_cut(graph, phew::reach(graph));
  std::int64_t candidates = 0;
  for (std::int64_t v = 0; v < graph.unit_count(); ++v) candidates += is_hidden(graph, v) && all.on_path[at(v)] != 0;
  if (candidates <= 10) {
    const auto expected = phew::test::smallest_cut_by_subsets(graph, all);
    BOOST_REQUIRE(cut.has_value() == expected.has_value());
    if (cut) BOOST_TEST(cut->size() == *expected);
  }
  if (!cut) return;
  BOOST_TEST(std::ranges::all_of(all.unit_paths, [&](const auto& path) {
    return std::ranges::any_of(path, [&](std::int64_t v) { return std::ranges::count(cut->units, v) > 0; });
  }));
  for (const std::size_t l : unavoidable_layers(graph))
    if (is_hidden(graph, graph.layers()[l].first)) BOOST_TEST(cut->size() <= graph.layers()[l].units);
}

bool near(double found, double expected, double largest_term) {
  return std::abs(found - expected) <= precision * largest_term;
}

/// A sum by its logarithm, which itself is rounded; none for 0.
bool log_agrees(const std::optional<double>& log, double expected) {
  if (expected == 0) return !log;
  return log && near(*log, std::log(expected), std::max(1.0, std::abs(std::log(expected))));
}

void check_statistics(const LayeredGraph& graph, PathLevel level, const BruteForce& all) {
  const phew::PathCounts exact = phew::path_counts(graph, level);
  BOOST_TEST(exact.paths == all.paths);
  BOOST_TEST(exact.zero_paths == all.zero_paths);
  const phew::PathStatistics s = phew::path_statistics(graph, level);
  BOOST_TEST(s.paths().value() == all.paths);
  BOOST_TEST(s.zero_paths().value() == all.zero_paths);
  BOOST_TEST(s.paths_log10().has_value() == (all.paths > 0));
  if (all.paths > 0) BOOST_TEST(near(*s.paths_log10(), std::log10(all.paths), 4));
  const auto log = s.log_ewp();
  BOOST_REQUIRE(log.has_value() == !all.log_ewp.empty());
  if (!log) return;
  const auto n = static_cast<double>(all.log_ewp.size());
  const auto [least, most] = std::ranges::minmax(all.log_ewp);
  const double largest = std::max({1.0, std::abs(least), std::abs(most)});
  const double mean = std::accumulate(all.log_ewp.begin(), all.log_ewp.end(), 0.0) / n;
  double squares = 0;
  for (const double x : all.log_ewp) squares += (x - mean) * (x - mean);
  BOOST_TEST(near(log->mean, mean, largest));
  BOOST_TEST(near(log->std * log->std, squares / n, largest * largest));
  BOOST_TEST(near(log->least, least, largest));
  BOOST_TEST(near(log->most, most, largest));
}

void check_sums(const LayeredGraph& graph, const BruteForce& all) {
  const phew::PathSums ewp = phew::path_sums(graph, phew::PathValue::magnitude);
  const phew::PathTotals totals = phew::path_totals(graph, ewp.total_log);
  BOOST_TEST(std::llround(std::exp(totals.paths_log10.value_or(-400) * std::numbers::ln10)) == all.paths);
  BOOST_TEST(log_agrees(totals.ewp_log, all.ewp_total));
  BOOST_TEST(log_agrees(totals.path_kernel_trace_log, all.path_kernel_trace));
  const auto shares = phew::ewp_shares(graph, ewp);
  BOOST_REQUIRE(shares.has_value() == (all.ewp_total > 0));
  if (!shares) return;
  for (std::int64_t v = 0; v < graph.unit_count(); ++v) {
    const phew::Unit u = graph.unit(v);
    BOOST_TEST(near(shares->units[u.layer][at(u.index)], all.unit_ewp[at(v)] / all.ewp_total, 1));
  }
  for (std::size_t l = 0; l < graph.links().size(); ++l)
    BOOST_TEST(near(shares->links[l], all.link_ewp[l] / all.ewp_total, 1));
  for (const std::size_t l : unavoidable_layers(graph))
    BOOST_TEST(near(phew::layer_share(shares->units[l]).value().sum, 1, 1));
}

/// How many of the networks had what would make the comparison worth something.
struct Seen {
  int stubs = 0, disconnected = 0, joins = 0, groups = 0, zero_paths = 0, dense = 0;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(all_paths)

BOOST_AUTO_TEST_CASE(agree_with_the_analyses_on_ten_thousand_networks) {
  constexpr std::int64_t limit = 10'000;
  Seen seen;
  int compared = 0;
  for (std::uint64_t seed = 1'000'000; compared < 10'000; ++seed) {
    const phew::test::RandomCase random = phew::test::random_case(seed);
    const LayeredGraph dense(random.network, random.weights);
    const auto graph = seed % 8 == 0 ? dense : dense.masked(random.mask);
    const auto edges = phew::test::parameter_edges(graph);
    const auto all = phew::test::enumerate_paths(graph, edges, limit);
    if (!all) continue;
    ++compared;
    BOOST_TEST_INFO_SCOPE(random);
    check_structure(graph, edges, *all);
    check_cut(graph, *all);
    check_sums(graph, *all);
    check_statistics(graph, PathLevel::parameter, *all);
    const auto of_kernels = phew::test::enumerate_paths(graph, phew::test::kernel_edges(graph), limit);
    check_statistics(graph, PathLevel::kernel, of_kernels.value());
    seen.stubs += !phew::stub_units(graph, phew::reach(graph)).empty();
    seen.disconnected += all->paths == 0;
    seen.joins += std::ranges::any_of(graph.layers(), [](const auto& l) { return l.in_links.size() > 1; });
    seen.groups += std::ranges::any_of(graph.links(), [](const auto& l) { return l.groups > 1; });
    seen.zero_paths += all->zero_paths > 0 && !all->log_ewp.empty();
    seen.dense += !graph.has_mask();
  }
  BOOST_TEST(seen.stubs > 3000);
  BOOST_TEST(seen.disconnected > 1000);
  BOOST_TEST(seen.joins > 3000);
  BOOST_TEST(seen.groups > 800);
  BOOST_TEST(seen.zero_paths > 2000);
  BOOST_TEST(seen.dense > 500);
}

BOOST_AUTO_TEST_SUITE_END()
