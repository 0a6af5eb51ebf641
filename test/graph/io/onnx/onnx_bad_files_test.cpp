// What a file may get wrong, and what the reader says of it: one line with the file, the node or tensor, what was
// found.
#include "graph/io/onnx.hpp"
#include "graph/io/support.hpp"
#include "onnx_file.hpp"

#include <fstream>

namespace phew {
namespace {

namespace fs = std::filesystem;
using test::check_error;
using test::OnnxFile;
using test::TemporaryFolder;

/// x ── fc (weights [3, 2]) ── y, which is fine.
OnnxFile dense() {
  OnnxFile file;
  file.input("x", {1, 2}).weight("fc.weight", {3, 2}).output("y");
  file.node("Gemm", {"x", "fc.weight"}, {"y"}, "/fc/Gemm").set("transB", 1);
  return file;
}

void check_refused(const OnnxFile& file, ExitCode code, const std::vector<std::string>& texts) {
  const TemporaryFolder folder;
  const fs::path path = file.write(folder / "bad.onnx");
  std::vector<std::string> all = texts;
  all.emplace_back("bad.onnx");
  check_error([&] { (void)read_onnx(path); }, code, all);
}

/// fc's weights, 24 bytes, in another file.
OnnxFile external(const std::string& location, const std::string& offset = "0", const std::string& length = "24") {
  OnnxFile file = dense();
  ::onnx::TensorProto& tensor = *file.graph().mutable_initializer(0);
  tensor.clear_raw_data();
  tensor.set_data_location(::onnx::TensorProto::EXTERNAL);
  for (const auto& [key, value] : {std::pair{"location", location}, {"offset", offset}, {"length", length}}) {
    auto& entry = *tensor.add_external_data();
    entry.set_key(key);
    entry.set_value(value);
  }
  return file;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(onnx_bad_files)

BOOST_AUTO_TEST_CASE(cycles) {
  OnnxFile file = dense();
  file.node("Add", {"a", "x"}, {"b"}, "first").node("Relu", {"b"}, {"a"}, "second").output("a");
  check_refused(file, ExitCode::data, {"first", "cycle"});
}

BOOST_AUTO_TEST_CASE(nodes_out_of_order_are_fine) {
  OnnxFile file = dense();
  file.graph().mutable_node(0)->set_input(0, "r");
  file.node("Relu", {"x"}, {"r"}, "late");
  const TemporaryFolder folder;
  BOOST_TEST(read_onnx(file.write(folder / "model.onnx")).network.prunable() == 6);
}

BOOST_AUTO_TEST_CASE(tensors_that_nothing_or_too_much_gives) {
  OnnxFile missing = dense();
  missing.graph().clear_initializer();
  check_refused(missing, ExitCode::data, {"/fc/Gemm", "no tensor fc.weight"});
  OnnxFile twice = dense();
  twice.node("Relu", {"x"}, {"y"}, "again");
  check_refused(twice, ExitCode::data, {"again", "tensor y written twice"});
  OnnxFile output = dense();
  output.output("z");
  check_refused(output, ExitCode::data, {"no tensor z"});
}

BOOST_AUTO_TEST_CASE(shapes_that_do_not_fit) {
  OnnxFile features = dense();
  features.graph()
      .mutable_input(0)
      ->mutable_type()
      ->mutable_tensor_type()
      ->mutable_shape()
      ->mutable_dim(1)
      ->set_dim_value(5);
  check_refused(features, ExitCode::data, {"/fc/Gemm", "[1, 5]", "2 features", "[3, 2]"});
  OnnxFile channels;
  channels.input("x", {1, 3, 4, 4}).weight("w", {2, 4, 1, 1}).output("y").node("Conv", {"x", "w"}, {"y"}, "/c/Conv");
  check_refused(channels, ExitCode::data, {"/c/Conv", "3x4x4", "4 channels"});
  OnnxFile reshape;
  reshape.input("x", {1, 6}).integers("s", {4, -1}).output("y").node("Reshape", {"x", "s"}, {"y"}, "/r");
  check_refused(reshape, ExitCode::data, {"/r", "[1, 6]", "[4, -1]"});
  OnnxFile bytes = dense();
  bytes.graph().mutable_initializer(0)->set_dims(0, 4);
  check_refused(bytes, ExitCode::data, {"fc.weight", "24 bytes", "expected 32"});
  OnnxFile negative = dense();
  negative.graph().mutable_initializer(0)->set_dims(0, -3);
  check_refused(negative, ExitCode::data, {"fc.weight", "negative"});
}

BOOST_AUTO_TEST_CASE(dimensions_beyond_all_bounds) {
  constexpr std::int64_t huge = std::int64_t{1} << 62;
  for (const std::vector<std::int64_t>& shape :
       {std::vector<std::int64_t>{1, huge}, {1, 3, huge, huge}, {1, 1 << 20, 1 << 20, 1 << 20}}) {
    OnnxFile file;
    file.input("x", shape).output("y").node("Relu", {"x"}, {"y"}, "/relu");
    check_refused(file, ExitCode::data, {"2^28"});
  }
}

BOOST_AUTO_TEST_CASE(opsets) {
  OnnxFile young(999);
  young.input("x", {1, 2}).output("y").node("Relu", {"x"}, {"y"});
  check_refused(young, ExitCode::unsupported, {"opset 999", "9 to 28"});
  OnnxFile none = dense();
  none.model().clear_opset_import();
  check_refused(none, ExitCode::data, {"opset_import"});
}

BOOST_AUTO_TEST_CASE(open_channels) {
  OnnxFile file;
  file.input("x", {1, 0, 4, 4}).output("y").node("Relu", {"x"}, {"y"});
  check_refused(file, ExitCode::data, {"x:", "open dimension 1"});
}

BOOST_AUTO_TEST_CASE(damaged_files) {
  const TemporaryFolder folder;
  const std::string whole = test::read_bytes(dense().write(folder / "whole.onnx"));
  // Every shorter file is an error of ours, not a crash; most lack the graph's end.
  for (std::size_t size = 0; size < whole.size(); ++size) {
    test::write_bytes(folder / "cut.onnx", std::string_view(whole).substr(0, size));
    try {
      (void)read_onnx(folder / "cut.onnx");
      BOOST_ERROR("read " << size << " of " << whole.size() << " bytes");
    } catch (const Error& error) {
      BOOST_TEST((error.code() == ExitCode::data || error.code() == ExitCode::unsupported));
    }
  }
  // As is every file with a byte changed, unless what it says is still a network.
  for (std::size_t i = 0; i < whole.size(); ++i) {
    std::string changed = whole;
    changed[i] = static_cast<char>(changed[i] ^ 0xff);
    test::write_bytes(folder / "changed.onnx", changed);
    try {
      (void)read_onnx(folder / "changed.onnx");
    } catch (const Error& error) {
      BOOST_TEST((error.code() != ExitCode::internal), error.what());
    }
  }
  check_error([&] { (void)read_onnx(folder / "nowhere.onnx"); }, ExitCode::no_input, {"nowhere.onnx"});
  test::write_bytes(folder / "text.onnx", "no model at all");
  check_error([&] { (void)read_onnx(folder / "text.onnx"); }, ExitCode::data, {"text.onnx", "no ONNX model"});
}

BOOST_AUTO_TEST_CASE(more_than_protobuf_can_hold) {
  const TemporaryFolder folder;
  const fs::path path = dense().write(folder / "large.onnx");
  fs::resize_file(path, std::uintmax_t{1} << 31);  // a hole: it takes no space
  check_error([&] { (void)read_onnx(path); }, ExitCode::data, {"2147483648 bytes", "2147483647", "external data"});
}

BOOST_AUTO_TEST_CASE(external_data_are_read_from_the_folder_only) {
  const TemporaryFolder folder;
  fs::create_directory(folder / "inner");
  const std::vector<float> values{0, 1, 2, 3, 4, 5, 6};
  std::ofstream(folder / "inner" / "w.bin", std::ios::binary)
      .write(reinterpret_cast<const char*>(values.data()), static_cast<std::streamsize>(values.size() * sizeof(float)));
  fs::copy(folder / "inner" / "w.bin", folder / "secret.bin");
  fs::create_symlink("../secret.bin", folder / "inner" / "link.bin");
  fs::create_directory_symlink("..", folder / "inner" / "up");
  const fs::path path = folder / "inner/model.onnx";

  const OnnxModel model = read_onnx(external("w.bin", "4").write(path));
  const std::vector<Tensor> tensors = read_stored(model.weights);
  BOOST_TEST(float_values(tensors[0])[0] == 1);
  BOOST_TEST(float_values(tensors[0])[5] == 6);

  const auto check = [&](const OnnxFile& file, ExitCode code, const std::vector<std::string>& texts) {
    file.write(path);
    check_error([&] { (void)read_onnx(path); }, code, texts);
  };
  check(external("../secret.bin"), ExitCode::data, {"fc.weight", "../secret.bin", "outside the folder"});
  check(external("up/secret.bin"), ExitCode::data, {"fc.weight", "symbolic link"});
  check(external("link.bin"), ExitCode::data, {"fc.weight", "symbolic link"});
  check(external((folder / "secret.bin").string()), ExitCode::data, {"fc.weight", "absolute path"});
  check(external(""), ExitCode::data, {"fc.weight", "without a file name"});
  check(external("gone.bin"), ExitCode::no_input, {"fc.weight", "gone.bin"});
  check(external("w.bin", "8"), ExitCode::data, {"fc.weight", "28 bytes", "24 from byte 8"});
  check(external("w.bin", "0", "20"), ExitCode::data, {"fc.weight", "20 bytes", "expected 24"});
  check(external("w.bin", "18446744073709551615"), ExitCode::data, {"fc.weight", "from byte 18446744073709551615"});
  check(external("w.bin", "-4"), ExitCode::data, {"fc.weight", "'-4'"});
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace phew
