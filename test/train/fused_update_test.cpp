// One pass over a tensor against LibTorch's own optimizers, and against our operations on its tensors.
#include "train/fused_update.hpp"

#include "train/support.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <torch/optim/adam.h>
#include <torch/optim/sgd.h>

#include <cmath>
#include <limits>
#include <memory>

namespace {

constexpr std::int64_t size = 1037;  // no multiple of any vector

torch::Tensor random_values(std::uint64_t seed) {
  phew::test::Dice dice(seed);
  std::vector<float> values(static_cast<std::size_t>(size));
  for (float& v : values) v = static_cast<float>(dice.uniform() - 0.5);
  return torch::tensor(values);
}

/// What LibTorch's optimizer makes of the weights in five steps with given gradients.
template <typename Optimizer, typename Options>
torch::Tensor by_libtorch(const Options& options) {
  torch::Tensor weight = random_values(1).requires_grad_(true);
  Optimizer optimizer({weight}, options);
  for (std::uint64_t step = 0; step < 5; ++step) {
    weight.mutable_grad() = random_values(10 + step);
    optimizer.step();
  }
  return weight.detach();
}

void check_close(const torch::Tensor& found, const torch::Tensor& expected) {
  BOOST_TEST((found - expected).abs().max().item<float>() < 1e-6);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(fused_update)

BOOST_AUTO_TEST_CASE(sgd_is_pytorchs) {
  for (const double momentum : {0.0, 0.9})
    for (const bool nesterov : {false, true}) {
      if (nesterov && momentum == 0) continue;
      const torch::Tensor expected = by_libtorch<torch::optim::SGD>(
          torch::optim::SGDOptions(0.1).momentum(momentum).nesterov(nesterov).weight_decay(0.01));
      torch::Tensor weight = random_values(1), velocity = torch::zeros({size});
      for (std::uint64_t step = 0; step < 5; ++step) {
        const torch::Tensor gradient = random_values(10 + step);
        phew::update(phew::SgdUpdate{0.1F, static_cast<float>(momentum), 0.01F, nesterov}, size,
                     gradient.data_ptr<float>(), nullptr, weight.data_ptr<float>(),
                     momentum > 0 ? velocity.data_ptr<float>() : nullptr);
      }
      check_close(weight, expected);
    }
}

BOOST_AUTO_TEST_CASE(adam_is_pytorchs) {
  const torch::Tensor expected = by_libtorch<torch::optim::Adam>(torch::optim::AdamOptions(0.01).weight_decay(0.01));
  torch::Tensor weight = random_values(1), mean = torch::zeros({size}), square = torch::zeros({size});
  for (std::uint64_t step = 0; step < 5; ++step) {
    const torch::Tensor gradient = random_values(10 + step);
    const double t = static_cast<double>(step) + 1;
    phew::update(
        phew::AdamUpdate{static_cast<float>(0.01 / (1 - std::pow(0.9, t))),
                         static_cast<float>(1 / std::sqrt(1 - std::pow(0.999, t))), 0.9F, 0.999F, 1e-8F, 0.01F},
        size, gradient.data_ptr<float>(), nullptr, weight.data_ptr<float>(), mean.data_ptr<float>(),
        square.data_ptr<float>());
  }
  check_close(weight, expected);
}

BOOST_AUTO_TEST_CASE(pruned_weights_and_their_moments_stay_zero_whatever_the_gradient) {
  std::vector<std::uint8_t> pruned(static_cast<std::size_t>(size));
  std::vector<float> w(pruned.size()), v(pruned.size()), m(pruned.size()), s(pruned.size()), g(pruned.size());
  for (std::size_t i = 0; i < pruned.size(); ++i) {
    pruned[i] = i % 3 == 0;
    w[i] = pruned[i] ? 0.0F : 1.0F;
    g[i] =
        pruned[i] ? (i % 2 ? std::numeric_limits<float>::quiet_NaN() : std::numeric_limits<float>::infinity()) : 2.0F;
  }
  std::vector<float> u = w;
  for (int step = 0; step < 3; ++step) {
    phew::update(phew::SgdUpdate{0.1F, 0.9F, 0.01F, true}, size, g.data(), pruned.data(), w.data(), v.data());
    phew::update(phew::AdamUpdate{0.1F, 1, 0.9F, 0.999F, 1e-8F, 0.01F}, size, g.data(), pruned.data(), u.data(),
                 m.data(), s.data());
  }
  for (std::size_t i = 0; i < pruned.size(); ++i) {
    const bool zero = w[i] == 0 && v[i] == 0 && u[i] == 0 && m[i] == 0 && s[i] == 0;
    BOOST_TEST(zero == (pruned[i] != 0));
    if (!pruned[i]) BOOST_TEST((std::isfinite(w[i]) && std::isfinite(u[i])));
  }
}

BOOST_AUTO_TEST_SUITE_END()
