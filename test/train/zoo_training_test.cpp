// Every network of the zoo trains: forward, backward, step, on images of one channel.
#include "graph/initializer.hpp"
#include "graph/zoo.hpp"
#include "train/batches.hpp"
#include "train/module.hpp"
#include "train/support.hpp"
#include "train/trainer.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <cmath>

namespace {

const torch::Device cpu(torch::kCPU);

/// Loss of a batch in training mode, its gradients left behind.
double loss_with_gradients(phew::NetworkModule& module, const phew::Batch& batch, const std::string& loss) {
  for (const torch::Tensor& t : module.trainable()) t.mutable_grad() = torch::Tensor();
  const torch::Tensor value = phew::loss_of(loss, module.forward(batch.x), batch.y);
  value.backward();
  return value.item<double>();
}

/// A step against the gradient so small that the loss should fall by a thousandth, whatever the network's scale.
void step(phew::NetworkModule& module, double loss) {
  const torch::NoGradGuard no_grad;
  double squares = 0;
  for (const torch::Tensor& t : module.trainable())
    squares += t.grad().to(torch::kDouble).square().sum().item<double>();
  for (const torch::Tensor& t : module.trainable()) t.add_(t.grad(), -1e-3 * loss / squares);
}

void check_learning(const phew::Network& network, phew::Dataset data, const std::string& loss) {
  fit_to(data, network);
  phew::NetworkModule module(network, cpu);
  module.load_state(phew::initial_state(network, {}, 1));
  module.train(true);
  const bool flat = network.node(0).flat;
  const std::int64_t channels = flat ? 1 : std::get<phew::op::Input>(network.node(0).op).extent.channels;
  const phew::DeviceSplit split(data.train, data.normalisation, channels, cpu);
  const phew::Batch batch = split.slice(0, split.size());

  const double before = loss_with_gradients(module, batch, loss);
  BOOST_TEST(std::isfinite(before));
  for (const torch::Tensor& t : module.trainable()) {
    BOOST_REQUIRE(t.grad().defined());
    BOOST_TEST(torch::isfinite(t.grad()).all().item<bool>());
  }
  step(module, before);
  const double after = loss_with_gradients(module, batch, loss);
  BOOST_TEST(after < before);
  BOOST_TEST(after > 0.99 * before);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(zoo_training)

BOOST_DATA_TEST_CASE(networks_of_features_learn_images,
                     boost::unit_test::data::make({"mlp:784-20-10", "mlp:784-20-10,bn", "mlp:784-20-10,bn=all",
                                                   "mlp:784-20x4-10,bn", "lenet-300-100"}),
                     net) {
  check_learning(phew::make_network(net), phew::test::banded_data(16, 4, 28, 10), "cross-entropy");
}

BOOST_DATA_TEST_CASE(networks_of_three_channels_learn_images_of_one,
                     boost::unit_test::data::make({"vgg11", "vgg11-bn", "vgg13", "vgg13-bn", "vgg16", "vgg16-bn",
                                                   "vgg19", "vgg19-bn", "resnet20", "resnet32", "resnet56", "resnet18",
                                                   "resnet34", "resnet50"}),
                     net) {
  check_learning(phew::make_network(net), phew::test::banded_data(4, 4, 28, 10), "cross-entropy");
}

/// Appendix B: batch-norm and ReLU after the output too.
BOOST_AUTO_TEST_CASE(the_papers_mlp_learns_the_transformation_task) {
  BOOST_TEST(phew::make_network("mlp:36-20-20-36,bn=all").node_count() == 11U);
  phew::Dataset task = phew::test::banded_data(32, 4, 6, 3);
  std::vector<float> targets;
  for (const std::byte b : task.train.x.bytes) targets.push_back(static_cast<float>(std::to_integer<int>(b)) / 255);
  task.train.y = phew::make_tensor("targets", {32, 36}, targets);
  task.classes = 0;
  check_learning(phew::make_network("mlp:36-20-20-36,bn=all"), task, "mse");
}

BOOST_AUTO_TEST_SUITE_END()
