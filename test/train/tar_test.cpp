#include "train/tar.hpp"

#include "archives.hpp"
#include "train/support.hpp"

#include <boost/test/unit_test.hpp>

#include <map>

namespace {

using phew::test::TarEntry;
using phew::test::TemporaryFolder;
using phew::test::thrown_by;

/// Every entry of an archive: its name and what read() gives of it, "-" before the name of what is no file.
std::map<std::string, std::string> entries(const std::filesystem::path& path) {
  phew::GzipFile file(path);
  phew::TarReader archive(file);
  std::map<std::string, std::string> out;
  while (const auto entry = archive.next()) {
    std::string content(entry->size, '\0');
    archive.read(std::as_writable_bytes(std::span(content)));
    out[(entry->regular ? "" : "-") + entry->name] = content;
  }
  return out;
}

std::map<std::string, std::string> entries_of(const std::string& archive, bool gzipped = false) {
  const TemporaryFolder folder;
  if (gzipped)
    phew::test::write_gzipped(folder / "a.tar", archive);
  else
    phew::test::write_text(folder / "a.tar", archive);
  return entries(folder / "a.tar");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(tar)

BOOST_AUTO_TEST_CASE(entries_come_with_their_bytes_gzipped_or_not) {
  const std::string long_text(1500, 'x');
  const std::string archive = phew::test::tar({{"folder/", "", '5'},
                                               {"./folder/a", "hello"},
                                               {"b", long_text},
                                               {"empty", ""},
                                               {"link", "", '2'},
                                               {"deep", "d", '0', "some/where"}});
  for (const bool gzipped : {false, true}) {
    const auto found = entries_of(archive, gzipped);
    BOOST_TEST(found.size() == 6U);
    BOOST_TEST(found.at("folder/a") == "hello");
    BOOST_TEST(found.at("b") == long_text);
    BOOST_TEST(found.at("empty").empty());
    BOOST_TEST(found.contains("-link"));
    BOOST_TEST(found.contains("-folder/"));
    BOOST_TEST(found.at("some/where/deep") == "d");
  }
}

BOOST_AUTO_TEST_CASE(entries_may_be_passed_over) {
  const TemporaryFolder folder;
  phew::test::write_text(folder / "a.tar",
                         phew::test::tar({{"a", std::string(700, 'a')}, {"b", std::string(600, 'b')}}));
  phew::GzipFile file(folder / "a.tar");
  phew::TarReader archive(file);
  BOOST_TEST(archive.next()->name == "a");
  std::array<std::byte, 3> some{};
  archive.read(some);
  BOOST_TEST(archive.next()->name == "b");
  archive.read(some);
  BOOST_TEST((some[2] == std::byte{'b'}));
  BOOST_TEST(!archive.next());
}

BOOST_AUTO_TEST_CASE(what_is_no_archive_or_is_cut_short_is_refused) {
  const std::string good = phew::test::tar({{"a", std::string(700, 'a')}});
  const auto reading = [](const std::string& text) { return thrown_by([&] { (void)entries_of(text); }); };
  BOOST_TEST(reading(good).code == 0);
  BOOST_TEST(reading(good.substr(0, 512 + 1024)).code == 0);  // without the empty blocks
  BOOST_TEST(reading(std::string(700, 'x')).mentions("no tar header"));
  BOOST_TEST(reading(good.substr(0, 100)).mentions("ends within a header"));
  BOOST_TEST(reading(good.substr(0, 600)).mentions("a: found an archive that ends within this file"));
  for (const std::string& text : {std::string(700, 'x'), good.substr(0, 100), good.substr(0, 600)})
    BOOST_TEST(reading(text).code == 65);
  std::string changed = good;
  changed[3] = 'q';
  BOOST_TEST(reading(changed).mentions("no tar header"));
}

BOOST_AUTO_TEST_CASE(a_size_beyond_the_file_is_refused) {
  // 8 GB in an archive of 2 KB; the checksum is right.
  std::string archive = phew::test::tar({{"a", "x"}});
  archive.replace(124, 11, "77777777777");
  unsigned sum = 0;
  for (std::size_t i = 0; i < 512; ++i)
    sum += i >= 148 && i < 156 ? unsigned{' '} : static_cast<unsigned char>(archive[i]);
  char digits[8];
  std::snprintf(digits, sizeof digits, "%06o", sum);
  archive.replace(148, 6, digits);
  const auto thrown = thrown_by([&] { (void)entries_of(archive); });
  BOOST_TEST(thrown.code == 65);
  BOOST_TEST(thrown.mentions("a: found a size that the archive cannot hold"));
}

BOOST_AUTO_TEST_SUITE_END()
