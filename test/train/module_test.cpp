#include "train/module.hpp"

#include "graph/initializer.hpp"
#include "graph/zoo.hpp"
#include "support/random_network.hpp"
#include "train/reference_forward.hpp"
#include "train/support.hpp"
#include "train/torch_tensor.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace {

using phew::NetworkModule;
using phew::Tensor;

const torch::Device cpu(torch::kCPU);

/// A state with values in every tensor: a batch-norm with weights, biases and statistics of its own.
std::vector<Tensor> random_state(const phew::Network& network, std::uint64_t seed) {
  phew::test::Dice dice(seed);
  std::vector<Tensor> out = phew::initial_state(network, {}, seed);
  const auto state = network.state();
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (state[i].role == phew::StateRole::weight || state[i].role == phew::StateRole::batches_tracked) continue;
    const double low = state[i].role == phew::StateRole::running_var ? 0.5 : -1;
    std::vector<float> values;
    for (std::int64_t k = 0; k < phew::element_count(state[i].shape); ++k)
      values.push_back(static_cast<float>(low + 1.5 * dice.uniform()));
    out[i] = phew::make_tensor(state[i].name, state[i].shape, std::move(values));
  }
  return out;
}

bool has_one_input_and_output(const phew::Network& network) {
  int inputs = 0, outputs = 0;
  for (phew::Network::Vertex v = 0; v < network.node_count(); ++v) {
    inputs += std::holds_alternative<phew::op::Input>(network.node(v).op);
    outputs += std::holds_alternative<phew::op::Output>(network.node(v).op);
  }
  return inputs == 1 && outputs == 1;
}

/// [examples][values] in ±1.
std::vector<std::vector<double>> random_inputs(const phew::Network& network, std::size_t examples) {
  phew::test::Dice dice(99);
  const phew::Extent e = network.node(0).output;
  std::vector<std::vector<double>> out(examples);
  for (auto& example : out)
    for (std::int64_t i = 0; i < e.channels * e.positions(); ++i)
      example.push_back(static_cast<float>(2 * dice.uniform() - 1));
  return out;
}

torch::Tensor to_tensor(const std::vector<std::vector<double>>& rows) {
  torch::Tensor out = torch::empty({static_cast<std::int64_t>(rows.size()), static_cast<std::int64_t>(rows[0].size())});
  for (std::size_t r = 0; r < rows.size(); ++r)
    std::copy(rows[r].begin(), rows[r].end(), out.data_ptr<float>() + r * rows[0].size());
  return out;
}

/// The input that pytorch_parity.py computes, too.
torch::Tensor golden_input(std::vector<std::int64_t> shape) {
  torch::Tensor x = torch::empty(shape);
  for (std::int64_t i = 0; i < x.numel(); ++i)
    x.data_ptr<float>()[i] = static_cast<float>(static_cast<double>(i * 7919 % 1009) / 1009 - 0.5);
  return x;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(module)

/// Every op, alone and in company, beside loops in double.
BOOST_DATA_TEST_CASE(random_networks_compute_what_plain_loops_compute, boost::unit_test::data::xrange(120), seed) {
  const phew::Network network = phew::test::random_network(static_cast<std::uint64_t>(seed));
  if (!has_one_input_and_output(network)) return;
  BOOST_TEST_CONTEXT(phew::test::to_text(network)) {
    const auto state = random_state(network, 3);
    const auto inputs = random_inputs(network, 3);
    for (const bool training : {false, true}) {
      NetworkModule module(network, cpu);
      module.load_state(state);
      module.train(training);
      torch::Tensor out;
      {
        const bool has_dropout =
            std::ranges::any_of(boost::make_iterator_range(vertices(network.graph())),
                                [&](auto v) { return std::holds_alternative<phew::op::Dropout>(network.node(v).op); });
        if (training && has_dropout) continue;
        out = module.forward(to_tensor(inputs)).flatten(1).detach();
      }
      const auto expected = phew::test::reference_forward(network, state, inputs, training);
      double largest = 1;
      for (const auto& row : expected)
        for (const double v : row) largest = std::max(largest, std::abs(v));
      for (std::size_t r = 0; r < expected.size(); ++r)
        for (std::size_t c = 0; c < expected[r].size(); ++c)
          BOOST_TEST(std::abs(out.data_ptr<float>()[r * expected[r].size() + c] - expected[r][c]) < 2e-4 * largest);
    }
  }
}

/// A ReLU that overwrote what a gradient needs would make backward() throw.
BOOST_DATA_TEST_CASE(gradients_reach_every_trainable_tensor_on_a_path, boost::unit_test::data::xrange(60), seed) {
  const phew::Network network = phew::test::random_network(static_cast<std::uint64_t>(seed));
  if (!has_one_input_and_output(network)) return;
  NetworkModule module(network, cpu);
  module.load_state(random_state(network, 4));
  module.train(true);
  module.forward(to_tensor(random_inputs(network, 4))).sum().backward();
  std::size_t reached = 0;
  for (const torch::Tensor& t : module.trainable())
    if (t.grad().defined()) {
      ++reached;
      BOOST_TEST(torch::isfinite(t.grad()).all().item<bool>());
    }
  BOOST_TEST(reached > 0U);
}

/// x + relu(x), both ways round: the ReLU must not overwrite what another op reads.
BOOST_AUTO_TEST_CASE(a_relu_leaves_a_shared_input_alone) {
  phew::Network network("shared");
  const auto input = network.add("input", phew::op::Input{{4}});
  const auto linear = network.add("linear", phew::op::Linear{.in = 4, .out = 4}, {input});
  const auto relu = network.add("relu", phew::op::ReLU{}, {linear});
  const auto left = network.add("left", phew::op::Add{}, {linear, relu});
  const auto right = network.add("right", phew::op::Mul{}, {left, linear});
  (void)network.add("output", phew::op::Output{}, {right});
  const auto state = random_state(network, 8);
  const auto inputs = random_inputs(network, 3);
  NetworkModule module(network, cpu);
  module.load_state(state);
  const torch::Tensor out = module.forward(to_tensor(inputs)).detach();
  const auto expected = phew::test::reference_forward(network, state, inputs, false);
  for (std::size_t r = 0; r < 3; ++r)
    for (std::size_t c = 0; c < 4; ++c) BOOST_TEST(std::abs(out.data_ptr<float>()[r * 4 + c] - expected[r][c]) < 1e-5);
}

/// test/golden/forward.json holds what PyTorch computes for the same initial weights; pytorch_parity.py renews it.
BOOST_AUTO_TEST_CASE(zoo_networks_compute_what_pytorch_computed) {
  const auto golden = nlohmann::json::parse(phew::test::read_text(PHEW_SOURCE_DIR "/test/golden/forward.json"));
  BOOST_REQUIRE(golden.at("cases").size() >= 3U);
  for (const auto& example : golden.at("cases")) {
    const std::string name = example.at("network");
    const phew::Network network = phew::make_network(name);
    NetworkModule module(network, cpu);
    module.load_state(phew::initial_state(network, {}, example.at("init_seed").get<std::uint64_t>()));
    module.train(example.at("training").get<bool>());
    const torch::NoGradGuard no_grad;
    const torch::Tensor out = module.forward(golden_input(example.at("input").get<std::vector<std::int64_t>>()));
    const auto expected = example.at("output").get<std::vector<double>>();
    BOOST_REQUIRE(out.numel() == static_cast<std::int64_t>(expected.size()));
    for (std::size_t i = 0; i < expected.size(); ++i)
      BOOST_TEST(std::abs(out.data_ptr<float>()[i] - expected[i]) < 1e-5 * std::max(1.0, std::abs(expected[i])), name);
  }
}

BOOST_AUTO_TEST_CASE(the_state_is_the_networks_and_shares_the_modules_memory) {
  const phew::Network network = phew::make_network("mlp:4-3-2,bn");
  NetworkModule module(network, cpu);
  const auto state = random_state(network, 1);
  module.load_state(state);
  const auto out = module.state();
  BOOST_REQUIRE(out.size() == state.size());
  for (std::size_t i = 0; i < out.size(); ++i) {
    BOOST_TEST(out[i].name == state[i].name);
    BOOST_TEST(out[i].shape == state[i].shape);
    BOOST_TEST((out[i].dtype == state[i].dtype));
    BOOST_TEST(std::ranges::equal(out[i].bytes, state[i].bytes), out[i].name);
  }
  BOOST_TEST(static_cast<const void*>(out[0].bytes.data()) == module.weight(0).data_ptr());
  BOOST_TEST(module.trainable().size() == 6U);
}

BOOST_AUTO_TEST_CASE(training_updates_the_statistics_and_evaluation_does_not) {
  const phew::Network network = phew::make_network("mlp:4-3-2,bn");
  NetworkModule module(network, cpu);
  module.load_state(phew::initial_state(network, {}, 0));
  const auto value = [&](const char* name) {
    for (const Tensor& t : module.state())
      if (t.name == name) return phew::to_torch(t).to(torch::kDouble).sum().item<double>();
    return -1.0;
  };
  (void)module.forward(torch::rand({5, 4}));
  BOOST_TEST(value("1.running_mean") == 0);
  module.train(true);
  (void)module.forward(torch::rand({5, 4}));
  BOOST_TEST(value("1.running_mean") != 0);
  BOOST_TEST(value("1.num_batches_tracked") == 1);
}

BOOST_AUTO_TEST_CASE(a_state_that_does_not_fit_is_a_bug) {
  const phew::Network network = phew::make_network("mlp:4-3-2");
  NetworkModule module(network, cpu);
  auto state = phew::initial_state(network, {}, 0);
  std::swap(state[0], state[1]);
  BOOST_TEST(phew::test::thrown_by([&] { module.load_state(state); }).code == 70);
  state.pop_back();
  BOOST_TEST(phew::test::thrown_by([&] { module.load_state(state); }).code == 70);
}

BOOST_AUTO_TEST_CASE(tensors_go_to_libtorch_and_back_unchanged) {
  const auto t = phew::make_tensor("t", {2, 3}, {1, 2, 3, 4, 5, 6});
  const torch::Tensor there = phew::to_torch(t);
  BOOST_TEST(there.data_ptr() == static_cast<const void*>(t.bytes.data()));
  const Tensor back = phew::from_torch("back", there);
  BOOST_TEST(back.bytes.data() == t.bytes.data());
  BOOST_TEST(back.shape == t.shape);
  const Tensor transposed = phew::from_torch("back", there.t());
  BOOST_TEST(phew::float_values(transposed)[1] == 4);
  // An odd address: bytes 1 … 8 of a buffer as two floats.
  auto shifted = phew::make_tensor("t", phew::DType::u8, {9}, std::vector<std::byte>(9));
  shifted.dtype = phew::DType::f32;
  shifted.shape = {2};
  shifted.bytes = shifted.bytes.subspan(1);
  BOOST_TEST(phew::to_torch(shifted).sum().item<float>() == 0);
  BOOST_TEST(phew::to_torch(phew::make_tensor("none", {0, 3}, {})).numel() == 0);
}

BOOST_AUTO_TEST_CASE(a_network_of_two_inputs_is_refused) {
  phew::Network network("two");
  const auto a = network.add("a", phew::op::Input{{2}});
  const auto b = network.add("b", phew::op::Input{{2}});
  const auto sum = network.add("sum", phew::op::Add{}, {a, b});
  (void)network.add("out", phew::op::Output{}, {sum});
  BOOST_TEST(phew::test::thrown_by([&] { NetworkModule module(network, cpu); }).code == 69);
}

BOOST_AUTO_TEST_SUITE_END()
