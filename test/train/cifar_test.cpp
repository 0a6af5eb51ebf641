#include "train/cifar.hpp"

#include "archives.hpp"
#include "train/image_sets.hpp"
#include "train/support.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>

namespace {

namespace fs = std::filesystem;
using phew::test::labels;
using phew::test::TarEntry;
using phew::test::TemporaryFolder;
using phew::test::Thrown;
using phew::test::thrown_by;
using phew::test::write_text;

const phew::CifarFormat& ten() { return phew::cifar_formats()[0]; }
const phew::CifarFormat& hundred() { return phew::cifar_formats()[1]; }

/// A record: its label bytes, then red pixels `red`, green ones red + 1, blue ones red + 2.
std::string record(const std::string& label, char red) {
  return label + std::string(1024, red) + std::string(1024, static_cast<char>(red + 1)) +
         std::string(1024, static_cast<char>(red + 2));
}

/// CIFAR-10 of seven training images, two in each file but the last three, and one test image.
std::vector<TarEntry> small_ten() {
  const auto label = [](int c) { return std::string(1, static_cast<char>(c)); };
  std::vector<TarEntry> files;
  for (int i = 0; i < 5; ++i) {
    std::string content = record(label(i), static_cast<char>(10 * i));
    if (i < 2) content += record(label(9 - i), static_cast<char>(10 * i + 5));
    files.push_back({ten().folder + '/' + ten().train[static_cast<std::size_t>(i)], content});
  }
  files.push_back({ten().folder + '/' + ten().test, record(label(3), 77)});
  return files;
}

void write_files(const fs::path& folder, const std::vector<TarEntry>& files) {
  for (const TarEntry& file : files) {
    fs::create_directories((folder / file.name).parent_path());
    write_text(folder / file.name, file.content);
  }
}

phew::Dataset read(const phew::CifarFormat& format, const fs::path& folder) {
  return read_cifar(format, folder, [](const std::string&) {});
}

/// What is thrown for an archive of these entries.
Thrown reading_archive(const std::vector<TarEntry>& entries) {
  const TemporaryFolder folder;
  phew::test::write_gzipped(folder / ten().archive, phew::test::tar(entries));
  return thrown_by([&] { (void)read(ten(), folder.path()); });
}

void check_ten(const phew::Dataset& data) {
  BOOST_TEST(data.classes == 10);
  BOOST_TEST(data.train.x.shape == (phew::Shape{7, 3, 32, 32}));
  BOOST_TEST(data.test.x.shape == (phew::Shape{1, 3, 32, 32}));
  BOOST_TEST(labels(data.train.y) == (std::vector<std::int64_t>{0, 9, 1, 8, 2, 3, 4}));
  BOOST_TEST(labels(data.test.y) == std::vector<std::int64_t>{3});
  // The fourth image is the second of data_batch_2: 15, 16, 17.
  const auto image = data.train.x.bytes.subspan(3 * 3072, 3072);
  for (std::size_t i = 0; i < image.size(); ++i) BOOST_REQUIRE(std::to_integer<std::size_t>(image[i]) == 15 + i / 1024);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(cifar)

BOOST_AUTO_TEST_CASE(the_folder_and_the_archive_read_alike) {
  const TemporaryFolder folder;
  write_files(folder / "unpacked", small_ten());
  std::vector<TarEntry> shuffled = small_ten();  // archives keep no order
  std::ranges::reverse(shuffled);
  shuffled.push_back({ten().folder + "/readme.html", "<html>"});
  fs::create_directories(folder / "packed");
  phew::test::write_gzipped(folder / "packed/" / ten().archive, phew::test::tar(shuffled));
  for (const fs::path& place :
       {folder / "unpacked", folder / "unpacked" / ten().folder, folder / "packed", folder / "packed" / ten().archive})
    check_ten(read(ten(), place));
}

BOOST_AUTO_TEST_CASE(cifar_100_takes_the_fine_label) {
  const TemporaryFolder folder;
  const std::string train = record({19, 99}, 1) + record({0, 42}, 2), test = record({4, 7}, 3);
  write_files(folder.path(), {{"cifar-100-binary/train.bin", train}, {"cifar-100-binary/test.bin", test}});
  const phew::Dataset data = read(hundred(), folder.path());
  BOOST_TEST(data.classes == 100);
  BOOST_TEST(labels(data.train.y) == (std::vector<std::int64_t>{99, 42}));
  BOOST_TEST(labels(data.test.y) == std::vector<std::int64_t>{7});
  BOOST_TEST((data.train.x.bytes[3072] == std::byte{2}));
}

BOOST_AUTO_TEST_CASE(a_set_of_another_size_than_published_is_said_so) {
  const TemporaryFolder folder;
  write_files(folder.path(), small_ten());
  std::string said;
  (void)read_cifar(ten(), folder.path(), [&](const std::string& line) { said = line; });
  BOOST_TEST(said == "cifar-10: found 7 training and 1 test images, the published set has 50000 and 10000");
}

BOOST_AUTO_TEST_CASE(a_missing_set_says_where_to_get_it_and_its_checksum) {
  const TemporaryFolder folder;
  for (const char* name : {"cifar-10", "CIFAR10", "cifar-100"}) {
    const auto thrown = thrown_by([&] { (void)phew::load_dataset(name, folder.path()); });
    BOOST_TEST(thrown.code == 66);
    BOOST_TEST(thrown.mentions("https://www.cs.toronto.edu/~kriz/cifar-10"));
    BOOST_TEST(thrown.mentions("MD5"));
  }
  BOOST_TEST(thrown_by([] { (void)phew::load_dataset("cifar-10"); }).code == 66);
  write_text(folder / "cifar-10-python.tar.gz", "");
  BOOST_TEST(thrown_by([&] { (void)read(ten(), folder.path()); }).mentions("only the version for Python"));
  // One of the files is missing.
  auto files = small_ten();
  files.erase(files.begin() + 2);
  write_files(folder.path(), files);
  const auto thrown = thrown_by([&] { (void)read(ten(), folder.path()); });
  BOOST_TEST(thrown.code == 66);
  BOOST_TEST(thrown.mentions("data_batch_3.bin: found no file"));
}

BOOST_AUTO_TEST_CASE(files_that_are_no_records_or_have_bad_labels_are_refused) {
  const auto reading = [](const phew::CifarFormat& format, const std::string& train, const std::string& test) {
    const TemporaryFolder folder;
    for (const std::string& name : format.train) write_files(folder.path(), {{format.folder + '/' + name, train}});
    write_files(folder.path(), {{format.folder + '/' + format.test, test}});
    return thrown_by([&] { (void)read(format, folder.path()); });
  };
  const std::string good = record({1}, 1);
  BOOST_TEST(reading(ten(), good, good).code == 0);
  for (const std::string& bad : {std::string(), good.substr(1), good + "x", record({10}, 1), record({'\xff'}, 1)}) {
    BOOST_TEST(reading(ten(), good, bad).code == 65);
    BOOST_TEST(reading(ten(), bad, good).code == 65);
  }
  BOOST_TEST(reading(ten(), good, good + record({10}, 1)).mentions("image 1: found the class 10, expected 0 to 9"));
  BOOST_TEST(reading(ten(), good.substr(1), good).mentions("found 3072 bytes, expected a multiple of 3073"));
  const std::string fine = record({1, 1}, 1);
  BOOST_TEST(reading(hundred(), fine, fine).code == 0);
  BOOST_TEST(reading(hundred(), fine, record({20, 1}, 1)).mentions("superclass 20, expected 0 to 19"));
  BOOST_TEST(reading(hundred(), record({1, 100}, 1), fine).mentions("class 100, expected 0 to 99"));
}

BOOST_AUTO_TEST_CASE(archives_with_tricks_are_refused_and_nothing_is_extracted) {
  BOOST_TEST(reading_archive(small_ten()).code == 0);
  auto entries = small_ten();
  const std::string name = entries[1].name, content = entries[1].content;

  entries[1].name = "../" + name;  // not the name that is looked for
  BOOST_TEST(reading_archive(entries).mentions("found no cifar-10-batches-bin/data_batch_2.bin in it"));
  entries[1].name = "/" + name;
  BOOST_TEST(reading_archive(entries).code == 65);
  entries[1] = {name, "", '2'};  // a symbolic link
  BOOST_TEST(reading_archive(entries).mentions("found a link"));
  entries[1] = {name, content};
  entries.push_back({name, content});
  BOOST_TEST(reading_archive(entries).mentions("found twice"));
  entries.pop_back();
  entries.push_back({"../../escaped", "x"});
  BOOST_TEST(reading_archive(entries).code == 0);
  BOOST_TEST(!fs::exists(fs::temp_directory_path() / "escaped"));
}

BOOST_AUTO_TEST_CASE(a_damaged_archive_is_refused) {
  const TemporaryFolder folder;
  phew::test::write_gzipped(folder / "whole", phew::test::tar(small_ten()));
  const std::string whole = phew::test::read_text(folder / "whole");
  for (const std::size_t length : {whole.size() - 4, whole.size() / 2, std::size_t{11}}) {
    write_text(folder / ten().archive, whole.substr(0, length));
    BOOST_TEST(thrown_by([&] { (void)read(ten(), folder.path()); }).code == 65, length);
  }
  write_text(folder / ten().archive, "<html>not found</html>");
  BOOST_TEST(thrown_by([&] { (void)read(ten(), folder.path()); }).code == 65);
}

BOOST_AUTO_TEST_SUITE_END()
