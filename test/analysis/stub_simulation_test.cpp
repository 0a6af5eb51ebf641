#include "analysis/stub_simulation.hpp"

#include "graph/reach.hpp"
#include "graph/zoo.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <fmt/format.h>

#include <bit>
#include <cmath>
#include <ostream>

namespace data = boost::unit_test::data;

namespace {

/// What is true of a setting, by going through every mask.
struct Exact {
  double stubs = 0, squares = 0, any = 0;  ///< means of the number of stub units, its square, and whether there is one
};

/// All 2^parameters masks of the MLP, each with its chance; stub units as graph/reach.hpp tells them.
Exact enumerate(const phew::RandomPruning& pruning) {
  const phew::Network network = phew::make_network(fmt::format("mlp:{}x{}", pruning.width, pruning.hidden_layers + 2));
  const phew::LayeredGraph graph(network);
  const std::int64_t parameters = network.prunable(), size = pruning.width * pruning.width;
  Exact exact;
  for (std::uint64_t bits = 0; bits < std::uint64_t{1} << parameters; ++bits) {
    phew::Mask mask(network.parameters());
    for (std::int64_t p = 0; p < parameters; ++p)
      if (bits >> p & 1)
        mask[static_cast<std::size_t>(p / size)].set(p % size / pruning.width, p % size % pruning.width);
    const auto masked = graph.masked(std::move(mask));
    const phew::Reach reach = phew::reach(masked);
    double stubs = 0;
    for (std::int64_t v = 0; v < masked.unit_count(); ++v) stubs += phew::is_stub(masked, reach, v);
    const int kept = std::popcount(bits);
    const double chance =
        std::pow(1 - pruning.pruned, kept) * std::pow(pruning.pruned, static_cast<double>(parameters - kept));
    exact.stubs += chance * stubs;
    exact.squares += chance * stubs * stubs;
    exact.any += chance * (stubs > 0);
  }
  return exact;
}

constexpr phew::RandomPruning small_settings[] = {{1, 1, 0.3}, {1, 4, 0.6},  {2, 1, 0.5},
                                                  {2, 2, 0.7}, {2, 3, 0.45}, {3, 1, 0.8}};

std::ostream& print(std::ostream& out, const phew::RandomPruning& p) {
  return out << "width " << p.width << ", " << p.hidden_layers << " hidden layers, pruned " << p.pruned;
}

}  // namespace

namespace phew {
std::ostream& operator<<(std::ostream& out, const RandomPruning& p) { return print(out, p); }
}  // namespace phew

BOOST_AUTO_TEST_SUITE(stub_simulation)

// Eq. 5–6 and the variance are exact; Eq. 7–8 are exact for one hidden layer only.
BOOST_DATA_TEST_CASE(closed_forms_agree_with_all_masks, data::make(small_settings), pruning) {
  const Exact exact = enumerate(pruning);
  constexpr double rounding = 1e-10;  // of sums over up to 2^18 masks
  BOOST_TEST(std::abs(phew::expected_stub_units(pruning) - exact.stubs) < rounding);
  BOOST_TEST(std::abs(phew::stub_units_variance(pruning) - (exact.squares - exact.stubs * exact.stubs)) < rounding);
  const double gap = phew::any_stub_probability(pruning) - exact.any;
  BOOST_TEST((std::abs(gap) < rounding) == (pruning.hidden_layers == 1));
}

// The simulation against all masks: means in exact standard errors. 12 comparisons; 5.5 is passed by chance once in two
// million.
BOOST_DATA_TEST_CASE(simulation_agrees_with_all_masks, data::make(small_settings), pruning) {
  constexpr std::int64_t trials = 40'000;
  const Exact exact = enumerate(pruning);
  const phew::StubCounts counts = phew::simulate_stubs(pruning, 1, 0, trials);
  BOOST_TEST(counts.trials == trials);
  const double variance = exact.squares - exact.stubs * exact.stubs;
  const double z_stubs = (phew::stub_units_estimate(counts).mean - exact.stubs) / std::sqrt(variance / trials);
  const double z_any =
      (phew::any_stub_estimate(counts).mean - exact.any) / std::sqrt(exact.any * (1 - exact.any) / trials);
  BOOST_TEST(std::abs(z_stubs) < 5.5);
  BOOST_TEST(std::abs(z_any) < 5.5);
}

// Where masks are too many to enumerate: Eq. 6 at widths around the words' 64 bits, at densities of short and of long
// binary fractions. 12 comparisons at 5.5 standard errors.
BOOST_DATA_TEST_CASE(simulation_agrees_with_equation_6, data::make({10, 63, 64, 65, 130, 200}) * data::make({1, 3}),
                     width, hidden_layers) {
  constexpr std::int64_t trials = 2'000;
  // x^N = 1/4, about: many stubs.
  const phew::RandomPruning pruning{width, hidden_layers, std::pow(0.25, 1.0 / width)};
  const phew::StubCounts counts = phew::simulate_stubs(pruning, 2, 0, trials);
  const double z = (phew::stub_units_estimate(counts).mean - phew::expected_stub_units(pruning)) /
                   std::sqrt(phew::stub_units_variance(pruning) / trials);
  BOOST_TEST(std::abs(z) < 5.5);
}

// PAPER's example: at N = 4, x = ½, L = 3 independence gives .776 and the truth is .750.
BOOST_AUTO_TEST_CASE(equation_8_is_off_where_units_are_few) {
  const phew::Estimate any = phew::any_stub_estimate(phew::simulate_stubs({4, 3, 0.5}, 3, 0, 200'000));
  BOOST_TEST(std::abs(any.mean - 0.750) < 5 * any.error + 5e-4);
  BOOST_TEST(any.error < 1.1e-3);
}

BOOST_AUTO_TEST_CASE(the_ends_of_the_scale) {
  BOOST_TEST(phew::simulate_stubs({70, 2, 0.0}, 0, 0, 20).stubs == 0);
  BOOST_TEST(phew::simulate_stubs({70, 2, 1.0}, 0, 0, 20).stubs == 0);
}

BOOST_AUTO_TEST_CASE(trials_add_up_whatever_their_pieces) {
  const phew::RandomPruning pruning{20, 3, 0.9};
  const phew::StubCounts whole = phew::simulate_stubs(pruning, 5, 0, 90);
  phew::StubCounts pieces = phew::simulate_stubs(pruning, 5, 50, 40);
  pieces += phew::simulate_stubs(pruning, 5, 0, 50);
  BOOST_TEST(pieces.trials == whole.trials);
  BOOST_TEST(pieces.stubs == whole.stubs);
  BOOST_TEST(pieces.squares == whole.squares);
  BOOST_TEST(pieces.with_stubs == whole.with_stubs);
  BOOST_TEST(phew::simulate_stubs(pruning, 6, 0, 90).stubs != whole.stubs);
}

BOOST_AUTO_TEST_CASE(estimates) {
  // 0, 2, 2, 4 stub units: mean 2, variance 8/3.
  const phew::StubCounts counts{4, 8, 24, 3};
  BOOST_TEST(phew::stub_units_estimate(counts).mean == 2);
  BOOST_TEST(std::abs(phew::stub_units_estimate(counts).error - std::sqrt(8.0 / 3 / 4)) < 1e-15);
  BOOST_TEST(phew::any_stub_estimate(counts).mean == 0.75);
  BOOST_TEST(std::abs(phew::any_stub_estimate(counts).error - std::sqrt(5.0 / 8 * 3 / 8 / 8)) < 1e-15);
  BOOST_TEST(phew::any_stub_estimate({2'000, 0, 0, 0}).error > 0);
}

BOOST_AUTO_TEST_SUITE_END()
