#include "train/trainer.hpp"

#include "graph/initializer.hpp"
#include "graph/zoo.hpp"
#include "train/support.hpp"
#include "train/torch_tensor.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <cmath>

namespace {

using phew::test::banded_data;

const torch::Device cpu(torch::kCPU);

phew::Mask half_mask(const phew::Network& network) {
  phew::test::Dice dice(5);
  phew::Mask mask(network.parameters());
  for (std::size_t p = 0; p < mask.tensor_count(); ++p)
    for (std::int64_t r = 0; r < mask[p].rows(); ++r)
      for (std::int64_t c = 0; c < mask[p].columns(); ++c)
        if (dice.chance(0.5)) (void)mask[p].set(r, c);
  return mask;
}

/// A trainer with all that it refers to, on easy data.
struct Bench {
  phew::Network network;
  phew::RunConfig config;
  phew::Dataset data = banded_data(96, 48, 6, 3);
  phew::NetworkModule module;
  phew::Mask mask;
  phew::MaskedParameters masked;
  phew::DeviceSplit train, test;
  phew::Trainer trainer;

  Bench(const char* net, const phew::RunConfig& settings, bool use_mask = true)
      : network(phew::make_network(net)),
        config(settings),
        module(network, cpu),
        mask(half_mask(network)),
        masked(module, mask, network.parameters()),
        train(data.train, data.normalisation, 1, cpu),
        test(data.test, data.normalisation, 1, cpu),
        trainer((module.load_state(phew::initial_state(network, {}, 2)), module), use_mask ? &masked : nullptr, train,
                test, config) {}

  phew::EpochMetrics epoch(std::int64_t number) { return trainer.run_epoch(number, {}).value(); }
};

phew::RunConfig settings(const std::string& optimizer) {
  phew::RunConfig c;
  c.optimizer = optimizer;
  c.batch_size = 16;
  c.epochs = 6;
  c.lr = optimizer == "adam" ? 1e-2 : 0.05;
  c.momentum = 0.9;
  c.nesterov = optimizer == "sgd";
  c.weight_decay = 1e-2;
  return c;
}

std::int64_t pruned_and_not_zero(const Bench& bench) {
  std::int64_t count = 0;
  for (std::size_t p = 0; p < bench.network.parameters().size(); ++p) {
    const float* w = bench.module.weight(p).data_ptr<float>();
    const auto& bits = bench.mask[p];
    for (std::int64_t r = 0; r < bits.rows(); ++r)
      for (std::int64_t c = 0; c < bits.columns(); ++c, ++w) count += !bits.test(r, c) && *w != 0;
  }
  return count;
}

std::int64_t nonzeros(const phew::NetworkModule& module, std::size_t parameter) {
  return module.weight(parameter).ne(0).sum().item<std::int64_t>();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(trainer)

BOOST_DATA_TEST_CASE(pruned_weights_stay_zero_and_kept_ones_learn, boost::unit_test::data::make({"sgd", "adam"}),
                     optimizer) {
  Bench bench("mlp:36-24-3", settings(optimizer));
  const torch::Tensor before = bench.module.weight(0).detach().clone();
  for (int epoch = 1; epoch <= 6; ++epoch) {
    (void)bench.epoch(epoch);
    BOOST_TEST(pruned_and_not_zero(bench) == 0);
  }
  // Kept weights are as many as before: none was caught by the mask by mistake.
  BOOST_TEST(nonzeros(bench.module, 0) == bench.mask[0].count());
  BOOST_TEST(nonzeros(bench.module, 1) == bench.mask[1].count());
  BOOST_TEST(before.ne(bench.module.weight(0)).sum().item<std::int64_t>() == bench.mask[0].count());
  for (const torch::Tensor& t : bench.module.trainable()) {
    BOOST_REQUIRE(t.grad().defined());
    BOOST_TEST(torch::isfinite(t.grad()).all().item<bool>());
  }
}

/// What the pruned weights' own gradients do to their moments must not reach the kept ones: training with a mask
/// equals training with the pruned weights' gradients zeroed and no weights touched.
BOOST_DATA_TEST_CASE(kept_weights_do_not_feel_the_pruned_ones, boost::unit_test::data::make({"sgd", "adam"}),
                     optimizer) {
  Bench masked("mlp:36-24-3", settings(optimizer));
  Bench frozen("mlp:36-24-3", settings(optimizer), false);
  frozen.masked.apply();
  torch::Tensor kept[2];
  for (std::size_t p = 0; p < 2; ++p) {
    kept[p] = frozen.module.weight(p).ne(0).to(torch::kFloat);
    frozen.module.weight(p).register_hook([mask = kept[p]](const torch::Tensor& grad) { return grad * mask; });
  }
  for (int epoch = 1; epoch <= 2; ++epoch) {
    (void)masked.epoch(epoch);
    (void)frozen.epoch(epoch);
  }
  for (std::size_t p = 0; p < 2; ++p) BOOST_TEST(torch::equal(masked.module.weight(p), frozen.module.weight(p)));
}

BOOST_AUTO_TEST_CASE(a_pruned_weight_that_moves_is_found) {
  Bench bench("mlp:36-24-3", settings("sgd"));
  bench.masked.apply();
  bench.masked.check();
  {
    const torch::NoGradGuard no_grad;
    std::int64_t column = 0;
    while (bench.mask[1].test(1, column)) ++column;
    bench.module.weight(1)[1][column] = 1e-30F;
  }
  const auto thrown = phew::test::thrown_by([&] { bench.masked.check(); });
  BOOST_TEST(thrown.code == 70);
  BOOST_TEST(thrown.mentions("2.weight"));
}

BOOST_DATA_TEST_CASE(easy_data_is_learned, boost::unit_test::data::make({"cross-entropy", "mse"}), loss) {
  phew::RunConfig c = settings("adam");
  c.loss = loss;
  Bench bench("mlp:36-24-3", c);
  const phew::EpochMetrics first = bench.epoch(1);
  phew::EpochMetrics last;
  for (int epoch = 2; epoch <= 6; ++epoch) last = bench.epoch(epoch);
  BOOST_TEST(last.train_loss < first.train_loss / 2);
  BOOST_TEST(last.test_loss < first.test_loss);
  BOOST_TEST(last.test_accuracy.value() > 0.9);
  BOOST_TEST(last.images_per_second > 0);
}

BOOST_AUTO_TEST_CASE(a_convolutional_network_learns_under_a_mask) {
  Bench bench("resnet20,input=1x6x6,classes=3", settings("sgd"));
  const double before = phew::evaluate(bench.module, bench.test, "cross-entropy").loss;
  for (int epoch = 1; epoch <= 4; ++epoch) (void)bench.epoch(epoch);
  BOOST_TEST(pruned_and_not_zero(bench) == 0);
  BOOST_TEST(phew::evaluate(bench.module, bench.test, "cross-entropy").loss < before);
}

BOOST_AUTO_TEST_CASE(the_learning_rate_follows_the_schedule) {
  phew::RunConfig c = settings("sgd");
  c.schedule = "multistep:1:0.5";
  Bench bench("mlp:36-24-3", c);
  BOOST_TEST(bench.epoch(1).learning_rate == 0.05);
  BOOST_TEST(bench.epoch(2).learning_rate == 0.025);
  // The optimizer has it, too: a rate of almost nothing changes almost nothing.
  c.schedule = "step:1:1e-9";
  Bench frozen("mlp:36-24-3", c);
  (void)frozen.epoch(1);
  const torch::Tensor before = frozen.module.weight(0).detach().clone();
  (void)frozen.epoch(2);
  BOOST_TEST((before - frozen.module.weight(0)).abs().max().item<float>() < 1e-6);
}

BOOST_AUTO_TEST_CASE(a_loss_that_is_not_finite_ends_training) {
  phew::RunConfig c = settings("sgd");
  c.lr = 1e30;
  Bench bench("mlp:36-24-3", c);
  const auto thrown = phew::test::thrown_by([&] { (void)bench.epoch(1); });
  BOOST_TEST(thrown.code == 65);
  BOOST_TEST(thrown.mentions("epoch 1: the training loss became"));
}

BOOST_AUTO_TEST_CASE(training_stops_when_told_to) {
  Bench bench("mlp:36-24-3", settings("sgd"));
  int steps = 0;
  phew::RunObserver observer;
  observer.stop = [&] { return ++steps == 3; };
  BOOST_TEST(!bench.trainer.run_epoch(1, observer).has_value());
  BOOST_TEST(steps == 3);
}

/// Loss and accuracy of outputs worked out by hand: logits (0, log 3) give probabilities ¼ and ¾.
BOOST_AUTO_TEST_CASE(losses_are_means_over_examples) {
  const float log3 = std::log(3.0F);
  const torch::Tensor outputs = torch::tensor({{0.0F, log3}, {0.0F, log3}});
  const torch::Tensor y = torch::tensor({std::int64_t{1}, std::int64_t{0}}, torch::kLong);
  const double expected = (-std::log(0.75) - std::log(0.25)) / 2;
  BOOST_TEST(phew::loss_of("cross-entropy", outputs, y).item<double>() == expected, boost::test_tools::tolerance(1e-6));
  const double squares = (0 + (log3 - 1) * (log3 - 1) + 1 + log3 * log3) / 4;
  BOOST_TEST(phew::loss_of("mse", outputs, y).item<double>() == squares, boost::test_tools::tolerance(1e-6));
}

BOOST_AUTO_TEST_CASE(batches_are_normalised_and_channels_repeated) {
  const phew::Dataset data = banded_data(20, 4, 6, 3);
  const phew::DeviceSplit split(data.train, data.normalisation, 3, cpu);
  const torch::Tensor indices = torch::tensor({std::int64_t{7}, std::int64_t{0}}, torch::kLong);
  const phew::Batch batch = split.gather(indices);
  BOOST_TEST(batch.x.sizes().vec() == (std::vector<std::int64_t>{2, 3, 6, 6}));
  const auto raw = static_cast<double>(std::to_integer<int>(data.train.x.bytes[7 * 36 + 13]));
  const double expected = (raw - data.normalisation.mean[0]) / data.normalisation.deviation[0];
  for (int channel = 0; channel < 3; ++channel)
    BOOST_TEST(batch.x[0][channel][2][1].item<double>() == expected, boost::test_tools::tolerance(1e-5));
  BOOST_TEST(batch.y[1].item<std::int64_t>() == phew::to_torch(data.train.y)[0].item<std::int64_t>());
  const phew::Batch slice = split.slice(7, 8);
  BOOST_TEST(torch::equal(slice.x[0], batch.x[0]));
  // All pixels together have mean 0 and deviation 1.
  const torch::Tensor all = split.slice(0, 20).x;
  BOOST_TEST(std::abs(all.mean().item<double>()) < 1e-5);
  BOOST_TEST(all.std(false).item<double>() == 1, boost::test_tools::tolerance(1e-4));
}

BOOST_AUTO_TEST_SUITE_END()
