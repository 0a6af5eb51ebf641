#include "graph/io/zip_archive.hpp"

#include "support.hpp"

#include <cstdint>

using namespace phew::test;
using phew::ExitCode;
using phew::ZipArchive;

namespace {

ZipArchive open(const std::filesystem::path& path) {
  return ZipArchive(std::make_shared<const phew::MappedFile>(path));
}

void write(const std::filesystem::path& path, const std::vector<std::pair<std::string, std::string>>& contents,
           std::string_view comment = "") {
  std::vector<phew::ZipEntry> entries;
  for (const auto& [name, text] : contents) entries.push_back({name, {as_byte_span(text)}});
  phew::AtomicFile file(path);
  phew::write_zip(file, entries, comment);
  file.commit();
}

std::string text_of(const phew::SharedBytes& content) {
  return {reinterpret_cast<const char*>(content.bytes.data()), content.bytes.size()};
}

/// Overwrites a number at an offset of a file.
template <typename T>
void patch(std::string& bytes, std::size_t at, T value) {
  BOOST_REQUIRE(at + sizeof value <= bytes.size());
  std::memcpy(bytes.data() + at, &value, sizeof value);
}

// Offsets of fields within a local header ("PK\3\4") and a central one ("PK\1\2").
constexpr std::size_t local_name = 30;
constexpr std::size_t central_flags = 8, central_method = 10, central_packed = 20, central_size = 24, central_name = 46;

std::size_t central_of(const std::string& bytes) { return bytes.find("PK\x01\x02"); }

}  // namespace

BOOST_AUTO_TEST_SUITE(zip_archive)

BOOST_AUTO_TEST_CASE(entries_and_comment_come_back_in_order) {
  const TemporaryFolder folder;
  write(folder / "f", {{"b", "second"}, {"a/c", std::string(100'000, 'x')}, {"empty", ""}}, "a comment");
  const ZipArchive archive = open(folder / "f");
  BOOST_REQUIRE_EQUAL(archive.entries().size(), 3U);
  BOOST_TEST(archive.entries()[0].name == "b");
  BOOST_TEST(archive.entries()[1].size == 100'000U);
  BOOST_TEST(archive.find("empty") == 2U);
  BOOST_TEST(archive.find("none") == 3U);
  BOOST_TEST(archive.comment() == "a comment");
  BOOST_TEST(text_of(archive.read(0)) == "second");
  BOOST_TEST(text_of(archive.read(1)) == std::string(100'000, 'x'));
  BOOST_TEST(text_of(archive.read(2)).empty());
}

BOOST_AUTO_TEST_CASE(large_archives_are_read_by_several_threads_to_the_same_effect) {
  const TemporaryFolder folder;
  std::vector<std::pair<std::string, std::string>> contents;
  for (int i = 0; i < 9; ++i)
    contents.emplace_back(std::to_string(i), std::string(3'000'000, static_cast<char>('a' + i)));
  write(folder / "f", contents);
  const ZipArchive archive = open(folder / "f");
  const std::vector<std::size_t> order{8, 0, 3, 1, 2, 7, 6, 5, 4};
  const auto read = archive.read_all(order);
  for (std::size_t i = 0; i < order.size(); ++i) BOOST_TEST((text_of(read[i]) == contents[order[i]].second));
}

BOOST_AUTO_TEST_CASE(the_same_entries_give_the_same_bytes) {
  const TemporaryFolder folder;
  write(folder / "f", {{"a", "1"}});
  write(folder / "g", {{"a", "1"}});
  BOOST_TEST(read_bytes(folder / "f") == read_bytes(folder / "g"));
  // 1 January 1980, midnight, whatever the time zone.
  BOOST_TEST(read_bytes(folder / "f").substr(10, 4) == std::string("\x00\x00\x21\x00", 4));
}

BOOST_AUTO_TEST_CASE(a_changed_byte_is_found_by_its_checksum) {
  const TemporaryFolder folder;
  write(folder / "f", {{"a", "some content"}});
  std::string bytes = read_bytes(folder / "f");
  bytes[bytes.find("some content")] ^= 1;
  write_bytes(folder / "f", bytes);
  check_error([&] { (void)open(folder / "f").read(0); }, ExitCode::data, {"f: a: ", "CRC error"});
}

BOOST_AUTO_TEST_CASE(an_archive_without_its_end_is_refused) {
  const TemporaryFolder folder;
  write(folder / "f", {{"a", "some content"}});
  const std::string bytes = read_bytes(folder / "f");
  write_bytes(folder / "f", bytes.substr(0, bytes.size() - 10));
  check_error([&] { (void)open(folder / "f"); }, ExitCode::data, {"directory cannot be read", "download it again"});
}

BOOST_AUTO_TEST_CASE(sizes_that_cannot_be_true_are_refused_before_anything_is_allocated) {
  const TemporaryFolder folder;
  write(folder / "f", {{"a", "some content"}});
  const std::string good = read_bytes(folder / "f");
  const std::size_t central = central_of(good);
  const auto refused = [&](std::uint16_t method, std::uint32_t packed, std::uint32_t size) {
    std::string bytes = good;
    patch(bytes, central + central_method, method);
    patch(bytes, central + central_packed, packed);
    patch(bytes, central + central_size, size);
    write_bytes(folder / "bad", bytes);
    check_error([&] { (void)open(folder / "bad"); }, ExitCode::data, {"bad: a: "});
  };
  refused(0, 12, 4'000'000'000);             // stored, but larger than what is stored
  refused(0, 4'000'000'000, 4'000'000'000);  // more than the file
  refused(8, 12, 14'000);                    // deflated, beyond what deflate can do
  refused(12, 12, 12);                       // bzip2
}

BOOST_AUTO_TEST_CASE(entries_may_share_the_limit_but_not_exceed_it) {
  BOOST_TEST(phew::unpacking_limit(1000) == std::uint64_t{2} << 30);
  BOOST_TEST(phew::unpacking_limit(std::uint64_t{1} << 30) == std::uint64_t{64} << 30);
}

BOOST_AUTO_TEST_CASE(encrypted_and_doubled_entries_are_refused) {
  const TemporaryFolder folder;
  write(folder / "f", {{"a", "x"}, {"b", "y"}});
  const std::string good = read_bytes(folder / "f");
  const std::size_t central = central_of(good);
  std::string encrypted = good;
  patch(encrypted, central + central_flags, std::uint16_t{1});
  write_bytes(folder / "f", encrypted);
  check_error([&] { (void)open(folder / "f"); }, ExitCode::data, {"a: found an entry encrypted"});

  std::string doubled = good;
  doubled[good.find("PK\x03\x04", 4) + local_name] = 'a';
  doubled[good.find("PK\x01\x02", central + 4) + central_name] = 'a';
  write_bytes(folder / "f", doubled);
  check_error([&] { (void)open(folder / "f"); }, ExitCode::data, {"a: found twice"});
}

BOOST_AUTO_TEST_CASE(a_comment_too_long_is_refused) {
  const TemporaryFolder folder;
  check_error([&] { write(folder / "f", {}, std::string(70'000, 'x')); }, ExitCode::data, {"70000 bytes of metadata"});
}

BOOST_AUTO_TEST_SUITE_END()
