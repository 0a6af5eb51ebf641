// Scores by automatic differentiation: of data (gradient_scores) and of synaptic flow (flow_scores), and what
// ticket_scores makes of them.
#include "train/gradient_scores.hpp"

#include "graph/initializer.hpp"
#include "graph/io/weights_file.hpp"
#include "graph/score.hpp"
#include "graph/zoo.hpp"
#include "train/flow_scores.hpp"
#include "train/masked_parameters.hpp"
#include "train/support.hpp"
#include "train/ticket_scores.hpp"
#include "train/torch_tensor.hpp"
#include "walks/synflow.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <set>

namespace {

using phew::Network;
using phew::ScoreConfig;
using phew::ScoreMethod;
using phew::Tensor;
using phew::test::thrown_by;
using Tensors = std::vector<torch::Tensor>;
namespace data = boost::unit_test::data;

const torch::Device cpu(torch::kCPU);
const phew::Machine machine{"cpu", 1, "test"};
const auto data_methods = data::make({"gradient", "snip", "grasp"});

/// A method's settings, by its name.
ScoreConfig by(const std::string& name, std::int64_t batch_size = 0) {
  return {.method = phew::find_score(name).method, .batch_size = batch_size};
}

/// The largest difference, relative to the tensor's largest value.
double difference(const torch::Tensor& found, const torch::Tensor& expected) {
  return (found.to(torch::kDouble) - expected.to(torch::kDouble)).abs().max().item<double>() /
         expected.abs().max().item<double>();
}
double difference(const Tensors& found, const Tensors& expected) {
  double most = 0;
  for (std::size_t p = 0; p < expected.size(); ++p) most = std::max(most, difference(found[p], expected[p]));
  return most;
}

phew::Examples examples_of(torch::Tensor x, torch::Tensor y) {
  return {x.size(0), [x = std::move(x), y = std::move(y)](std::int64_t first, std::int64_t last) {
            return phew::Batch{x.slice(0, first, last), y.slice(0, first, last)};
          }};
}

phew::Mask random_mask(const Network& network, double density) {
  phew::test::Dice dice(5);
  phew::Mask mask(network.parameters());
  for (std::size_t p = 0; p < mask.tensor_count(); ++p)
    for (std::int64_t r = 0; r < mask[p].rows(); ++r)
      for (std::int64_t c = 0; c < mask[p].columns(); ++c)
        if (dice.chance(density)) (void)mask[p].set(r, c);
  return mask;
}

/// Initial weights, and batch-norm statistics and biases of their own.
std::vector<Tensor> uneven_state(const Network& network) {
  phew::test::Dice dice(9);
  std::vector<Tensor> out = phew::initial_state(network, {}, 3);
  const auto state = network.state();
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (state[i].role == phew::StateRole::weight || state[i].role == phew::StateRole::batches_tracked) continue;
    std::vector<float> values;
    for (std::int64_t k = 0; k < phew::element_count(state[i].shape); ++k)
      values.push_back(static_cast<float>(0.3 + dice.uniform()));
    out[i] = phew::make_tensor(state[i].name, state[i].shape, std::move(values));
  }
  return out;
}

/// A module in double precision, masked or not, with examples for it.
struct Bench {
  Network network;
  phew::NetworkModule module;
  Tensors pruned;
  phew::Examples examples;

  Bench(const char* net, phew::Extent extent, std::int64_t classes, double density = 1,
        torch::ScalarType type = torch::kDouble)
      : network(phew::make_network(net)), module(network, cpu, false, type) {
    module.load_state(uneven_state(network));
    torch::manual_seed(1);
    // Drawn in double precision: the same examples for both types.
    const torch::Tensor x = torch::randn({16, extent.channels, extent.height, extent.width}, torch::kDouble);
    examples = examples_of(x.to(type), torch::randint(classes, {16}, torch::kLong));
    if (density == 1) return;
    const phew::Mask mask = random_mask(network, density);
    phew::MaskedParameters(module, mask, network.parameters()).apply();
    for (std::size_t p = 0; p < mask.tensor_count(); ++p)
      pruned.push_back(phew::pruned_positions(mask[p], network.parameters()[p].shape));
  }

  Tensors scores(const ScoreConfig& config) {
    return phew::gradient_scores(module, pruned, examples, config, {}).value();
  }
};
Bench resnet(double density = 1) { return {"resnet20,input=1x6x6,classes=3", {1, 6, 6}, 3, density}; }

/// Conv(3→4, 3×3, pad 1)–ReLU–Conv(4→5, 3×3, stride 2, pad 1)–ReLU–Flatten–Linear(80→3), no biases.
Network oracle_network() {
  Network network("oracle");
  auto v = network.add("input", phew::op::Input{{3, 8, 8}});
  v = network.add("c1", phew::op::Conv2d{.in = 3, .out = 4, .kernel = {3, 3}, .padding = {1, 1}}, {v});
  v = network.add("r1", phew::op::ReLU{}, {v});
  v = network.add("c2", phew::op::Conv2d{.in = 4, .out = 5, .kernel = {3, 3}, .stride = {2, 2}, .padding = {1, 1}},
                  {v});
  v = network.add("r2", phew::op::ReLU{}, {v});
  v = network.add("flat", phew::op::Flatten{}, {v});
  v = network.add("fc", phew::op::Linear{.in = 80, .out = 3, .bias = false}, {v});
  network.add("output", phew::op::Output{}, {v});
  return network;
}

struct Oracle {
  phew::TensorFile file = phew::read_tensor_file(PHEW_SOURCE_DIR "/data/oracle/scores_smallconv.npz");
  Network network = oracle_network();

  [[nodiscard]] Tensors of(const std::string& kind) const {
    Tensors out;
    for (const auto& p : network.parameters()) out.push_back(phew::to_torch(*file.find(kind + "__" + p.name)));
    return out;
  }
  [[nodiscard]] std::vector<Tensor> state() const {
    std::vector<Tensor> out;
    for (const auto& p : network.parameters()) {
      out.push_back(*file.find("w__" + p.name));
      out.back().name = p.name;
    }
    return out;
  }
};

std::string bytes_of(const phew::NetworkModule& module) {
  std::string out;
  for (const Tensor& t : module.state()) out.append(reinterpret_cast<const char*>(t.bytes.data()), t.bytes.size());
  return out;
}

/// Scores of a flow, as keep_top reads them.
phew::Weights as_weights(const Network& network, const Tensors& scores) {
  std::vector<Tensor> tensors;
  for (std::size_t p = 0; p < scores.size(); ++p)
    tensors.push_back(phew::from_torch(network.parameters()[p].name, scores[p].to(torch::kFloat)));
  return {network.parameters(), std::move(tensors)};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(gradient_scores)

BOOST_AUTO_TEST_CASE(scores_are_those_of_an_independent_program) {
  const Oracle oracle;
  phew::NetworkModule module(oracle.network, cpu, false, torch::kDouble);
  module.load_state(oracle.state());
  const auto examples = examples_of(phew::to_torch(*oracle.file.find("batch_x")).to(torch::kDouble),
                                    phew::to_torch(*oracle.file.find("batch_y")));
  for (const auto& [method, name] : {std::pair{ScoreMethod::snip, "snip"}, {ScoreMethod::grasp, "grasp"}})
    for (const std::int64_t batch : {0, 16, 5, 1}) {
      const auto found = phew::gradient_scores(module, {}, examples, {.method = method, .batch_size = batch}, {});
      BOOST_TEST(difference(*found, oracle.of(name)) < 1e-9, name << ", batches of " << batch);
    }
  phew::FlowScores flow(oracle.network, oracle.state(), nullptr, ScoreMethod::synflow, torch::kDouble, cpu);
  BOOST_TEST(difference(flow.scores(), oracle.of("synflow")) < 1e-9);
}

/// With running statistics an example does not know which others are in its batch.
BOOST_DATA_TEST_CASE(batches_of_any_size_give_the_scores_of_the_whole, data_methods, method) {
  Bench bench = resnet();
  const Tensors whole = bench.scores(by(method));
  for (const std::int64_t batch : {1, 3, 7, 15}) BOOST_TEST(difference(bench.scores(by(method, batch)), whole) < 1e-9);
  Bench single("resnet20,input=1x6x6,classes=3", {1, 6, 6}, 3, 1, torch::kFloat);
  BOOST_TEST(difference(single.scores(by(method, 5)), whole) < 1e-3);
}

BOOST_DATA_TEST_CASE(the_batchs_own_statistics_depend_on_the_batch, data_methods, method) {
  Bench bench = resnet();
  const Tensors running = bench.scores(by(method));
  bench.module.use_batch_statistics(true);
  const Tensors whole = bench.scores(by(method));
  BOOST_TEST(difference(whole, running) > 1e-3);
  BOOST_TEST(difference(bench.scores(by(method, 4)), whole) > 1e-3);
}

BOOST_DATA_TEST_CASE(no_weight_and_no_statistic_changes, data_methods, method) {
  for (const bool batch_statistics : {false, true}) {
    Bench bench = resnet(0.5);
    bench.module.use_batch_statistics(batch_statistics);
    const std::string before = bytes_of(bench.module);
    (void)bench.scores(by(method, 5));
    BOOST_TEST((bytes_of(bench.module) == before));
    for (const torch::Tensor& t : bench.module.trainable()) BOOST_TEST(!t.grad().defined());
  }
}

/// g(w ± εg) by the gradients that another method gives, far from the kinks of a ReLU.
void check_grasp(double density) {
  Bench bench("mlp:12-16-3", {12, 1, 1}, 3, density);
  const ScoreConfig grasp{.method = ScoreMethod::grasp, .temperature = 2};
  const auto gradient = [&] {
    const phew::Batch all = bench.examples.batch(0, bench.examples.count);
    Tensors weights{bench.module.weight(0), bench.module.weight(1)};
    const torch::Tensor outputs = bench.module.forward(all.x) / grasp.temperature;
    for (torch::Tensor& w : weights) w.mutable_grad() = torch::Tensor();
    torch::cross_entropy_loss(outputs, all.y).backward();
    for (std::size_t p = 0; p < weights.size(); ++p) {
      weights[p] = weights[p].grad().clone();
      if (!bench.pruned.empty()) weights[p].masked_fill_(bench.pruned[p], 0);
    }
    return weights;
  };
  const auto move = [&](const Tensors& direction, double by) {
    const torch::NoGradGuard no_grad;
    for (std::size_t p = 0; p < 2; ++p) torch::Tensor(bench.module.weight(p)).add_(direction[p], by);
  };
  const double step = 1e-5;
  const Tensors g = gradient();
  move(g, step);
  const Tensors ahead = gradient();
  move(g, -2 * step);
  const Tensors behind = gradient();
  move(g, step);
  Tensors expected;
  double sum = 0;
  for (std::size_t p = 0; p < 2; ++p) {
    expected.push_back((ahead[p] - behind[p]) / (2 * step) * bench.module.weight(p).detach());
    sum += expected[p].sum().item<double>();
  }
  Tensors found = bench.scores(grasp);
  for (std::size_t p = 0; p < 2; ++p) {
    if (density < 1) {
      BOOST_TEST((found[p].masked_select(bench.pruned[p]) < found[p].masked_select(~bench.pruned[p]).min())
                     .all()
                     .item<bool>());
      found[p] = found[p].masked_fill(bench.pruned[p], 0);
    }
    BOOST_TEST(difference(found[p], expected[p] / (std::abs(sum) + 1e-10)) < 1e-6);
  }
}

BOOST_DATA_TEST_CASE(grasp_is_the_change_of_the_gradient_along_itself, data::make({1.0, 0.6}), density) {
  check_grasp(density);
}

BOOST_AUTO_TEST_CASE(snip_is_the_gradient_times_the_weight_in_shares) {
  for (const double density : {1.0, 0.4}) {
    Bench bench = resnet(density);
    const Tensors gradient = bench.scores({.method = ScoreMethod::gradient}), snip = bench.scores({});
    double sum = 0, products = 0;
    for (std::size_t p = 0; p < snip.size(); ++p) {
      sum += snip[p].sum().item<double>();
      products += (gradient[p] * bench.module.weight(p).detach().abs()).sum().item<double>();
      if (density < 1) BOOST_TEST(gradient[p].masked_select(bench.pruned[p]).eq(0).all().item<bool>());
    }
    BOOST_TEST(sum == 1, boost::test_tools::tolerance(1e-12));
    for (std::size_t p = 0; p < snip.size(); ++p)
      BOOST_TEST(difference(snip[p] * products, gradient[p] * bench.module.weight(p).detach().abs()) < 1e-9);
  }
}

BOOST_AUTO_TEST_CASE(a_stop_ends_scoring) {
  Bench bench = resnet();
  int asked = 0;
  const phew::ScoreObserver observer{{}, [&] { return ++asked == 3; }};
  const ScoreConfig config{.method = ScoreMethod::grasp, .batch_size = 8};
  BOOST_TEST(!phew::gradient_scores(bench.module, {}, bench.examples, config, observer).has_value());
  BOOST_TEST(asked == 3);
}

BOOST_AUTO_TEST_CASE(weights_that_no_gradient_reaches_are_an_error) {
  Bench bench("mlp:12-16-3", {12, 1, 1}, 3);
  bench.module.load_state(std::vector<Tensor>([&] {
    auto state = phew::initial_state(bench.network, {}, 0);
    for (Tensor& t : state)
      t = phew::make_tensor(t.name, t.shape,
                            std::vector<float>(static_cast<std::size_t>(phew::element_count(t.shape))));
    return state;
  }()));
  BOOST_TEST(thrown_by([&] { (void)bench.scores({}); }).code == 65);
}

/// Where every kernel is used once per example, the flow of the module is that of the graph.
BOOST_AUTO_TEST_CASE(on_dense_networks_the_flow_is_that_of_the_graph) {
  for (const auto& [method, value] : {std::pair{ScoreMethod::synflow, phew::PathValue::magnitude},
                                      {ScoreMethod::synflow_l2, phew::PathValue::square}}) {
    const Network network = phew::make_network("mlp:20-30-25-8");
    const phew::LayeredGraph graph(network, phew::initial_weights(network, {}, 4, 1));
    for (const std::int64_t rounds : {1, 7}) {
      const ScoreConfig config{.method = method, .double_precision = true, .rounds = rounds, .density = 0.1};
      const auto found = phew::flow_scores(network, phew::initial_state(network, {}, 4), nullptr, config, cpu, {});
      const std::int64_t target = network.prunable() / 10;
      const phew::Mask mask =
          phew::keep_top(network.parameters(), as_weights(network, *found), target, phew::Scope::global);
      const phew::SynflowOptions options{.value = value, .rounds = rounds};
      BOOST_TEST((mask == phew::synflow_masks(graph, std::array{target}, options).front()));
    }
  }
}

/// Each round by keep_top instead of the pruning in place; and the last scores keep what the last round keeps.
BOOST_DATA_TEST_CASE(rounds_prune_what_keep_top_would, data::make({"fp32", "fp64"}), precision) {
  const bool exact = std::string(precision) == "fp64";
  const Network network = phew::make_network("resnet20,input=1x6x6,classes=3");
  const auto state = uneven_state(network);
  const auto type = exact ? torch::kDouble : torch::kFloat;
  phew::Mask mask = random_mask(network, 0.9);
  const phew::Mask start = mask;
  const std::int64_t target = network.prunable() / 50;
  constexpr std::int64_t rounds = 4;
  phew::FlowScores flow(network, state, &start, ScoreMethod::synflow, type, cpu);
  BOOST_TEST(flow.survivors() == mask.kept());
  for (std::int64_t k = 1; k <= rounds; ++k) {
    const std::int64_t left = phew::left_after(k, rounds, start.kept(), target, phew::PruningSchedule::exponential);
    phew::FlowScores once(network, state, &mask, ScoreMethod::synflow, type, cpu);
    mask = phew::keep_top(network.parameters(), as_weights(network, once.scores()), left, phew::Scope::global);
    if (k == rounds) break;
    flow.prune_to(left);
    for (std::size_t p = 0; p < mask.tensor_count(); ++p)
      BOOST_TEST(flow.scores()[p].ne(0).sum().item<std::int64_t>() <= mask[p].count());
  }
  const ScoreConfig config{.method = ScoreMethod::synflow,
                           .double_precision = exact,
                           .rounds = rounds,
                           .density = static_cast<double>(target) / static_cast<double>(network.prunable())};
  const auto scores = phew::flow_scores(network, state, &start, config, cpu, {});
  BOOST_TEST((phew::keep_top(network.parameters(), as_weights(network, *scores), target, phew::Scope::global) == mask));
}

BOOST_AUTO_TEST_CASE(a_flow_beyond_float_needs_double) {
  const phew::Ticket ticket{
      phew::make_network("mlp:64x30"),
      phew::initial_state(phew::make_network("mlp:64x30"), {.kind = phew::Initializer::Kind::normal, .std = 1}, 0),
      {}};
  ScoreConfig config{.method = ScoreMethod::synflow, .rounds = 1};
  const auto single = thrown_by([&] { (void)phew::score_ticket(ticket, nullptr, config, machine, {}); });
  BOOST_TEST(single.code == 65);
  BOOST_TEST(single.mentions("--precision fp64"));
  config.double_precision = true;
  const auto scores = phew::score_ticket(ticket, nullptr, config, machine, {});
  BOOST_TEST(scores->exponent > 0);
  double largest = 0;
  for (const Tensor& t : scores->scores) largest = std::max(largest, phew::to_torch(t).max().item<double>());
  BOOST_TEST(largest >= 0x1p100);
  BOOST_TEST(largest < 0x1p101);
}

BOOST_AUTO_TEST_CASE(samples_are_so_many_of_each_class) {
  phew::Dataset bands = phew::test::banded_data(300, 3, 6, 3);
  std::vector<std::int64_t> labels(300);
  std::memcpy(labels.data(), bands.train.y.bytes.data(), bands.train.y.bytes.size());
  const auto chosen = phew::choose_samples(bands, 20, 0);
  std::array<int, 3> counts{};
  for (const std::int64_t i : chosen) ++counts[static_cast<std::size_t>(labels[static_cast<std::size_t>(i)])];
  BOOST_TEST(counts == (std::array{20, 20, 20}), boost::test_tools::per_element());
  BOOST_TEST(std::set(chosen.begin(), chosen.end()).size() == 60U);
  BOOST_TEST((chosen == phew::choose_samples(bands, 20, 0)));
  BOOST_TEST((chosen != phew::choose_samples(bands, 20, 1)));
  BOOST_TEST(phew::choose_samples(bands, 0, 0).size() == 300U);
  bands.classes = 4;
  const auto lacking = thrown_by([&] { (void)phew::choose_samples(bands, 20, 0); });
  BOOST_TEST(lacking.code == 65);
  BOOST_TEST(lacking.mentions("found 0 examples of class 3, expected 20"));
  // A regression: by the classes that its examples have, or else so many in all.
  bands.classes = 0;
  bands.train.classes = bands.train.y;
  bands.train.y = phew::make_tensor("y", {300, 1}, std::vector<float>(300));
  BOOST_TEST((phew::choose_samples(bands, 20, 0) == chosen));
  bands.train.classes = {};
  BOOST_TEST(phew::choose_samples(bands, 20, 0).size() == 20U);
}

BOOST_AUTO_TEST_CASE(a_ticket_is_scored_by_its_data) {
  const Network network = phew::make_network("resnet20,input=1x6x6,classes=3");
  const phew::Dataset bands = phew::test::banded_data(96, 48, 6, 3);
  phew::Ticket ticket{network, uneven_state(network), random_mask(network, 0.3)};
  ScoreConfig config{.samples_per_class = 5, .batch_size = 4};
  const auto scores = phew::score_ticket(ticket, &bands, config, machine, {});
  BOOST_TEST(scores->samples == 15);
  BOOST_TEST(scores->scores.size() == network.parameters().size());
  BOOST_TEST(scores->scores.front().name == "conv1.weight");
  BOOST_TEST((scores->scores.front().dtype == phew::DType::f32));
  config.batch_statistics = true;
  const auto split = thrown_by([&] { (void)phew::score_ticket(ticket, &bands, config, machine, {}); });
  BOOST_TEST(split.code == 64);
  BOOST_TEST(split.mentions("--allow-split"));
  config.allow_split = true;
  BOOST_TEST(phew::score_ticket(ticket, &bands, config, machine, {}).has_value());
}

BOOST_AUTO_TEST_SUITE_END()
