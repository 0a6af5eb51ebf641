// Networks from ONNX files that the tests write: what each form of export becomes. Real exports: onnx_exports.py.
#include "graph/io/onnx.hpp"

#include "graph/io/support.hpp"
#include "graph/io/weights_file.hpp"
#include "graph/layered_graph.hpp"
#include "graph/zoo.hpp"
#include "onnx_file.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <fstream>

namespace phew {
namespace {

using test::check_error;
using test::OnnxFile;
using test::TemporaryFolder;
using Ids = std::vector<std::int64_t>;
using Texts = std::vector<std::string>;

OnnxModel read(const OnnxFile& file) {
  const TemporaryFolder folder;
  return read_onnx(file.write(folder / "model.onnx"));
}

/// "conv1: input(3)->conv1(4) 3x3" and so on; "fixed" where there is no parameter, "/2" where there are groups.
Texts links_of(const OnnxModel& model) {
  const LayeredGraph graph(model.network);
  Texts out;
  for (const Link& link : graph.links()) {
    const Layer &from = graph.layers()[link.from], &to = graph.layers()[link.to];
    const std::string kernel =
        link.fixed() ? "fixed" : fmt::format("{}x{}", link.kernel_size.height, link.kernel_size.width);
    out.push_back(fmt::format("{}: {}({})->{}({}) {}{}", link.fixed() ? "" : link.name, from.name, from.units, to.name,
                              to.units, kernel, link.groups > 1 ? fmt::format("/{}", link.groups) : ""));
  }
  return out;
}

Texts parameters_of(const OnnxModel& model) {
  Texts out;
  for (const Parameter& p : model.network.parameters()) out.push_back(p.name + " " + to_string(p.shape));
  return out;
}

void check_equal(const Texts& found, const Texts& expected) {
  BOOST_TEST(found == expected, boost::test_tools::per_element());
  for (const std::string& text : found)
    if (std::ranges::count(expected, text) == 0) BOOST_TEST_MESSAGE("found " << text);
}

std::vector<float> values(const OnnxModel& model, std::size_t parameter) {
  const std::vector<Tensor> tensors = read_stored(model.weights);
  const auto all = float_values(tensors[parameter]);
  return {all.begin(), all.end()};
}

/// The source unit of each unit of the one fixed link.
Ids fixed_map(const OnnxModel& model) {
  const LayeredGraph graph(model.network);
  Ids map;
  for (const Link& link : graph.links())
    if (link.fixed()) map.insert(map.end(), link.source_of.begin(), link.source_of.end());
  return map;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(onnx)

//  x (1x28x28) ── Flatten ── Gemm 1 ── Relu ── Gemm 3: the input is 784 units, as in mlp:784-5-4
BOOST_AUTO_TEST_CASE(a_flattened_input_is_a_vector) {
  OnnxFile file;
  file.input("x", {1, 1, 28, 28}).weight("1.weight", {5, 784}).weight("1.bias", {5});
  file.weight("3.weight", {4, 5}).weight("3.bias", {4}).output("y");
  file.node("Flatten", {"x"}, {"a"}, "/0/Flatten").node("Gemm", {"a", "1.weight", "1.bias"}, {"b"}).set("transB", 1);
  file.node("Relu", {"b"}, {"c"}, "/2/Relu").node("Gemm", {"c", "3.weight", "3.bias"}, {"y"}).set("transB", 1);
  const OnnxModel model = read(file);
  check_equal(links_of(model), {"1: x(784)->1(5) 1x1", "3: 1(5)->3(4) 1x1"});
  const Network mlp = make_network("mlp:784-5-4");
  BOOST_TEST(model.network.prunable() == mlp.prunable());
  BOOST_TEST(values(model, 1).back() == 20);
}

//              ┌────────── fixed ──────────┐
//  x ── conv1 ─┴─ bn ─ relu ─ conv2 ─ bn2 ─ Add ─ GlobalAveragePool ─ Flatten ─ fc
BOOST_AUTO_TEST_CASE(a_residual_block) {
  OnnxFile file;
  file.input("x", {1, 3, 8, 8}).weight("conv1.weight", {4, 3, 3, 3}).weight("conv2.weight", {4, 4, 3, 3});
  for (const std::string bn : {"bn1", "bn2"})
    for (const std::string part : {".weight", ".bias", ".running_mean", ".running_var"}) file.weight(bn + part, {4});
  file.weight("fc.weight", {2, 4}).weight("fc.bias", {2}).output("y");
  const Ids pads{1, 1, 1, 1};
  file.node("Conv", {"x", "conv1.weight"}, {"c1"}, "/conv1/Conv").set("pads", pads);
  file.node("BatchNormalization", {"c1", "bn1.weight", "bn1.bias", "bn1.running_mean", "bn1.running_var"}, {"b1"});
  file.node("Relu", {"b1"}, {"r1"}, "/relu/Relu");
  file.node("Conv", {"r1", "conv2.weight"}, {"c2"}, "/conv2/Conv").set("pads", pads);
  file.node("BatchNormalization", {"c2", "bn2.weight", "bn2.bias", "bn2.running_mean", "bn2.running_var"}, {"b2"});
  file.node("Add", {"b2", "r1"}, {"s"}, "/Add").node("GlobalAveragePool", {"s"}, {"g"}, "/avgpool/GlobalAveragePool");
  file.node("Flatten", {"g"}, {"f"}).node("Gemm", {"f", "fc.weight", "fc.bias"}, {"y"}, "/fc/Gemm").set("transB", 1);
  const OnnxModel model = read(file);
  check_equal(links_of(model), {"conv1: x(3)->conv1(4) 3x3", "conv2: conv1(4)->add(4) 3x3", ": conv1(4)->add(4) fixed",
                                "fc: add(4)->fc(2) 1x1"});
  Texts state;
  for (const StateTensor& tensor : model.network.state()) state.push_back(tensor.name);
  BOOST_TEST((std::ranges::count(state, "bn2.running_var") == 1));
  BOOST_TEST((std::ranges::count(state, "fc.bias") == 1));
  // The nodes of the file, one by one.
  BOOST_TEST(model.nodes.size() == 9U);
  BOOST_TEST(model.network.node(*model.nodes[2].vertex).name == "relu");
  BOOST_TEST(model.network.node(*model.nodes[5].vertex).name == "add");
}

BOOST_AUTO_TEST_CASE(names_of_folded_batch_norm_come_from_modules) {
  OnnxFile file;
  file.input("x", {1, 3, 8, 8}).weight("onnx::Conv_1", {4, 3, 1, 1}).weight("onnx::Conv_2", {4, 4, 1, 1}).output("y");
  file.node("Conv", {"x", "onnx::Conv_1"}, {"a"}, "/features/features.0/features.0.0/Conv");
  file.node("Conv", {"a", "onnx::Conv_2"}, {"y"}, "/layer1/layer1.0/conv1/Conv");
  check_equal(parameters_of(read(file)), {"features.0.0.weight [4, 3, 1, 1]", "layer1.0.conv1.weight [4, 4, 1, 1]"});
}

/// Equal initialisers are written once, and once more by an Identity; a shared one is used twice.
BOOST_AUTO_TEST_CASE(names_survive_deduplication_and_ties_are_one_parameter) {
  OnnxFile file;
  file.input("x", {1, 4}).weight("a.weight", {4, 4}).output("y");
  file.node("Identity", {"a.weight"}, {"b.weight"});
  file.node("Gemm", {"x", "a.weight"}, {"1"}, "/a/Gemm").set("transB", 1);
  file.node("Gemm", {"1", "b.weight"}, {"2"}, "/b/Gemm").set("transB", 1);
  file.node("Gemm", {"2", "a.weight"}, {"y"}, "/a_1/Gemm").set("transB", 1);
  const OnnxModel model = read(file);
  check_equal(parameters_of(model), {"a.weight [4, 4]", "b.weight [4, 4]"});
  check_equal(links_of(model), {"a: x(4)->a(4) 1x1", "b: a(4)->b(4) 1x1", "a_1: b(4)->a_1(4) 1x1"});
}

/// Of MatMul(x, W): a W that the exporter transposed for us is nn.Linear's; one under a name of its own is the user's.
BOOST_AUTO_TEST_CASE(matmul_reads_its_weights_transposed) {
  OnnxFile file;
  file.input("x", {1, 2}).weight("onnx::MatMul_7", {2, 3}).weight("b", {3}).weight("mine", {3, 2}).output("y");
  file.node("MatMul", {"x", "onnx::MatMul_7"}, {"1"}, "/fc/MatMul").node("Add", {"b", "1"}, {"2"}, "/fc/Add");
  file.weight("plain.weight", {2, 2}).node("Transpose", {"plain.weight"}, {"t"}).set("perm", Ids{1, 0});
  file.node("MatMul", {"2", "mine"}, {"3"}, "/MatMul").node("MatMul", {"3", "t"}, {"y"}, "/plain/MatMul");
  const OnnxModel model = read(file);
  check_equal(parameters_of(model), {"fc.weight [3, 2]", "mine.T [2, 3]", "plain.weight [2, 2]"});
  BOOST_TEST((values(model, 0) == std::vector<float>{1, 4, 2, 5, 3, 6}));
  BOOST_TEST((values(model, 1) == std::vector<float>{1, 3, 5, 2, 4, 6}));
  BOOST_TEST((values(model, 2) == std::vector<float>{1, 2, 3, 4}));
  BOOST_TEST((std::ranges::count_if(model.network.state(), [](const auto& s) { return s.name == "fc.bias"; }) == 1));
}

//  x ─ conv ─┬────────────── Mul      x · sigmoid(x) is a function of one unit;
//            └─ Sigmoid ──────┘       a gate that pools and convolves is a join
BOOST_AUTO_TEST_CASE(a_function_of_the_same_units_is_no_join) {
  OnnxFile file;
  file.input("x", {1, 2, 4, 4}).weight("conv.weight", {3, 2, 1, 1}).weight("gate.weight", {3, 3, 1, 1});
  file.scalar("half", 0.5F).scalar("one", 1).output("y");
  file.node("Conv", {"x", "conv.weight"}, {"c"}, "/conv/Conv").node("Sigmoid", {"c"}, {"s"}, "/act/Sigmoid");
  file.node("Mul", {"c", "s"}, {"silu"}, "/act/Mul");
  // GELU by erf: x · ½ · (1 + erf x)
  file.node("Erf", {"silu"}, {"e"}).node("Add", {"e", "one"}, {"e1"}).node("Mul", {"silu", "e1"}, {"g"});
  file.node("Mul", {"g", "half"}, {"gelu"}).node("GlobalAveragePool", {"gelu"}, {"p"});
  file.node("Conv", {"p", "gate.weight"}, {"k"}, "/gate/Conv").node("HardSigmoid", {"k"}, {"h"});
  file.node("Mul", {"h", "gelu"}, {"y"}, "/Mul");
  const OnnxModel model = read(file);
  check_equal(links_of(model), {"conv: x(2)->conv(3) 1x1", "gate: conv(3)->mul(3) 1x1", ": conv(3)->mul(3) fixed"});
  BOOST_TEST((std::holds_alternative<op::Mul>(model.network.node(*model.nodes[10].vertex).op)));
}

/// ShuffleNet: split by Slice, joined by Concat, shuffled by Reshape, Transpose, Reshape.
BOOST_AUTO_TEST_CASE(channel_shuffle_is_a_permutation) {
  OnnxFile file;
  file.input("x", {1, 6, 2, 2}).integers("five", {1, 2, 3, 2, 2}).integers("four", {1, -1, 2, 2}).output("y");
  file.node("Reshape", {"x", "five"}, {"a"}).node("Transpose", {"a"}, {"b"}).set("perm", Ids{0, 2, 1, 3, 4});
  file.node("Reshape", {"b", "four"}, {"c"}).weight("w", {6, 1, 1, 1});
  file.node("Conv", {"c", "w"}, {"y"}, "/conv/Conv").set("group", 6);
  const OnnxModel model = read(file);
  BOOST_TEST((fixed_map(model) == Ids{0, 3, 1, 4, 2, 5}));
  bool shuffled = false;
  for (Network::Vertex v = 0; v < model.network.node_count(); ++v)
    if (const auto* shuffle = std::get_if<op::ChannelShuffle>(&model.network.node(v).op))
      shuffled = shuffle->groups == 2;
  BOOST_TEST(shuffled);
}

BOOST_AUTO_TEST_CASE(split_slice_and_gather_take_units) {
  OnnxFile file;
  file.input("x", {1, 5, 2, 2}).integers("parts", {2, 3}).integers("first", {1}).integers("end", {100}).output("y");
  file.integers("axis", {1}).integers("picked", {2, 0}).node("Split", {"x", "parts"}, {"l", "r"}).set("axis", 1);
  file.node("Slice", {"r", "first", "end", "axis"}, {"s"});    // 3, 4
  file.node("Gather", {"r", "picked"}, {"g"}).set("axis", 1);  // 4, 2
  file.node("Concat", {"s", "l", "g"}, {"y"}).set("axis", 1);
  const OnnxModel model = read(file);
  const LayeredGraph graph(model.network);
  // What each of the six units copies, back to the input.
  Ids origin;
  for (std::int64_t unit = 0; unit < 6; ++unit) {
    std::size_t layer = graph.layers().size() - 1;
    std::int64_t at = unit;
    while (!graph.layers()[layer].input)
      for (const std::size_t l : graph.layers()[layer].in_links)
        if (const Link& link = graph.links()[l]; link.source_of[static_cast<std::size_t>(at)] >= 0) {
          at = link.source_of[static_cast<std::size_t>(at)];
          layer = link.from;
          break;
        }
    origin.push_back(at);
  }
  BOOST_TEST((origin == Ids{3, 4, 0, 1, 4, 2}));
}

/// view(x.size(0), −1) as the TorchScript-based exporter writes it, with the batch open.
BOOST_AUTO_TEST_CASE(shapes_that_are_computed_are_known) {
  OnnxFile file;
  file.input("x", {0, 2, 3, 3}).weight("conv.weight", {4, 2, 1, 1}).weight("fc.weight", {2, 36}).integers("zero", {0});
  file.integers("rest", {-1}).integers("axes", {0}).output("y");
  file.node("Conv", {"x", "conv.weight"}, {"c"}).node("Shape", {"c"}, {"s"}).node("Gather", {"s", "zero"}, {"n"});
  file.node("Concat", {"n", "rest"}, {"shape"}).set("axis", 0).node("Reshape", {"c", "shape"}, {"f"});
  file.node("Gemm", {"f", "fc.weight"}, {"y"}).set("transB", 1);
  check_equal(links_of(read(file)), {"conv: x(2)->conv(4) 1x1", "fc: conv(4)->fc(2) 3x3"});
}

/// A dense layer on [N, H, W, C] acts at each position; flattened from there, features are in another order.
BOOST_AUTO_TEST_CASE(channels_last) {
  OnnxFile file;
  file.input("x", {1, 2, 2, 2}).weight("conv.weight", {3, 2, 1, 1}).weight("onnx::MatMul_5", {3, 4});
  file.weight("norm.weight", {3}).output("y");
  file.node("Conv", {"x", "conv.weight"}, {"c"}).node("Transpose", {"c"}, {"t"}).set("perm", Ids{0, 2, 3, 1});
  file.node("LayerNormalization", {"t", "norm.weight"}, {"n"}, "/norm/LayerNormalization");
  file.node("MatMul", {"n", "onnx::MatMul_5"}, {"l"}, "/fc/MatMul");
  file.weight("head.weight", {2, 16}).node("Flatten", {"l"}, {"f"});
  file.node("Gemm", {"f", "head.weight"}, {"y"}).set("transB", 1);
  const OnnxModel model = read(file);
  check_equal(links_of(model), {"conv: x(2)->conv(3) 1x1", "fc: conv(3)->fc(4) 1x1", ": fc(4)->permute(16) fixed",
                                "head: permute(16)->head(2) 1x1"});
  BOOST_TEST((fixed_map(model) == Ids{0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3}));
}

/// ResNet's shortcut without parameters: every other position, and new channels of zeros.
BOOST_AUTO_TEST_CASE(zero_padded_channels_copy_nothing) {
  OnnxFile file;
  file.input("x", {1, 2, 4, 4}).integers("first", {0, 0}).integers("end", {4, 4}).integers("axes", {2, 3});
  file.integers("steps", {2, 2}).integers("pads", {0, 1, 0, 0, 0, 1, 0, 0}).weight("w", {4, 2, 2, 2}).output("y");
  file.node("Slice", {"x", "first", "end", "axes", "steps"}, {"s"}).node("Pad", {"s", "pads"}, {"p"});
  file.node("Conv", {"x", "w"}, {"c"}, "/conv/Conv").set("strides", Ids{2, 2}).node("Add", {"c", "p"}, {"y"}, "/Add");
  BOOST_TEST((fixed_map(read(file)) == Ids{-1, 0, 1, -1, 0, 1, 2, 3}));
}

BOOST_AUTO_TEST_CASE(even_and_uneven_padding) {
  OnnxFile file;
  file.input("x", {1, 1, 5, 6}).weight("w", {1, 1, 2, 3}).output("y");
  file.node("Conv", {"x", "w"}, {"c"}, "/conv/Conv").set("pads", Ids{0, 1, 1, 1});
  file.node("MaxPool", {"c"}, {"y"}, "/pool/MaxPool").set("kernel_shape", Ids{2, 2}).set("strides", Ids{2, 2});
  file.set("ceil_mode", 1);
  const OnnxModel model = read(file);
  const Extent& convolved = model.network.node(*model.nodes[0].vertex).output;
  const Extent& pooled = model.network.node(*model.nodes[1].vertex).output;
  BOOST_TEST((convolved == Extent{1, 5, 6}));
  BOOST_TEST((pooled == Extent{1, 3, 3}));
}

BOOST_AUTO_TEST_CASE(open_heights_and_widths_are_fine_where_nothing_is_flattened) {
  const auto make = [](bool pooled) {
    OnnxFile file;
    file.input("x", {0, 3, 0, 0}).weight("conv.weight", {4, 3, 1, 1}).weight("fc.weight", {2, 4}).output("y");
    file.node("Conv", {"x", "conv.weight"}, {"c"}, "/conv/Conv").integers("flat", {1, -1});
    if (pooled) file.node("GlobalAveragePool", {"c"}, {"p"});
    file.node("Reshape", {pooled ? "p" : "c", "flat"}, {"f"}, "/Reshape");
    if (pooled)
      file.node("Gemm", {"f", "fc.weight"}, {"y"}, "/fc/Gemm").set("transB", 1);
    else
      file.weight("big.weight", {2, 4 * 224 * 224})
          .node("Gemm", {"f", "big.weight"}, {"y"}, "/fc/Gemm")
          .set("transB", 1);
    return file;
  };
  const OnnxModel model = read(make(true));
  BOOST_TEST(model.notices.size() == 1U);
  check_equal(links_of(model), {"conv: x(3)->conv(4) 1x1", "fc: conv(4)->fc(2) 1x1"});
  check_error([&] { (void)read(make(false)); }, ExitCode::unsupported, {"/fc/Gemm", "open", "fixed size"});
}

/// Attention, recurrence and control flow: the first node by name, and all ops of the kind.
BOOST_AUTO_TEST_CASE(what_cannot_be_expressed_is_refused_by_name) {
  OnnxFile file;
  file.input("x", {1, 4}).weight("w", {4, 4}).output("y");
  file.node("MatMul", {"x", "w"}, {"q"}, "/q/MatMul").node("Transpose", {"q"}, {"t"});
  file.node("MatMul", {"q", "t"}, {"a"}, "/attention/MatMul").node("Softmax", {"a"}, {"s"});
  file.node("LSTM", {"q", "w", "w"}, {"l"}, "/lstm/LSTM").node("NonZero", {"q"}, {"n"}, "/NonZero");
  file.node("Sum", {"s", "l", "n"}, {"y"}, "/Sum").node("Loop", {"x"}, {"unread"}, "/unread/Loop");
  check_error([&] { (void)read(file); }, ExitCode::unsupported,
              {"model.onnx: /attention/MatMul: found MatMul of two activations", "LSTM (1), MatMul (1), NonZero (1)"});
}

/// Real exports, by both exporters, against what PyTorch says of its model; see data/onnx/README.md.
BOOST_AUTO_TEST_CASE(what_pytorch_exported) {
  const std::filesystem::path folder = std::filesystem::path(PHEW_SOURCE_DIR) / "data" / "onnx";
  std::ifstream file(folder / "expected.json");
  const auto expected = nlohmann::json::parse(file);
  for (const auto& [name, weights] : expected["weights"].items()) {
    const OnnxModel model = read_onnx(folder / name);
    Texts names;
    for (const auto& weight : weights)
      names.push_back(weight[0].get<std::string>() + " " + to_string(weight[1].get<Shape>()));
    BOOST_TEST_CONTEXT(name) {
      check_equal(parameters_of(model), names);
      for (std::size_t i = 0; i < weights.size(); ++i) {
        double sum = 0;
        for (const float value : values(model, i)) sum += static_cast<double>(value);
        BOOST_TEST(std::abs(sum - weights[i][2].get<double>()) < 1e-4);
      }
      const LayeredGraph graph(model.network);
      for (const Link& link : graph.links())
        if (!link.fixed()) BOOST_TEST(link.name + ".weight" == model.network.parameters()[link.parameter].name);
    }
  }
  // SiLU is one op, the gate a join; the shuffle interleaves what passed by with what was convolved.
  BOOST_TEST(LayeredGraph(read_onnx(folder / "gate-dynamo.onnx").network).links().size() == 4U);
  for (const char* name : {"shuffle-torchscript.onnx", "shuffle-dynamo.onnx"}) {
    const Ids map = fixed_map(read_onnx(folder / name));
    const Ids shuffle{0, 4, 1, 5, 2, 6, 3, 7};
    BOOST_TEST(Ids(map.end() - 8, map.end()) == shuffle, boost::test_tools::per_element());
  }
}

BOOST_AUTO_TEST_CASE(it_is_a_file_of_weights_too) {
  const TemporaryFolder folder;
  OnnxFile file;
  file.input("x", {1, 2}).weight("onnx::MatMul_7", {2, 3}).output("y");
  file.node("MatMul", {"x", "onnx::MatMul_7"}, {"y"}, "/fc/MatMul");
  const TensorFile weights = read_tensor_file(file.write(folder / "weights"));
  BOOST_TEST(weights.format == "onnx");
  const Tensor* fc = weights.find("fc.weight");
  BOOST_REQUIRE(fc != nullptr);
  BOOST_TEST((fc->shape == Shape{3, 2}));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace phew
