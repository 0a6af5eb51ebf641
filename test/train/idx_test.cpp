#include "train/idx.hpp"

#include "archives.hpp"
#include "train/image_sets.hpp"
#include "train/support.hpp"

#include <boost/test/unit_test.hpp>

namespace {

using phew::test::TemporaryFolder;
using phew::test::thrown_by;
using phew::test::write_gzipped;
using phew::test::write_text;

std::string big_endian(std::uint32_t n) {
  return {static_cast<char>(n >> 24), static_cast<char>(n >> 16), static_cast<char>(n >> 8), static_cast<char>(n)};
}

/// An IDX file: 00 00 TYPE RANK, extents, bytes counting up.
std::string idx_file(const std::vector<std::uint32_t>& shape, char type = 8, std::uint32_t modulus = 256) {
  std::string out{'\0', '\0', type, static_cast<char>(shape.size())};
  std::uint32_t size = 1;
  for (const auto extent : shape) {
    out += big_endian(extent);
    size *= extent;
  }
  for (std::uint32_t i = 0; i < size; ++i) out += static_cast<char>(i % modulus);
  return out;
}

const char* const names[] = {"train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte",
                             "t10k-labels-idx1-ubyte"};

/// Six training and four test images of 5×3, labels counting up.
void write_set(const std::filesystem::path& folder) {
  write_text(folder / names[0], idx_file({6, 5, 3}));
  write_text(folder / names[1], idx_file({6}));
  write_gzipped(folder / (std::string(names[2]) + ".gz"), idx_file({4, 5, 3}));
  write_gzipped(folder / (std::string(names[3]) + ".gz"), idx_file({4}));
}

phew::test::Thrown reading(const std::string& content, bool gzipped = false) {
  const TemporaryFolder folder;
  if (gzipped)
    write_gzipped(folder / "file", content);
  else
    write_text(folder / "file", content);
  return thrown_by([&] { (void)phew::read_idx(folder / "file", 3); });
}

}  // namespace

BOOST_AUTO_TEST_SUITE(idx)

BOOST_AUTO_TEST_CASE(plain_and_gzipped_files_read_alike) {
  const TemporaryFolder folder;
  write_text(folder / "plain", idx_file({7, 4, 9}));
  write_gzipped(folder / "packed", idx_file({7, 4, 9}));
  for (const char* name : {"plain", "packed"}) {
    const phew::Tensor t = phew::read_idx(folder / name, 3);
    BOOST_TEST(t.shape == (phew::Shape{7, 4, 9}));
    BOOST_REQUIRE(t.bytes.size() == 252U);
    for (std::size_t i = 0; i < 252; ++i) BOOST_TEST(std::to_integer<std::size_t>(t.bytes[i]) == i);
  }
}

BOOST_AUTO_TEST_CASE(what_is_no_idx_file_is_refused) {
  BOOST_TEST(thrown_by([] { (void)phew::read_idx("/nonexistent/file", 3); }).code == 66);
  BOOST_TEST(thrown_by([] { (void)phew::read_idx("/", 3); }).code == 66);
  const std::string good = idx_file({2, 3, 3});
  BOOST_TEST(reading(good).code == 0);
  for (const std::string& bad : {std::string(), std::string("<html>not found</html>"), idx_file({2, 3}),
                                 idx_file({2, 3, 3}, 13), good.substr(0, 3)}) {
    const auto thrown = reading(bad);
    BOOST_TEST(thrown.code == 65);
    BOOST_TEST(thrown.mentions("magic number"));
  }
}

BOOST_AUTO_TEST_CASE(a_file_shorter_or_longer_than_its_header_says_is_refused) {
  const std::string good = idx_file({2, 3, 3});
  for (const bool gzipped : {false, true}) {
    BOOST_TEST(reading(good.substr(0, 9), gzipped).mentions("in its header"));
    BOOST_TEST(reading(good.substr(0, good.size() - 1), gzipped).mentions("found 17 bytes of data, expected 18"));
    BOOST_TEST(reading(good + "x", gzipped).mentions("found more bytes of data, expected 18"));
  }
}

BOOST_AUTO_TEST_CASE(a_truncated_or_damaged_gzip_stream_is_refused) {
  const TemporaryFolder folder;
  write_gzipped(folder / "packed", idx_file({20, 30, 3}));
  const std::string packed = phew::test::read_text(folder / "packed");
  for (const std::size_t length : {packed.size() - 1, packed.size() / 2, std::size_t{20}}) {
    write_text(folder / "cut", packed.substr(0, length));
    BOOST_TEST(thrown_by([&] { (void)phew::read_idx(folder / "cut", 3); }).code == 65);
  }
  std::string damaged = packed;
  damaged[packed.size() / 2] = static_cast<char>(damaged[packed.size() / 2] ^ 0x55);
  write_text(folder / "damaged", damaged);
  BOOST_TEST(thrown_by([&] { (void)phew::read_idx(folder / "damaged", 3); }).code == 65);
}

BOOST_AUTO_TEST_CASE(a_shape_beyond_the_file_is_refused_before_it_is_allocated) {
  const std::string header = std::string{'\0', '\0', '\x08', '\x03'} + big_endian(0xFFFFFFFF) + big_endian(0x10000);
  BOOST_TEST(reading(header + big_endian(1)).mentions("more than a file of 16 bytes can hold"));
  BOOST_TEST(reading(header + big_endian(0xFFFFFFFF)).mentions("more than 2^62"));  // overflows 2^62
}

BOOST_AUTO_TEST_CASE(a_set_is_found_in_its_folder_and_in_torchvisions) {
  const TemporaryFolder folder;
  std::filesystem::create_directories(folder / "FashionMNIST/raw");
  write_set(folder / "FashionMNIST/raw");
  const phew::Dataset data = phew::load_dataset("fashion-mnist", folder.path());
  BOOST_TEST(data.train.x.shape == (phew::Shape{6, 1, 5, 3}));
  BOOST_TEST(data.test.y.shape == phew::Shape{4});
  std::int64_t label = 0;
  std::memcpy(&label, data.train.y.bytes.data() + 5 * sizeof label, sizeof label);
  BOOST_TEST(label == 5);
  BOOST_TEST(data.normalisation.mean[0] == 44.5);  // 0 … 89
  BOOST_TEST(data.normalisation.deviation[0] == std::sqrt((90.0 * 90.0 - 1) / 12), boost::test_tools::tolerance(1e-12));
}

BOOST_AUTO_TEST_CASE(files_that_disagree_are_refused_by_name) {
  const TemporaryFolder folder;
  const auto load = [&] { return thrown_by([&] { (void)phew::load_dataset("mnist", folder.path()); }); };
  BOOST_TEST(load().code == 66);
  BOOST_TEST(load().mentions("https://"));
  BOOST_TEST(load().mentions("train-images-idx3-ubyte.gz (MD5 f68b3c2dcbeaaa9fbdd348bbdeb94873)"));
  write_set(folder.path());
  BOOST_TEST(load().code == 0);
  write_text(folder / names[1], idx_file({5}));
  BOOST_TEST(load().code == 65);
  BOOST_TEST(load().mentions("train-labels-idx1-ubyte: found 5 labels, expected 6"));
  write_text(folder / names[1], idx_file({6}, 8, 256).replace(8, 1, "\x0a"));
  BOOST_TEST(load().mentions("label 0: found 10, expected 0 to 9"));
  write_set(folder.path());
  std::filesystem::remove(folder / (std::string(names[3]) + ".gz"));
  BOOST_TEST(load().code == 66);
  BOOST_TEST(load().mentions("t10k-labels-idx1-ubyte.gz (MD5 ec29112dd5afa0611ce80d1b7f02629c)"));
  write_set(folder.path());
  write_gzipped(folder / (std::string(names[2]) + ".gz"), idx_file({4, 3, 5}));
  BOOST_TEST(load().mentions("expected the size of the training images"));
}

BOOST_AUTO_TEST_CASE(an_unknown_set_and_a_missing_folder_say_what_to_do) {
  const auto unknown = thrown_by([] { (void)phew::load_dataset("fashion-mist"); });
  BOOST_TEST(unknown.code == 64);
  BOOST_TEST(unknown.mentions("did you mean fashion-mnist?"));
  const auto missing = thrown_by([] { (void)phew::load_dataset("fashion-mnist", "/nonexistent"); });
  BOOST_TEST(missing.code == 66);
  BOOST_TEST(missing.mentions("dataset-fashion-mnist"));
}

BOOST_AUTO_TEST_SUITE_END()
