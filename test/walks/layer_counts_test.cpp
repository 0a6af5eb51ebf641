#include "walks/layer_counts.hpp"

#include "graph/error.hpp"
#include "graph/zoo.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

namespace {

using Numbers = std::vector<std::int64_t>;

std::int64_t sum(const Numbers& numbers) { return std::accumulate(numbers.begin(), numbers.end(), std::int64_t{0}); }

/// The scale of ERK by bisection over real numbers: Σ min(size, scale · Σ dims) = target.
std::vector<double> by_bisection(std::span<const phew::Parameter> parameters, double target) {
  const auto counts = [&](double scale) {
    std::vector<double> kept;
    for (const auto& p : parameters) {
      const auto dims = std::accumulate(p.shape.begin(), p.shape.end(), 0.0);
      kept.push_back(std::min(static_cast<double>(p.size()), scale * dims));
    }
    return kept;
  };
  double low = 0, high = 1e9;
  for (int i = 0; i < 200; ++i) {
    const double middle = (low + high) / 2;
    const auto kept = counts(middle);
    (std::accumulate(kept.begin(), kept.end(), 0.0) < target ? low : high) = middle;
  }
  return counts(high);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(layer_counts)

// lenet-300-100, Σ dims 1084, 400, 110 of sizes 235200, 30000, 1000. At 15940 = 10 · 1594 kept, scale = 10 gives 10840,
// 4000, 1100: the last is above 1000. So it is dense, and the rest share 14940 at scale 14940 / 1484 = 10.0673…:
// 10913.0 and 4026.95.
BOOST_AUTO_TEST_CASE(erk_by_hand) {
  const auto net = phew::make_network("lenet-300-100");
  BOOST_TEST(phew::erk_counts(net.parameters(), 7970) == (Numbers{5420, 2000, 550}), boost::test_tools::per_element());
  BOOST_TEST(phew::erk_counts(net.parameters(), 15940) == (Numbers{10913, 4027, 1000}),
             boost::test_tools::per_element());
  BOOST_TEST(phew::erk_counts(net.parameters(), 266200) == (Numbers{235200, 30000, 1000}),
             boost::test_tools::per_element());
  BOOST_TEST(phew::erk_counts(net.parameters(), 0) == (Numbers{0, 0, 0}), boost::test_tools::per_element());
  BOOST_CHECK_THROW((void)phew::erk_counts(net.parameters(), 266201), phew::Error);
}

// Kernels count as extents: 64·3·3·3 = 1728 with 64 + 3 + 3 + 3 = 73.
BOOST_AUTO_TEST_CASE(erk_counts_kernel_extents) {
  const std::vector<phew::Parameter> parameters{{"conv", {64, 3, 3, 3}}, {"fc", {10, 63}}};
  BOOST_TEST(phew::erk_counts(parameters, 146) == (Numbers{73, 73}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(erk_of_the_zoo_is_the_capped_proportion) {
  for (const char* name : {"resnet20", "vgg19", "mlp:784-1000-1000-10", "resnet50"}) {
    const auto net = phew::make_network(name);
    for (const double density : {0.001, 0.013, 0.1, 0.37, 0.9, 0.999}) {
      const auto target = static_cast<std::int64_t>(density * static_cast<double>(net.prunable()));
      const Numbers counts = phew::erk_counts(net.parameters(), target);
      BOOST_TEST(sum(counts) == target);
      const std::vector<double> expected = by_bisection(net.parameters(), static_cast<double>(target));
      for (std::size_t i = 0; i < counts.size(); ++i)
        BOOST_TEST(std::abs(static_cast<double>(counts[i]) - expected[i]) < 1.001,
                   name << " at " << density << ", tensor " << i << ": " << counts[i] << ", not " << expected[i]);
    }
  }
}

BOOST_AUTO_TEST_CASE(capped_moves_what_is_over) {
  const Numbers caps{5, 5, 5};
  BOOST_TEST(phew::capped({3, 4, 5}, caps) == (Numbers{3, 4, 5}), boost::test_tools::per_element());
  BOOST_TEST(phew::capped({4, 7, 1}, caps) == (Numbers{5, 5, 2}), boost::test_tools::per_element());
  BOOST_CHECK_THROW((void)phew::capped({4, 7, 5}, caps), phew::Error);
}

BOOST_AUTO_TEST_SUITE_END()
