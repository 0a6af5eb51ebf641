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

  Bench(const std::string& net, const phew::RunConfig& settings, bool use_mask = true)
      : network(phew::make_network(net)),
        config(settings),
        module(network, cpu, settings.channels_last),
        mask(half_mask(network)),
        masked(module, mask, network.parameters()),
        train(data.train, data.normalisation, 1, cpu),
        test(data.test, data.normalisation, 1, cpu),
        trainer((module.load_state(phew::initial_state(network, {}, 2)), module), use_mask ? &masked : nullptr, train,
                test, config) {}

  phew::EpochMetrics epoch() { return trainer.run_epoch({}).value(); }
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
    (void)bench.epoch();
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
    (void)masked.epoch();
    (void)frozen.epoch();
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
  const phew::EpochMetrics first = bench.epoch();
  phew::EpochMetrics last;
  for (int epoch = 2; epoch <= 6; ++epoch) last = bench.epoch();
  BOOST_TEST(last.train_loss < first.train_loss / 2);
  BOOST_TEST(last.test_loss < first.test_loss);
  BOOST_TEST(last.test_accuracy.value() > 0.9);
  BOOST_TEST(last.train_accuracy.value() > 0.9);
  BOOST_TEST(last.train_accuracy.value() > first.train_accuracy.value());
  BOOST_TEST(last.images_per_second > 0);
}

BOOST_AUTO_TEST_CASE(a_convolutional_network_learns_under_a_mask) {
  Bench bench("resnet20,input=1x6x6,classes=3", settings("sgd"));
  const double before = phew::evaluate(bench.module, bench.test, "cross-entropy").loss;
  for (int epoch = 1; epoch <= 4; ++epoch) (void)bench.epoch();
  BOOST_TEST(pruned_and_not_zero(bench) == 0);
  BOOST_TEST(phew::evaluate(bench.module, bench.test, "cross-entropy").loss < before);
}

BOOST_AUTO_TEST_CASE(the_learning_rate_follows_the_schedule) {
  phew::RunConfig c = settings("sgd");
  c.schedule = "multistep:1:0.5";
  Bench bench("mlp:36-24-3", c);
  BOOST_TEST(bench.epoch().learning_rate == 0.05);
  BOOST_TEST(bench.epoch().learning_rate == 0.025);
  // The optimizer has it, too: a rate of almost nothing changes almost nothing.
  c.schedule = "step:1:1e-9";
  Bench frozen("mlp:36-24-3", c);
  (void)frozen.epoch();
  const torch::Tensor before = frozen.module.weight(0).detach().clone();
  (void)frozen.epoch();
  BOOST_TEST((before - frozen.module.weight(0)).abs().max().item<float>() < 1e-6);
}

BOOST_AUTO_TEST_CASE(a_loss_that_is_not_finite_ends_training) {
  phew::RunConfig c = settings("sgd");
  c.lr = 1e30;
  Bench bench("mlp:36-24-3", c);
  const auto thrown = phew::test::thrown_by([&] { (void)bench.epoch(); });
  BOOST_TEST(thrown.code == 65);
  BOOST_TEST(thrown.mentions("epoch 1: the training loss became"));
}

/// All of a module's tensors, and the optimizer's, as bytes.
std::vector<std::byte> bytes_of(const phew::Trainer& trainer) {
  const phew::Checkpoint all = trainer.checkpoint();
  std::vector<std::byte> bytes;
  for (const auto* tensors : {&all.state, &all.moments})
    for (const phew::Tensor& t : *tensors) bytes.insert(bytes.end(), t.bytes.begin(), t.bytes.end());
  return bytes;
}

/// Values that later steps do not change.
phew::Checkpoint copy_of(phew::Checkpoint checkpoint) {
  for (auto* tensors : {&checkpoint.state, &checkpoint.moments})
    for (phew::Tensor& t : *tensors)
      t = phew::make_tensor(t.name, t.dtype, t.shape, std::vector<std::byte>(t.bytes.begin(), t.bytes.end()));
  return checkpoint;
}

/// Whatever the step, the optimizer and the network (dropout draws, batch-norm keeps statistics), training that goes on
/// from a checkpoint gives the bits of training that never stopped.
BOOST_DATA_TEST_CASE(training_goes_on_from_any_step_with_the_same_bits,
                     boost::unit_test::data::make({"sgd", "adam"}) *
                         boost::unit_test::data::make({"mlp:36-24-3,bn", "resnet20,input=1x6x6,classes=3"}) *
                         boost::unit_test::data::make({1, 5, 6, 7}),
                     optimizer, net, stop_after) {
  phew::RunConfig c = settings(optimizer);
  c.epochs = 2;
  c.warmup = 1;
  c.schedule = "exponential:0.5";
  Bench whole(net, c);
  (void)whole.epoch();
  const phew::EpochMetrics expected = whole.epoch();
  BOOST_TEST(whole.trainer.finished());

  Bench first(net, c);
  int steps = 0;
  phew::RunObserver observer;
  observer.stop = [&] { return ++steps == stop_after; };
  while (steps < stop_after) (void)first.trainer.run_epoch(observer);
  const phew::Checkpoint checkpoint = copy_of(first.trainer.checkpoint());

  Bench second(net, c);
  second.trainer.resume(checkpoint);
  BOOST_TEST(second.trainer.steps() == stop_after);
  phew::EpochMetrics last;
  while (!second.trainer.finished()) last = second.epoch();
  BOOST_TEST((bytes_of(second.trainer) == bytes_of(whole.trainer)));
  BOOST_TEST(last.train_loss == expected.train_loss);
  BOOST_TEST(last.train_accuracy.value() == expected.train_accuracy.value());
  BOOST_TEST(last.test_loss == expected.test_loss);
  BOOST_TEST(last.learning_rate == expected.learning_rate);
}

BOOST_AUTO_TEST_CASE(a_checkpoint_of_another_optimizer_or_network_is_refused) {
  Bench sgd("mlp:36-24-3", settings("sgd")), adam("mlp:36-24-3", settings("adam")),
      other("mlp:36-9-3", settings("sgd"));
  const auto thrown = phew::test::thrown_by([&] { adam.trainer.resume(sgd.trainer.checkpoint()); });
  BOOST_TEST(thrown.code == 65);
  BOOST_TEST(thrown.mentions("mean/0.weight"));
  BOOST_TEST(phew::test::thrown_by([&] { other.trainer.resume(sgd.trainer.checkpoint()); }).code != 0);
}

/// Skipping k steps is starting at step k: the data order, the schedule and the warm-up are those of a run from 0.
BOOST_AUTO_TEST_CASE(a_run_from_step_k_takes_the_steps_from_k_on) {
  phew::RunConfig c = settings("sgd");
  c.momentum = 0;  // no moments to carry over
  c.nesterov = false;
  c.epochs = 2;
  c.warmup = 2;
  Bench whole("mlp:36-24-3", c);
  int steps = 0;
  phew::RunObserver observer;
  observer.stop = [&] { return ++steps == 4; };
  (void)whole.trainer.run_epoch(observer);
  const phew::Checkpoint at_four = copy_of(whole.trainer.checkpoint());
  while (!whole.trainer.finished()) (void)whole.epoch();

  c.first_step = 4;
  Bench later("mlp:36-24-3", c);
  later.module.load_state(at_four.state);
  BOOST_TEST(later.trainer.steps() == 4);
  while (!later.trainer.finished()) (void)later.epoch();
  BOOST_TEST((bytes_of(later.trainer) == bytes_of(whole.trainer)));
}

/// The norm over a few batches, worked out by LibTorch from the masked network's gradients.
BOOST_AUTO_TEST_CASE(the_gradient_norm_is_that_of_the_kept_weights) {
  phew::RunConfig c = settings("sgd");
  c.batch_size = 96;
  Bench bench("mlp:36-24-3", c);
  const double norm = bench.trainer.gradient_norm();
  const phew::Batch all = bench.train.slice(0, 96);
  phew::loss_of("cross-entropy", bench.module.forward(all.x), all.y).backward();
  double squares = 0;
  for (std::size_t p = 0; p < 2; ++p) {
    const torch::Tensor gradient =
        bench.module.weight(p).grad().masked_fill(bench.masked.positions(bench.module.weight(p)), 0);
    squares += gradient.square().sum().item<double>();
  }
  BOOST_TEST(norm == std::sqrt(squares), boost::test_tools::tolerance(1e-5));
  BOOST_TEST(norm > 0);
}

/// Another order in memory, the same numbers but for rounding.
BOOST_AUTO_TEST_CASE(channels_last_trains_the_same_network) {
  phew::RunConfig c = settings("sgd");
  c.epochs = 1;
  const char* net = "resnet20,input=1x6x6,classes=3";
  Bench plain(net, c);
  const double expected = plain.epoch().train_loss;
  c.channels_last = true;
  Bench last(net, c);
  BOOST_TEST(last.module.weight(1).is_contiguous(torch::MemoryFormat::ChannelsLast));
  BOOST_TEST(last.epoch().train_loss == expected, boost::test_tools::tolerance(1e-3));
  last.masked.check();
}

BOOST_AUTO_TEST_CASE(bfloat16_learns_too) {
  phew::RunConfig c = settings("adam");
  c.precision = "bf16";
  Bench bench("mlp:36-24-3", c);
  const double first = bench.epoch().train_loss;
  phew::EpochMetrics last;
  while (!bench.trainer.finished()) last = bench.epoch();
  BOOST_TEST(last.train_loss < first / 2);
  BOOST_TEST(bench.module.weight(0).scalar_type() == torch::kFloat);
  bench.masked.check();
  BOOST_TEST(phew::test::thrown_by([] { (void)phew::parse_precision("fp8", "cpu"); }).code == 64);
  BOOST_TEST(phew::test::thrown_by([] { (void)phew::parse_precision("tf32", "cpu"); }).code == 69);
}

BOOST_AUTO_TEST_CASE(training_stops_when_told_to) {
  Bench bench("mlp:36-24-3", settings("sgd"));
  int steps = 0;
  phew::RunObserver observer;
  observer.stop = [&] { return ++steps == 3; };
  BOOST_TEST(!bench.trainer.run_epoch(observer).has_value());
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
