#include "graph/io/onnx/names.hpp"

#include <boost/test/unit_test.hpp>

namespace phew::onnx {

BOOST_AUTO_TEST_SUITE(onnx_names)

BOOST_AUTO_TEST_CASE(of_torchscript_nodes) {
  BOOST_TEST(module_of_node_name("/layer1/layer1.0/conv1/Conv") == "layer1.0.conv1");
  BOOST_TEST(module_of_node_name("/features/features.1/conv/conv.0/conv.0.0/Conv") == "features.1.conv.0.0");
  BOOST_TEST(module_of_node_name("/features/denseblock1/denselayer1/conv1/Conv") ==
             "features.denseblock1.denselayer1.conv1");
  BOOST_TEST(module_of_node_name("/layer10/layer1/Conv") == "layer10.layer1");
  BOOST_TEST(module_of_node_name("/Flatten").empty());
  BOOST_TEST(module_of_node_name("Conv_12").empty());
  BOOST_TEST(module_of_node_name("").empty());
  BOOST_TEST(module_of_node_name("//").empty());
}

BOOST_AUTO_TEST_CASE(of_dynamo_scopes) {
  BOOST_TEST(module_of_scopes("['', 'layer1', 'layer1.0', 'layer1.0.conv1', 'conv2d_1']") == "layer1.0.conv1");
  BOOST_TEST(module_of_scopes("['', 'add']").empty());
  BOOST_TEST(module_of_scopes("['conv2d']").empty());
  BOOST_TEST(module_of_scopes("['', 'open").empty());
  BOOST_TEST(module_of_scopes("").empty());
}

BOOST_AUTO_TEST_CASE(that_exporters_make_up) {
  for (const char* name : {"", "193", "onnx::Conv_193", "val_3", "/fc/Constant_output_0"})
    BOOST_TEST(is_made_up(name), name);
  for (const char* name : {"conv1.weight", "0.weight", "val_loss.weight", "dense/kernel:0", "onnx.weight"})
    BOOST_TEST(!is_made_up(name), name);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace phew::onnx
