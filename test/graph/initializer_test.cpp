#include "graph/initializer.hpp"

#include "graph/error.hpp"
#include "graph/portable_math.hpp"
#include "graph/random_stream.hpp"
#include "graph/zoo.hpp"
#include "support/golden.hpp"

#include <boost/math/distributions/normal.hpp>
#include <boost/test/unit_test.hpp>
#include <fmt/format.h>

#include <cmath>

namespace {

struct Moments {
  double mean = 0, variance = 0, largest = 0;
};

Moments moments(std::span<const float> values) {
  Moments m;
  for (const float v : values) m.mean += v;
  m.mean /= static_cast<double>(values.size());
  for (const float v : values) {
    m.variance += (v - m.mean) * (v - m.mean);
    m.largest = std::max(m.largest, std::abs(static_cast<double>(v)));
  }
  m.variance /= static_cast<double>(values.size());
  return m;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(initializer)

BOOST_AUTO_TEST_CASE(logarithm_and_quantile_agree_with_libm_and_boost) {
  const boost::math::normal normal;
  for (double p = 1e-300; p < 0.5; p *= 1.37) {
    BOOST_TEST(phew::portable_log(p) == std::log(p), boost::test_tools::tolerance(4e-16));
    BOOST_TEST(phew::normal_quantile(p) == boost::math::quantile(normal, p), boost::test_tools::tolerance(1e-14));
  }
  for (double p = 0.5 + 1e-6; p < 1; p += 0.0137) {
    BOOST_TEST(phew::portable_log(1e5 * p) == std::log(1e5 * p), boost::test_tools::tolerance(4e-16));
    BOOST_TEST(phew::normal_quantile(p) == boost::math::quantile(normal, p), boost::test_tools::tolerance(1e-9));
  }
}

// Random123's kat_vectors for philox4x32-10.
BOOST_AUTO_TEST_CASE(the_stream_is_philox4x32_10) {
  const phew::RandomStream zero(0, phew::Purpose::walk, 0);
  BOOST_TEST((zero.block(0) == phew::RandomStream::Block{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  // Counter words are (index low, index high, step, purpose), key words (seed low, seed high).
  const phew::RandomStream pi(0x299f31d0a4093822, static_cast<phew::Purpose>(0x03707344), 0x85a308d3243f6a88);
  BOOST_TEST((pi.block(0x13198a2e) == phew::RandomStream::Block{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

BOOST_AUTO_TEST_CASE(deviations_are_torch_nn_init_s) {
  const auto net = phew::make_network("vgg11");
  const auto& shape = net.parameters()[2].shape;  // [256, 128, 3, 3]
  const double fan_in = static_cast<double>(shape[1]) * 9, fan_out = static_cast<double>(shape[0]) * 9;
  const auto check = [&](std::string_view name, double variance, double largest) {
    const auto weights = phew::initial_weights(net, phew::parse_initializer(name), 1, 2);
    const Moments m = moments(weights[2]);
    const auto n = static_cast<double>(weights[2].size());
    BOOST_TEST_CONTEXT(name) {
      BOOST_TEST(std::abs(m.mean) < 5 * std::sqrt(variance / n));
      BOOST_TEST(std::abs(m.variance / variance - 1) < 5 * std::sqrt(2 / n));
      if (largest > 0) {
        BOOST_TEST(m.largest < largest * (1 + 1e-6));
        BOOST_TEST(m.largest > 0.999 * largest);
      } else {
        BOOST_TEST(m.largest > 4 * std::sqrt(variance));
      }
    }
  };
  check("kaiming-normal", 2 / fan_out, 0);
  check("kaiming-normal:fan-in", 2 / fan_in, 0);
  check("kaiming-uniform:fan-out", 2 / fan_out, std::sqrt(6 / fan_out));
  check("kaiming-uniform:fan-in", 2 / fan_in, std::sqrt(6 / fan_in));
  check("xavier-normal", 2 / (fan_in + fan_out), 0);
  check("xavier-uniform", 2 / (fan_in + fan_out), std::sqrt(6 / (fan_in + fan_out)));
  check("normal:0.1", 0.01, 0);
}

// The golden is a promise: a seed gives these bits on every machine, or the mask-rule version changes.
BOOST_AUTO_TEST_CASE(the_same_bits_for_any_thread_count) {
  const auto net = phew::make_network("resnet20");
  std::string golden;
  for (const char* name : {"kaiming-normal", "xavier-uniform"}) {
    const auto init = phew::parse_initializer(name);
    const std::string one = phew::hash_of(phew::initial_weights(net, init, 0, 1));
    for (const int threads : {2, 3, 7}) BOOST_TEST(phew::hash_of(phew::initial_weights(net, init, 0, threads)) == one);
    BOOST_TEST(phew::hash_of(phew::initial_weights(net, init, 1, 2)) != one);
    golden += fmt::format("resnet20 {} seed 0: {}\n", name, one);
  }
  phew::test::check_golden("initial_weights.txt", golden);
}

BOOST_AUTO_TEST_CASE(state_is_complete_and_in_order) {
  const auto net = phew::make_network("vgg11-bn");
  const auto state = phew::initial_state(net, {}, 0);
  const auto expected = net.state();
  BOOST_REQUIRE(state.size() == expected.size());
  for (std::size_t i = 0; i < state.size(); ++i) {
    BOOST_TEST(state[i].name == expected[i].name);
    BOOST_TEST(state[i].shape == expected[i].shape, boost::test_tools::per_element());
    if (expected[i].role == phew::StateRole::norm_weight || expected[i].role == phew::StateRole::running_var)
      BOOST_TEST(phew::float_values(state[i])[0] == 1.0F);
  }
}

BOOST_AUTO_TEST_CASE(refuses_unknown_initializers) {
  for (const char* text : {"", "kaiming", "normal", "normal:", "normal:0", "normal:-1", "normal:nan", "normal:inf",
                           "normal:1x", "xavier-uniform:fan-in", "kaiming-normal:fan"})
    BOOST_CHECK_THROW((void)phew::parse_initializer(text), phew::Error);
}

BOOST_AUTO_TEST_SUITE_END()
