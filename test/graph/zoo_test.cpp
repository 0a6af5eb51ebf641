#include "graph/zoo.hpp"

#include "graph/error.hpp"
#include "graph/layered_graph.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <ostream>
#include <string>

namespace {

struct Count {
  const char* network;
  std::int64_t prunable;
};
std::ostream& operator<<(std::ostream& out, const Count& c) { return out << c.network; }

// Σ over convolutions, shortcuts and dense layers; the published code's own counts.
const Count counts[] = {{"vgg11", 9'222'848},
                        {"vgg16", 14'715'584},
                        {"vgg19", 20'024'000},
                        {"vgg19-bn", 20'024'000},
                        {"vgg19-bn,classes=100", 20'070'080},
                        {"vgg19-bn,classes=100,input=3x64x64", 20'070'080},
                        {"resnet18", 11'164'352},
                        {"resnet34", 21'265'088},
                        {"resnet50", 23'467'712},
                        {"resnet20", 270'896},
                        {"resnet32", 464'432},
                        {"resnet56", 851'504},
                        {"lenet-300-100", 266'200},
                        {"mlp:784-100-100-100-784", 176'800},
                        {"mlp:784-100x3-784,bn=all", 176'800},
                        {"mlp:4096x8", 7LL * 4096 * 4096}};

std::vector<std::string> state_names(std::string_view spec) {
  std::vector<std::string> names;
  for (const auto& entry : phew::make_network(spec).state()) names.push_back(entry.name);
  return names;
}

phew::ExitCode code_of(std::string_view spec) {
  try {
    (void)phew::make_network(spec);
  } catch (const phew::Error& error) {
    return error.code();
  }
  return phew::ExitCode::ok;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(zoo)

BOOST_DATA_TEST_CASE(prunable_parameters, boost::unit_test::data::make(counts)) {
  const auto network = phew::make_network(sample.network);
  BOOST_TEST(network.prunable() == sample.prunable);
  BOOST_TEST(phew::LayeredGraph(network).prunable() == sample.prunable);
}

BOOST_AUTO_TEST_CASE(names_are_pytorch_s) {
  const std::vector<std::string> mlp{"0.weight", "0.bias", "2.weight", "2.bias"};
  BOOST_TEST(state_names("mlp:4-3-2") == mlp, boost::test_tools::per_element());
  const std::vector<std::string> norm{
      "0.weight", "0.bias", "1.weight", "1.bias", "1.running_mean", "1.running_var", "1.num_batches_tracked",
      "3.weight", "3.bias"};
  BOOST_TEST(state_names("mlp:4-3-2,bn") == norm, boost::test_tools::per_element());

  const auto resnet = state_names("resnet18");
  for (const char* name : {"conv1.weight", "bn1.running_var", "layer1.0.conv1.weight", "layer2.0.downsample.0.weight",
                           "layer2.0.downsample.1.bias", "layer4.1.bn2.num_batches_tracked", "fc.weight", "fc.bias"})
    BOOST_TEST((std::ranges::find(resnet, name) != resnet.end()), name);
  BOOST_TEST((std::ranges::find(resnet, "conv1.bias") == resnet.end()));
  const auto vgg = state_names("vgg11-bn");
  for (const char* name :
       {"features.0.weight", "features.0.bias", "features.1.running_mean", "features.25.weight", "classifier.weight"})
    BOOST_TEST((std::ranges::find(vgg, name) != vgg.end()), name);
}

BOOST_AUTO_TEST_CASE(refuses_what_it_does_not_know) {
  for (const char* spec :
       {"vgg18", "resnet", "", "mlp:", "mlp:4", "mlp:4--2", "mlp:4-x2", "mlp:4-3x", "mlp:0-2", "mlp:-1-2",
        "mlp:4-3,bn=some", "mlp:4-3,classes=2", "vgg19,classes=0", "vgg19,classes=ten", "vgg19,color=red",
        "vgg19,input=3x32", "mlp:99999999999-2", "mlp:4x99999999", "lenet-300-100,bn"})
    BOOST_TEST((code_of(spec) == phew::ExitCode::usage), spec);
  try {
    (void)phew::make_network("vgg91");
    BOOST_FAIL("accepted");
  } catch (const phew::Error& error) {
    BOOST_TEST(std::string(error.what()).find("vgg") != std::string::npos);
  }
}

BOOST_AUTO_TEST_SUITE_END()
