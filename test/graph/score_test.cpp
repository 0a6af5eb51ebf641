#include "graph/score.hpp"

#include "graph/error.hpp"
#include "graph/random_stream.hpp"
#include "graph/zoo.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>
#include <vector>

namespace {

using phew::Scope;

/// Scores with many ties, negatives and zeros of both signs.
phew::Weights tied_scores(const phew::Network& net, std::uint64_t seed) {
  std::vector<phew::Tensor> tensors;
  for (const auto& p : net.parameters()) {
    std::vector<float> values;
    for (std::int64_t i = 0; i < p.size(); ++i) {
      const phew::RandomStream stream(seed, phew::Purpose::simulation, tensors.size());
      const auto level = static_cast<float>(phew::below(7U, stream.block(static_cast<std::uint32_t>(i))[0])) - 3;
      values.push_back(level == 0 && i % 2 == 0 ? -0.0F : level / 7);
    }
    tensors.push_back(phew::make_tensor(p.name, p.shape, std::move(values)));
  }
  return {net.parameters(), std::move(tensors)};
}

/// The definition, by a stable sort of all positions.
phew::Mask by_sorting(const phew::Network& net, const phew::Weights& scores, std::int64_t target, bool magnitude) {
  struct Entry {
    std::size_t tensor;
    std::int64_t i;
    float score;
  };
  std::vector<Entry> all;
  for (std::size_t t = 0; t < net.parameters().size(); ++t)
    for (std::int64_t i = 0; i < net.parameters()[t].size(); ++i) {
      const float s = scores[t][static_cast<std::size_t>(i)];
      all.push_back({t, i, magnitude ? std::abs(s) : s});
    }
  std::ranges::stable_sort(all, std::greater<>{}, &Entry::score);
  phew::Mask mask(net.parameters());
  for (std::int64_t k = 0; k < target; ++k) {
    const Entry& e = all[static_cast<std::size_t>(k)];
    const std::int64_t columns = mask[e.tensor].columns();
    mask[e.tensor].set(e.i / columns, e.i % columns);
  }
  return mask;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(score)

BOOST_AUTO_TEST_CASE(equal_scores_are_kept_in_order_of_position) {
  const auto net = phew::make_network("mlp:9-7-5");
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const auto scores = tied_scores(net, seed);
    for (std::int64_t target = 0; target <= net.prunable(); target += 7) {
      BOOST_TEST(
          (phew::keep_top(net.parameters(), scores, target, Scope::global) == by_sorting(net, scores, target, false)));
      BOOST_TEST((phew::keep_largest(net.parameters(), scores, target, Scope::global) ==
                  by_sorting(net, scores, target, true)));
    }
  }
}

BOOST_AUTO_TEST_CASE(per_layer_each_tensor_keeps_its_share) {
  const auto net = phew::make_network("mlp:9-7-5");  // 63 and 35 parameters
  const auto scores = tied_scores(net, 3);
  for (std::int64_t target = 0; target <= 98; ++target) {
    const auto mask = phew::keep_largest(net.parameters(), scores, target, Scope::per_layer);
    BOOST_TEST(mask.kept() == target);
    BOOST_TEST(std::abs(static_cast<double>(mask[0].count()) - 63.0 * static_cast<double>(target) / 98) < 1);
  }
}

BOOST_AUTO_TEST_CASE(counts_by_tensor) {
  const auto net = phew::make_network("mlp:9-7-5");
  const auto scores = tied_scores(net, 5);
  const std::vector<std::int64_t> counts{40, 3};
  const auto mask = phew::keep_top(net.parameters(), scores, counts);
  for (std::size_t t = 0; t < counts.size(); ++t) {  // as a network of that tensor alone would keep them
    const auto parameters = net.parameters().subspan(t, 1);
    const phew::Weights alone(parameters, {scores.tensor(t)});
    BOOST_TEST((mask[t] == phew::keep_top(parameters, alone, counts[t], Scope::global)[0]));
  }
  for (const std::vector<std::int64_t>& bad : {std::vector<std::int64_t>{64, 0}, {0, -1}})
    BOOST_CHECK_THROW((void)phew::keep_largest(net.parameters(), scores, bad), phew::Error);
}

BOOST_AUTO_TEST_CASE(shares_add_up) {
  const auto net = phew::make_network("vgg11");
  for (const std::int64_t target : {std::int64_t{1}, std::int64_t{12345}, net.prunable()}) {
    const auto parts = phew::shares(net.parameters(), target);
    BOOST_TEST(std::accumulate(parts.begin(), parts.end(), std::int64_t{0}) == target);
  }
}

BOOST_AUTO_TEST_CASE(nan_is_refused_and_named) {
  const auto net = phew::make_network("mlp:2-1");
  const phew::Weights scores(
      net.parameters(), {phew::make_tensor("0.weight", {1, 2}, {1, std::numeric_limits<float>::quiet_NaN()})}, "s.npz");
  try {
    (void)phew::keep_top(net.parameters(), scores, 1, Scope::global);
    BOOST_TEST(false, "no error");
  } catch (const phew::Error& error) {
    BOOST_TEST(std::string(error.what()).starts_with("s.npz: 0.weight: found NaN at element 1"));
  }
}

BOOST_AUTO_TEST_CASE(infinite_scores_are_scores) {
  constexpr float infinity = std::numeric_limits<float>::infinity();
  const auto net = phew::make_network("mlp:3-1");
  const phew::Weights scores(net.parameters(), {phew::make_tensor("0.weight", {1, 3}, {-infinity, 1, infinity})});
  const auto mask = phew::keep_top(net.parameters(), scores, 2, Scope::global);
  BOOST_TEST((!mask[0].test(0, 0) && mask[0].test(0, 1) && mask[0].test(0, 2)));
}

BOOST_AUTO_TEST_SUITE_END()
