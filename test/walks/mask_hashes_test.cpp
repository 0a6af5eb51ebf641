// A mask is a function of network, weights, method, options and seed: its hash is the same for every number of threads,
// every batch, and, by the golden file, every compiler and optimisation level.
//
// With PHEW_FULL_TEST=1 in the environment (tools/check --full) more threads and seeds are tried.
#include "graph/initializer.hpp"
#include "graph/zoo.hpp"
#include "mask_digest.hpp"
#include "registry_cases.hpp"
#include "small_networks.hpp"
#include "support/golden.hpp"
#include "walk_cases.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdlib>
#include <string>
#include <vector>

namespace {

using phew::LayeredGraph;
using phew::Method;

constexpr std::uint64_t golden_seeds = 20;

struct Case {
  std::string name;
  LayeredGraph graph;
  double density;
};

std::vector<Case> cases() {
  std::vector<Case> all;
  const phew::Network lenet = phew::make_network("lenet-300-100");
  all.push_back({"lenet-300-100", LayeredGraph(lenet, phew::initial_weights(lenet, {}, 0, 1)), 0.03});
  for (const auto& net : phew::test::small_networks) all.push_back({net.name, net.graph(), 0.3});
  return all;
}

/// The options that walks are tried with; for other methods the defaults alone.
std::vector<phew::WalkOptions> variants_of(const Method& method) {
  std::vector<phew::WalkOptions> all{{}};
  if (!method.reads(phew::reads::walks)) return all;
  all.push_back({.granularity = phew::Granularity::kernel});
  all.push_back({.start = phew::Start::balanced, .shortcuts = phew::Shortcuts::weigh});
  all.push_back({.start = phew::Start::uniform, .shortcuts = phew::Shortcuts::walk});
  return all;
}

std::string hash_of(const Method& method, const phew::test::Prepared& prepared, phew::WalkOptions walks,
                    std::uint64_t seed, int threads, std::size_t batch) {
  walks.batch = batch;
  const phew::MethodOptions options{.walks = walks, .threads = threads};
  return phew::test::digest_of(method.prepare(prepared.input, options).sample(prepared.target, seed).mask);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(mask_hashes)

BOOST_AUTO_TEST_CASE(threads_and_batches_change_no_mask) {
  const bool full = std::getenv("PHEW_FULL_TEST") != nullptr;
  const std::vector<int> threads = full ? std::vector{1, 2, 3, 4, 7, 8, 16} : std::vector{1, 2, 3, 16};
  const std::uint64_t seeds = full ? golden_seeds : 3;
  std::string golden;
  for (const Case& c : cases())
    for (const Method& method : phew::methods()) {
      const auto prepared = phew::test::prepare(method, c.graph, c.density);
      for (const phew::WalkOptions& walks : variants_of(method))
        for (std::uint64_t seed = 0; seed < golden_seeds; ++seed) {
          const std::string what =
              fmt::format("{} {} {} seed {}", c.name, method.name, phew::test::name_of(walks), seed);
          const std::string hash = hash_of(method, prepared, walks, seed, 1, 1024);
          golden += fmt::format("{}: {}\n", what, hash);
          if (seed >= seeds) continue;
          for (const int t : threads)
            for (const std::size_t batch : {std::size_t{1024}, std::size_t{100}}) {
              if (batch != 1024 && !method.reads(phew::reads::walks)) continue;
              BOOST_TEST(hash_of(method, prepared, walks, seed, t, batch) == hash, what << ", " << t << " threads");
            }
        }
    }
  phew::test::check_golden("mask_hashes.txt", golden);
}

BOOST_AUTO_TEST_SUITE_END()
