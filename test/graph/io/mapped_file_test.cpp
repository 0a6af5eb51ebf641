#include "graph/io/mapped_file.hpp"

#include "support.hpp"

#include <sys/stat.h>

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

BOOST_AUTO_TEST_SUITE_END()
