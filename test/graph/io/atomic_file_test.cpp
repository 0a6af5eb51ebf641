#include "graph/io/atomic_file.hpp"

#include "support.hpp"

#include <sys/stat.h>
#include <unistd.h>

using namespace phew::test;
using phew::AtomicFile;
using phew::ExitCode;

BOOST_AUTO_TEST_SUITE(atomic_file)

BOOST_AUTO_TEST_CASE(a_committed_file_replaces_the_old_one) {
  const TemporaryFolder folder;
  write_bytes(folder / "f", "old");
  AtomicFile file(folder / "f");
  file.write(std::string_view("new "));
  file.write(std::string_view("content"));
  BOOST_TEST(read_bytes(folder / "f") == "old");
  file.commit();
  BOOST_TEST(read_bytes(folder / "f") == "new content");
  BOOST_TEST(folder.file_count() == 1U);
}

BOOST_AUTO_TEST_CASE(without_commit_the_old_file_stays_and_nothing_else) {
  const TemporaryFolder folder;
  write_bytes(folder / "f", "old");
  {
    AtomicFile file(folder / "f");
    file.write(std::string_view("half-writ"));
    BOOST_TEST(folder.file_count() == 2U);
  }
  BOOST_TEST(read_bytes(folder / "f") == "old");
  BOOST_TEST(folder.file_count() == 1U);
}

BOOST_AUTO_TEST_CASE(permissions_follow_the_umask) {
  const TemporaryFolder folder;
  const mode_t before = ::umask(027);
  phew::write_file(folder / "f", "x");
  ::umask(before);
  struct stat status {};
  BOOST_REQUIRE(::stat((folder / "f").c_str(), &status) == 0);
  BOOST_TEST((status.st_mode & 0777) == 0640U);
}

BOOST_AUTO_TEST_CASE(a_name_without_a_folder_is_in_the_current_one) {
  const TemporaryFolder folder;
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(folder.path());
  phew::write_file("f", "here");
  std::filesystem::current_path(before);
  BOOST_TEST(read_bytes(folder / "f") == "here");
}

BOOST_AUTO_TEST_CASE(a_missing_folder_and_a_folder_as_target_are_errors) {
  const TemporaryFolder folder;
  check_error([&] { phew::write_file(folder / "missing" / "f", "x"); }, ExitCode::cant_create,
              {"missing", "create it first"});
  check_error([&] { phew::write_file(folder.path(), "x"); }, ExitCode::cant_create, {"found a folder"});
  BOOST_TEST(folder.file_count() == 0U);
}

BOOST_AUTO_TEST_CASE(a_read_only_folder_is_an_error) {
  if (::geteuid() == 0) {
    BOOST_TEST_MESSAGE("skipped: root may write everywhere");
    return;
  }
  const TemporaryFolder folder;
  std::filesystem::permissions(folder.path(), std::filesystem::perms::owner_read | std::filesystem::perms::owner_exec);
  check_error([&] { phew::write_file(folder / "f", "x"); }, ExitCode::cant_create, {"cannot write into"});
  std::filesystem::permissions(folder.path(), std::filesystem::perms::owner_all);
}

BOOST_AUTO_TEST_SUITE_END()
