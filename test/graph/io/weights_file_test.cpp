#include "graph/io/weights_file.hpp"

#include "pickle_writer.hpp"
#include "support.hpp"

using namespace phew::test;
using phew::ExitCode;
using phew::Tensor;
using phew::TensorFile;

namespace {

const std::vector<Tensor> small{phew::make_tensor("a.weight", {2, 2}, {1, 2, 3, 4}),
                                phew::make_tensor("a.bias", {2}, {5, 6})};

/// One small valid file of each kind, by name, in a folder.
std::vector<std::filesystem::path> write_samples(const TemporaryFolder& folder) {
  phew::write_tensor_file(folder / "f.safetensors", small, {{"k", "v"}});
  phew::write_tensor_file(folder / "f.npz", small, {{"k", "v"}});
  write_pt(folder / "f.pt",
           pickle::whole(
               pickle::dict({{pickle::text("a.weight"), pickle::tensor(pickle::storage("0", 4), 0, {2, 2}, {1, 2})},
                             {pickle::text("a.bias"), pickle::vector("1", 2)}})),
           {{"data/0", raw(1.0F) + raw(3.0F) + raw(2.0F) + raw(4.0F)}, {"data/1", raw(5.0F) + raw(6.0F)}});
  write_bytes(folder / "f.index.json", R"({"weight_map":{"a.weight":"f.safetensors","a.bias":"f.safetensors"}})");
  return {folder / "f.safetensors", folder / "f.npz", folder / "f.pt", folder / "f.index.json"};
}

/// Reads a file, and its bytes, of which a sanitiser wants to know. Only an Error may come out.
bool is_read(const std::filesystem::path& path) {
  try {
    unsigned sum = 0;
    for (const Tensor& tensor : phew::read_tensor_file(path).tensors)
      for (const std::byte b : tensor.bytes) sum += std::to_integer<unsigned>(b);
    volatile unsigned sink = sum;
    (void)sink;
    return true;
  } catch (const phew::Error& error) {
    BOOST_TEST(static_cast<int>(error.code()) != static_cast<int>(ExitCode::internal), error.what());
    return false;
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(weights_file)

BOOST_AUTO_TEST_CASE(every_kind_is_told_by_content_not_by_name) {
  const TemporaryFolder folder;
  const std::vector<std::string> formats{"safetensors", "npz", "pt", "safetensors"};
  const auto samples = write_samples(folder);
  for (std::size_t i = 0; i < samples.size(); ++i) {
    std::filesystem::copy_file(samples[i], folder / "copy", std::filesystem::copy_options::overwrite_existing);
    const TensorFile file = phew::read_tensor_file(folder / "copy");
    check_same(file.tensors, small);
    BOOST_TEST(file.format == formats[i]);
    BOOST_TEST(file.path == folder / "copy");
    BOOST_TEST((file.find("a.bias") != nullptr && file.find("a.bias")->shape.size() == 1));
    BOOST_TEST((file.find("b") == nullptr));
  }
}

BOOST_AUTO_TEST_CASE(what_is_no_weight_file_is_told_what_it_is) {
  const TemporaryFolder folder;
  using namespace std::string_literals;
  const std::vector<std::tuple<std::string, ExitCode, std::string>> cases{
      {"", ExitCode::data, "an empty file"},
      {"\n<!DOCTYPE html><html>", ExitCode::data, "an HTML or XML page"},
      {"<HTML><head>", ExitCode::data, "an HTML or XML page"},
      {"<?xml version=\"1.0\"?><Error>AccessDenied</Error>", ExitCode::data, "an HTML or XML page"},
      {"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 80\n", ExitCode::data, "git lfs pull"},
      {"\x80\x02\x8a\x0al\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.\x80\x02M"s, ExitCode::data, "legacy, non-zip"},
      {"\x80\x04\x95"s, ExitCode::data, "a Python pickle"},
      {"\x93NUMPY\x01\x00"s, ExitCode::data, "single .npy"},
      {"\x89HDF\r\n\x1a\n"s, ExitCode::data, "HDF5"},
      {"\x1f\x8b\x08"s, ExitCode::data, "gunzip"},
      {"\x08\x07\x12\x07pytorch"s, ExitCode::data, "expected an ONNX model"},
      {"{\"error\": \"not found\"}", ExitCode::data, "without weight_map"},
      {"no weights here", ExitCode::data, "no known format"},
      {"PK\x03\x04 and no more"s, ExitCode::data, "directory cannot be read"},
      {raw(std::uint64_t{1000}) + "{\"a\"", ExitCode::data, "cut short"},
  };
  for (const auto& [bytes, code, text] : cases) {
    write_bytes(folder / "weights.pt", bytes);
    check_error([&] { (void)phew::read_tensor_file(folder / "weights.pt"); }, code, {"weights.pt: found", text});
  }
  check_error([&] { (void)phew::read_tensor_file(folder / "none.pt"); }, ExitCode::no_input, {"none.pt: cannot open"});
  check_error([&] { (void)phew::read_tensor_file(folder.path()); }, ExitCode::no_input, {"found a folder"});
}

BOOST_AUTO_TEST_CASE(an_archive_of_something_else_is_refused) {
  const TemporaryFolder folder;
  phew::AtomicFile file(folder / "f");
  phew::write_zip(file, {{"word/document.xml", {}}}, "");
  file.commit();
  check_error([&] { (void)phew::read_tensor_file(folder / "f"); }, ExitCode::data, {"zip archive without arrays"});
}

BOOST_AUTO_TEST_CASE(a_file_without_tensors_is_read_and_written) {
  const TemporaryFolder folder;
  for (const std::string name : {"f.safetensors", "f.npz"}) {
    phew::write_tensor_file(folder / name, {}, {});
    BOOST_TEST(phew::read_tensor_file(folder / name).tensors.empty());
  }
}

BOOST_AUTO_TEST_CASE(wrappers_and_pruning_are_undone_in_every_format) {
  const TemporaryFolder folder;
  const std::vector<Tensor> wrapped{phew::make_tensor("module.w_orig", {2}, {1, 2}),
                                    phew::make_tensor("module.w_mask", {2}, {0, 1})};
  for (const std::string name : {"f.safetensors", "f.npz"}) {
    phew::write_tensor_file(folder / name, wrapped, {});
    check_same(phew::read_tensor_file(folder / name).tensors,
               {phew::make_tensor("w", {2}, {0, 2}), phew::make_tensor("w_mask", {2}, {0, 1})});
  }
}

BOOST_AUTO_TEST_CASE(a_file_cut_anywhere_is_refused) {
  const TemporaryFolder folder;
  for (const auto& sample : write_samples(folder)) {
    const std::string bytes = read_bytes(sample);
    for (std::size_t length = 0; length < bytes.size(); ++length) {
      write_bytes(folder / "cut", std::string_view(bytes).substr(0, length));
      BOOST_TEST(!is_read(folder / "cut"), sample.filename() << " cut to " << length << " bytes was read");
    }
  }
}

BOOST_AUTO_TEST_CASE(flipped_bytes_give_an_error_or_a_file_but_nothing_else) {
  const TemporaryFolder folder;
  std::mt19937 random(5);
  for (const auto& sample : write_samples(folder)) {
    const std::string bytes = read_bytes(sample);
    for (int round = 0; round < 2000; ++round) {
      std::string flipped = bytes;
      for (unsigned flips = 1 + random() % 4; flips > 0; --flips)
        flipped[random() % flipped.size()] = static_cast<char>(random() % 256);
      write_bytes(folder / "flipped", flipped);
      (void)is_read(folder / "flipped");
    }
  }
}

/// Zip's checksum hides most flips from the unpickler, so it is shown them by itself, in a new archive.
BOOST_AUTO_TEST_CASE(flipped_bytes_of_a_pickle_give_an_error_or_a_file_but_nothing_else) {
  const TemporaryFolder folder;
  const std::string pickle = pickle::whole(
      pickle::dict({{pickle::text("model"),
                     pickle::dict({{pickle::text("w"), pickle::tensor(pickle::storage("0", 6), 0, {3, 2}, {1, 3})},
                                   {pickle::text("v"), pickle::vector("0", 6)}})}}));
  std::mt19937 random(6);
  int read = 0;
  for (int round = 0; round < 2000; ++round) {
    std::string flipped = pickle;
    for (unsigned flips = 1 + random() % 2; flips > 0; --flips)
      flipped[random() % flipped.size()] = static_cast<char>(random() % 256);
    write_pt(folder / "flipped", flipped, {{"data/0", std::string(24, 'x')}});
    read += is_read(folder / "flipped") ? 1 : 0;
  }
  BOOST_TEST(read > 0);
  BOOST_TEST(read < 2000);
}

BOOST_AUTO_TEST_SUITE_END()
