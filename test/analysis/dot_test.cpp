#include "analysis/dot.hpp"

#include "graph/error.hpp"
#include "graph/zoo.hpp"
#include "support/random_network.hpp"

#include <boost/test/unit_test.hpp>

#include <map>
#include <regex>
#include <set>
#include <string>
#include <utility>

namespace {

std::string drawn(const phew::LayeredGraph& graph) { return phew::dot_text(graph, phew::reach(graph), "net"); }

/// The attributes of each unit's line, by vertex.
std::map<std::int64_t, std::string> nodes_of(const std::string& text) {
  std::map<std::int64_t, std::string> nodes;
  const std::regex line(R"(^    u(\d+) \[(.*)\]$)", std::regex::multiline);
  for (std::sregex_iterator i(text.begin(), text.end(), line), end; i != end; ++i) nodes[std::stoll((*i)[1])] = (*i)[2];
  return nodes;
}

using Ends = std::pair<std::int64_t, std::int64_t>;

/// The attributes of each arrow's line, by its ends; two links may have an edge between the same ends.
std::multimap<Ends, std::string> arrows_of(const std::string& text) {
  std::multimap<Ends, std::string> arrows;
  const std::regex line(R"(^  u(\d+) -> u(\d+) \[(.*)\]$)", std::regex::multiline);
  for (std::sregex_iterator i(text.begin(), text.end(), line), end; i != end; ++i)
    arrows.emplace(Ends(std::stoll((*i)[1]), std::stoll((*i)[2])), (*i)[3]);
  return arrows;
}

bool has(const std::string& text, const char* part) { return text.find(part) != std::string::npos; }

}  // namespace

BOOST_AUTO_TEST_SUITE(dot)

//   0 ──► 3 ──► 6       3 is on a path, 4 is a stub, 5 is dead; 2 and 7 are unused
//   1 ──► 4
//   2     5     7
BOOST_AUTO_TEST_CASE(a_toy_network) {
  const phew::Network network = phew::make_network("mlp:3-3-2");
  phew::Mask mask(network.parameters());
  mask[0].set(0, 0);
  mask[0].set(1, 1);
  mask[1].set(0, 0);
  const std::string text = drawn(phew::LayeredGraph(network).masked(mask));
  const auto nodes = nodes_of(text);
  BOOST_TEST_REQUIRE(nodes.size() == 8U);
  const std::map<std::int64_t, const char*> states{{0, ": on a path"}, {1, ": on no path"}, {2, ": unused"},
                                                   {3, ": on a path"}, {4, ": stub"},       {5, ": dead"},
                                                   {6, ": on a path"}, {7, ": unused"}};
  std::set<std::string> fills;
  for (const auto& [v, state] : states) {
    BOOST_TEST(has(nodes.at(v), state), nodes.at(v));
    fills.insert(nodes.at(v).substr(nodes.at(v).find("fillcolor"), 19));
  }
  BOOST_TEST(fills.size() == 5U);
  const auto arrows = arrows_of(text);
  BOOST_TEST_REQUIRE(arrows.size() == 3U);
  BOOST_TEST(has(arrows.find({0, 3})->second, "#000000"));
  BOOST_TEST(has(arrows.find({1, 4})->second, "#aaaaaa"));
  BOOST_TEST(has(arrows.find({3, 6})->second, "#000000"));
}

BOOST_AUTO_TEST_CASE(every_edge_is_drawn_once) {
  int fixed_edges = 0;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    const phew::test::RandomCase random = phew::test::random_case(seed);
    BOOST_TEST_INFO_SCOPE(random);
    const phew::LayeredGraph dense(random.network), masked = dense.masked(random.mask);
    for (const auto* graph : {&dense, &masked}) {
      std::map<Ends, int> weighted, fixed;  // edges, not parameters
      for (std::size_t l = 0; l < graph->links().size(); ++l) {
        const phew::Link& link = graph->links()[l];
        for (std::int64_t t = 0; t < graph->layers()[link.to].units; ++t)
          if (link.fixed()) {
            const std::int64_t s = link.source_of[static_cast<std::size_t>(t)];
            if (s >= 0) ++fixed[{graph->vertex(link.from, s), graph->vertex(link.to, t)}];
          } else {
            for (std::int64_t c = 0; c < link.group_sources; ++c)
              if (graph->has_edge(link, t, c))
                ++weighted[{graph->vertex(link.from, link.first_source(t) + c), graph->vertex(link.to, t)}];
          }
      }
      const std::string text = drawn(*graph);
      std::map<Ends, int> drawn_weighted, drawn_fixed;
      for (const auto& [ends, attributes] : arrows_of(text))
        ++(has(attributes, "dashed") ? drawn_fixed : drawn_weighted)[ends];
      BOOST_TEST((drawn_weighted == weighted));
      BOOST_TEST((drawn_fixed == fixed));
      BOOST_TEST(std::ssize(nodes_of(text)) == graph->unit_count());
      fixed_edges += static_cast<int>(fixed.size());
    }
  }
  BOOST_TEST(fixed_edges > 100);
}

BOOST_AUTO_TEST_CASE(what_nobody_could_read_is_refused) {
  BOOST_CHECK_NO_THROW((void)drawn(phew::LayeredGraph(phew::make_network("mlp:40-100"))));
  BOOST_CHECK_THROW((void)drawn(phew::LayeredGraph(phew::make_network("mlp:40-101"))), phew::Error);
  const phew::Network wide = phew::make_network("mlp:4000-1");
  BOOST_CHECK_THROW((void)drawn(phew::LayeredGraph(wide).masked(phew::Mask(wide.parameters()))), phew::Error);
}

BOOST_AUTO_TEST_SUITE_END()
