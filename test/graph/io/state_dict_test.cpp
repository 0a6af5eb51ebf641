#include "graph/io/state_dict.hpp"

#include "pickle_writer.hpp"
#include "support.hpp"

using namespace phew::test;
using phew::ExitCode;
using phew::Tensor;
using pickle::dict;
using pickle::storage;
using pickle::tensor;
using pickle::text;
using Records = std::vector<std::pair<std::string, std::string>>;

namespace {

std::string floats(const std::vector<float>& values) {
  std::string bytes;
  for (const float value : values) bytes += raw(value);
  return bytes;
}

phew::TensorFile read(const std::filesystem::path& path) {
  return phew::read_state_dict(phew::ZipArchive(std::make_shared<const phew::MappedFile>(path)));
}

phew::TensorFile read(const TemporaryFolder& folder, const std::string& root, const Records& records) {
  write_pt(folder / "f.pt", pickle::whole(root), records);
  return read(folder / "f.pt");
}

const Records six{{"data/0", floats({0, 1, 2, 3, 4, 5})}};

}  // namespace

BOOST_AUTO_TEST_SUITE(state_dict)

BOOST_AUTO_TEST_CASE(views_of_one_storage_share_it_unless_they_are_strided) {
  const TemporaryFolder folder;
  const auto file = read(folder,
                         dict({{text("whole"), tensor(storage("0", 6), 0, {2, 3}, {3, 1})},
                               {text("tail"), tensor(storage("0", 6), 4, {2}, {1})},
                               {text("transposed"), tensor(storage("0", 6), 0, {3, 2}, {1, 3})},
                               {text("repeated"), tensor(storage("0", 6), 5, {3}, {0})},
                               {text("empty"), tensor(storage("0", 6), 9, {0, 2}, {2, 1})}}),
                         six);
  check_same(file.tensors,
             {phew::make_tensor("whole", {2, 3}, {0, 1, 2, 3, 4, 5}), phew::make_tensor("tail", {2}, {4, 5}),
              phew::make_tensor("transposed", {3, 2}, {0, 3, 1, 4, 2, 5}),
              phew::make_tensor("repeated", {3}, {5, 5, 5}), phew::make_tensor("empty", {0, 2}, {})});
  BOOST_TEST(file.tensors[1].bytes.data() == file.tensors[0].bytes.data() + 16);
  BOOST_TEST(file.format == "pt");
}

BOOST_AUTO_TEST_CASE(views_that_leave_their_storage_are_refused) {
  const TemporaryFolder folder;
  struct View {
    std::int64_t offset;
    std::vector<std::int64_t> shape, strides;
    std::string text;
  };
  for (const View& view : std::vector<View>{{1, {6}, {1}, "within it"},
                                            {6, {1}, {1}, "within it"},
                                            {-1, {2}, {1}, "within it"},
                                            {0, {2, 3}, {4, 1}, "within it"},
                                            {0, {2}, {-1}, "negative stride"},
                                            {0, {-2}, {1}, "negative extent"},
                                            {0, {2}, {1, 1}, "2 strides, expected 1"},
                                            {INT64_MAX, {2}, {1}, "within it"},
                                            {0, {1LL << 40, 1LL << 40}, {1, 1}, "2^62"},
                                            {5, {1LL << 40}, {0}, "views of"}})
    check_error(
        [&] {
          (void)read(folder, dict({{text("w"), tensor(storage("0", 6), view.offset, view.shape, view.strides)}}), six);
        },
        ExitCode::data, {"f.pt: w: ", view.text});
}

BOOST_AUTO_TEST_CASE(storages_that_do_not_fit_their_record_are_refused) {
  const TemporaryFolder folder;
  const auto with = [](const std::string& s) { return dict({{text("w"), tensor(s, 0, {1}, {1})}}); };
  check_error([&] { (void)read(folder, with(storage("0", 7)), six); }, ExitCode::data,
              {"found 24 bytes in record data/0"});
  check_error([&] { (void)read(folder, with(storage("0", 6, "DoubleStorage")), six); }, ExitCode::data, {"data/0"});
  check_error([&] { (void)read(folder, with(storage("1", 6)), six); }, ExitCode::data, {"no record data/1"});
  check_error([&] { (void)read(folder, with(storage("0", INT64_MAX)), six); }, ExitCode::data, {"data/0"});
  check_error([&] { (void)read(folder, with(storage("0", 3, "ComplexFloatStorage")), six); }, ExitCode::unsupported,
              {"w: found type complex64"});
}

BOOST_AUTO_TEST_CASE(a_damaged_record_is_refused) {
  const TemporaryFolder folder;
  write_pt(folder / "f.pt", pickle::whole(dict({{text("w"), pickle::vector("0", 6)}})), six);
  std::string bytes = read_bytes(folder / "f.pt");
  bytes[bytes.find(floats({4, 5}))] ^= 1;
  write_bytes(folder / "f.pt", bytes);
  check_error([&] { (void)read(folder / "f.pt"); }, ExitCode::data, {"archive/data/0", "CRC"});
}

BOOST_AUTO_TEST_CASE(only_little_endian_state_dicts_are_read) {
  const TemporaryFolder folder;
  const std::string root = dict({{text("w"), pickle::vector("0", 6)}});
  Records records = six;
  records.emplace_back("byteorder", "little");
  BOOST_TEST(read(folder, root, records).tensors.size() == 1U);
  records.back().second = "big";
  check_error([&] { (void)read(folder, root, records); }, ExitCode::unsupported, {"big-endian"});
  records.back() = {"constants.pkl", ""};
  check_error([&] { (void)read(folder, root, records); }, ExitCode::data, {"TorchScript", "torch.jit.load"});
  records.back() = {"code/__torch__.py", ""};
  check_error([&] { (void)read(folder, root, records); }, ExitCode::data, {"TorchScript"});
}

/// The names of the tensors that are found in a checkpoint.
std::string names_in(const TemporaryFolder& folder, const std::string& root) {
  std::string names;
  for (const Tensor& tensor : read(folder, root, six).tensors) names += tensor.name + " ";
  return names;
}

BOOST_AUTO_TEST_CASE(the_state_dict_of_a_checkpoint_is_found) {
  const TemporaryFolder folder;
  const std::string w = pickle::vector("0", 6), scalar = tensor(storage("0", 6), 0, {}, {});
  const std::string state = dict({{text("w"), w}, {text("b"), scalar}}), other = dict({{text("other"), w}});
  const std::string optimizer = dict({{text("state"), dict({{"K\x01", dict({{text("momentum"), w}})}})}});

  BOOST_TEST(names_in(folder, state) == "w b ");
  // Under a usual key, deeper ones too, whatever stands beside it.
  for (const auto* key : {"state_dict", "model_state_dict", "model", "net", "network", "weights", "params", "module"})
    BOOST_TEST(names_in(folder, dict({{text("epoch"), "K\x03"},
                                      {text("loss"), scalar},
                                      {text("x"), w},
                                      {text("ema"), other},
                                      {text(key), state},
                                      {text("optimizer"), optimizer}})) == "w b ");
  BOOST_TEST(names_in(folder, dict({{text("model"), dict({{text("net"), state}})}})) == "w b ");
  // Under an unusual one, if it is the only one; a scalar beside it does not count.
  BOOST_TEST(names_in(folder, dict({{text("generator"), state}, {text("loss"), scalar}, {text("opt"), optimizer}})) ==
             "w b ");
  // A usual key that holds something else does not lead away.
  BOOST_TEST(names_in(folder, dict({{text("model"), text("vgg19")}, {text("w"), w}})) == "w ");
  BOOST_TEST(names_in(folder, dict({{text("weights"), w}})) == "weights ");
  // The same dict twice is no ambiguity.
  BOOST_TEST(names_in(folder, dict({{text("model"), state + "q\x01"}, {text("net"), "h\x01"}})) == "w b ");
}

BOOST_AUTO_TEST_CASE(checkpoints_without_one_state_dict_are_refused) {
  const TemporaryFolder folder;
  const std::string w = pickle::vector("0", 6), state = dict({{text("w"), w}});
  const auto refused = [&](const std::string& root, const std::vector<std::string>& texts) {
    check_error([&] { (void)read(folder, root, six); }, ExitCode::data, texts);
  };
  refused(dict({{text("model"), state}, {text("net"), state}}), {"several state_dicts (model, net)"});
  refused(dict({{text("critic"), state}, {text("generator"), state}}), {"several state_dicts (critic, generator)"});
  refused(dict({{text("epoch"), "K\x03"}}), {"no tensors under names"});
  refused("}", {"no tensors under names"});
  refused(dict({{"K\x01", w}}), {"no tensors under names"});
  refused(w, {"a single tensor"});
  refused("]", {"a list or a plain value"});
  refused(dict({{text("w"), w}, {text("w"), w}}), {"w: found twice"});
  // A dict within itself, and one 100 deep.
  refused("}q\x01" + text("model") + "h\x01s", {"no tensors under names"});
  std::string deep = state;
  for (int i = 0; i < 30; ++i) deep = "}" + text("model") + deep + "s";
  BOOST_TEST(names_in(folder, deep) == "w ");
  for (int i = 0; i < 70; ++i) deep = "}" + text("model") + deep + "s";
  refused(deep, {"no tensors under names"});
}

BOOST_AUTO_TEST_SUITE_END()
