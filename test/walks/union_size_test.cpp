// How many edges some round-robin walks keep together, against the oracle's exact expectations.
#include "oracle_chain.hpp"
#include "walks/walk.hpp"

#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <vector>

namespace {

using phew::Kept;
using phew::Walker;
using Json = nlohmann::json;

constexpr std::uint64_t seeds = 20'000;

/// Mean and variance of a number that is drawn many times.
struct Mean {
  double sum = 0, squares = 0;
  void add(double x) {
    sum += x;
    squares += x * x;
  }
  /// Standard errors between the mean and `expected`.
  [[nodiscard]] double z(double expected) const {
    constexpr auto n = static_cast<double>(seeds);
    const double mean = sum / n, variance = (squares / n - mean * mean) * n / (n - 1);
    return variance < 1e-12 ? (std::abs(mean - expected) < 1e-9 ? 0 : INFINITY)
                            : (mean - expected) / std::sqrt(variance / n);
  }
};

/// The union of the first `forward` forward and `reverse` reverse walks of a seed, by link and edge.
std::array<std::vector<int>, 3> union_of(const Walker& walker, std::uint64_t seed, std::uint64_t forward,
                                         std::uint64_t reverse) {
  std::vector<Kept> kept;
  for (std::uint64_t i = 0; i < forward; ++i) walker.walk(seed, 2 * i, kept);
  for (std::uint64_t i = 0; i < reverse; ++i) walker.walk(seed, 2 * i + 1, kept);
  std::array<std::vector<int>, 3> edges{std::vector<int>(12), std::vector<int>(9), std::vector<int>(6)};
  constexpr std::int64_t row_length[] = {4, 3, 3};
  for (const Kept& k : kept) edges[k.link][static_cast<std::size_t>(k.row * row_length[k.link] + k.first)] = 1;
  return edges;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(union_size)

BOOST_AUTO_TEST_CASE(mean_union_of_round_robin_walks_is_the_oracle_s) {
  std::ifstream file(std::string(PHEW_SOURCE_DIR) + "/data/oracle/mlp_4-3-3-2.json");
  const Json expected = Json::parse(file)["expected_union_round_robin"];
  const auto chain = phew::test::mlp_chain();
  const Walker walker(chain.graph, {}, 1);
  BOOST_TEST(expected.size() == 9U);
  for (const auto& [name, exact] : expected.items()) {
    unsigned forward = 0, reverse = 0;
    BOOST_REQUIRE(std::sscanf(name.c_str(), "%uf_%ur", &forward, &reverse) == 2);
    Mean total;
    std::array<Mean, 3> by_link;
    std::array<std::vector<int>, 3> hits{std::vector<int>(12), std::vector<int>(9), std::vector<int>(6)};
    for (std::uint64_t seed = 0; seed < seeds; ++seed) {
      const auto edges = union_of(walker, seed, forward, reverse);
      double all = 0;
      for (std::size_t l = 0; l < 3; ++l) {
        double sum = 0;
        for (std::size_t e = 0; e < edges[l].size(); ++e) {
          sum += edges[l][e];
          hits[l][e] += edges[l][e];
        }
        by_link[l].add(sum);
        all += sum;
      }
      total.add(all);
    }
    BOOST_TEST(std::abs(total.z(exact["total"])) < 6, name);
    for (std::size_t l = 0; l < 3; ++l) {
      BOOST_TEST(std::abs(by_link[l].z(exact["expected_edges"][l])) < 6, name << ", link " << l);
      const std::size_t columns = l == 0 ? 4 : 3;
      for (std::size_t e = 0; e < hits[l].size(); ++e) {
        const double p = exact["p_kept"][l][e / columns][e % columns];
        constexpr auto n = static_cast<double>(seeds);
        const double z = (hits[l][e] - n * p) / std::sqrt(std::max(n * p * (1 - p), 1.0));
        BOOST_TEST(std::abs(z) < 6, name << ", link " << l << ", edge " << e << ": " << hits[l][e] << " of " << n);
      }
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
