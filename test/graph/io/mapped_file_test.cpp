#include "graph/io/mapped_file.hpp"

#include "support.hpp"

#include <algorithm>
#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

using namespace phew::test;
using phew::ExitCode;
using phew::MappedFile;

BOOST_AUTO_TEST_SUITE(mapped_file)

BOOST_AUTO_TEST_CASE(bytes_are_those_of_the_file_even_after_it_is_replaced) {
  const TemporaryFolder folder;
  write_bytes(folder / "f", "content");
  const MappedFile file(folder / "f");
  write_bytes(folder / "g", "another");
  std::filesystem::rename(folder / "g", folder / "f");
  BOOST_TEST(std::ranges::equal(file.bytes(), as_byte_span("content")));
}

BOOST_AUTO_TEST_CASE(an_empty_file_has_no_bytes) {
  const TemporaryFolder folder;
  write_bytes(folder / "f", "");
  BOOST_TEST(MappedFile(folder / "f").bytes().empty());
}

BOOST_AUTO_TEST_CASE(what_is_no_file_is_an_error) {
  const TemporaryFolder folder;
  check_error([&] { MappedFile(folder / "missing"); }, ExitCode::no_input, {"missing", "No such file"});
  check_error([&] { MappedFile(folder.path()); }, ExitCode::no_input, {"found a folder"});
  BOOST_REQUIRE(::mkfifo((folder / "pipe").c_str(), 0600) == 0);
  check_error([&] { MappedFile(folder / "pipe"); }, ExitCode::no_input, {"found a pipe"});
}

/// Bytes of file pages that this process has in memory.
std::size_t resident_file_bytes() {
  std::ifstream status("/proc/self/statm");
  std::size_t size = 0, resident = 0, of_files = 0;
  status >> size >> resident >> of_files;
  return of_files * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

BOOST_AUTO_TEST_CASE(what_is_given_back_leaves_memory_and_can_be_read_again) {
  constexpr std::size_t size = std::size_t{64} << 20;
  const TemporaryFolder folder;
  write_bytes(folder / "f", std::string(size, 'x'));
  const MappedFile file(folder / "f");
  phew::take(file.bytes());
  const auto is_x = [](std::byte b) { return b == std::byte{'x'}; };
  BOOST_TEST(std::ranges::all_of(file.bytes(), is_x));
  const std::size_t before = resident_file_bytes();
  BOOST_TEST(before >= size);
  phew::give_back(file.bytes().subspan(100, size - 200));
  BOOST_TEST(resident_file_bytes() <= before - size + (std::size_t{1} << 20));
  BOOST_TEST(std::ranges::all_of(file.bytes(), is_x));
}

BOOST_AUTO_TEST_CASE(memory_of_no_file_is_not_given_back) {
  const std::vector<std::byte> heap(std::size_t{1} << 20, std::byte{'x'});
  phew::give_back(heap);
  phew::take(heap);
  BOOST_TEST(std::ranges::count(heap, std::byte{'x'}) == static_cast<std::ptrdiff_t>(heap.size()));
}

BOOST_AUTO_TEST_SUITE_END()
