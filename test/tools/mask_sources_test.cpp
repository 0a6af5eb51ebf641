#include "common/mask_sources.hpp"

#include "graph/error.hpp"
#include "support/temporary_folder.hpp"

#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <fstream>

namespace fs = std::filesystem;
using phew::tools::natural_less;

namespace {

/// An empty file in it.
void touch(const phew::test::TemporaryFolder& folder, const char* name) { std::ofstream(folder / name) << "x"; }

phew::Tensor tensor(const char* name, phew::Shape shape) {
  const auto n = static_cast<std::size_t>(phew::element_count(shape));
  return phew::make_tensor(name, phew::DType::u8, std::move(shape), std::vector<std::byte>(n));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(mask_sources)

BOOST_AUTO_TEST_CASE(numbers_in_names_are_numbers) {
  BOOST_TEST(natural_less("t-2", "t-10"));
  BOOST_TEST(!natural_less("t-10", "t-2"));
  BOOST_TEST(natural_less("t-2.npz", "t-2a.npz"));
  BOOST_TEST(natural_less("a", "b"));
  BOOST_TEST(natural_less("t", "t-1"));
  BOOST_TEST(!natural_less("t-1", "t-1"));
  BOOST_TEST(natural_less("t-01", "t-1") != natural_less("t-1", "t-01"));
}

BOOST_AUTO_TEST_CASE(a_folder_is_its_mask_files_in_order) {
  const phew::test::TemporaryFolder folder;
  for (const char* name : {"m-10.npz", "m-9.safetensors", "notes.txt", "m-9.json", "b.pt"}) touch(folder, name);
  fs::create_directory(folder / "folder.npz");
  const auto files = phew::tools::mask_files(folder.path());
  BOOST_REQUIRE(files.size() == 3U);
  BOOST_TEST(files[0].filename() == "b.pt");
  BOOST_TEST(files[1].filename() == "m-9.safetensors");
  BOOST_TEST(files[2].filename() == "m-10.npz");
}

BOOST_AUTO_TEST_CASE(a_file_is_itself_whatever_its_name) {
  const phew::test::TemporaryFolder folder;
  touch(folder, "mask.bin");
  BOOST_TEST(phew::tools::mask_files(folder / "mask.bin").size() == 1U);
}

BOOST_AUTO_TEST_CASE(nothing_there) {
  const phew::test::TemporaryFolder folder;
  BOOST_CHECK_THROW((void)phew::tools::mask_files(folder.path()), phew::Error);
  BOOST_CHECK_THROW((void)phew::tools::mask_files(folder / "missing"), phew::Error);
}

BOOST_AUTO_TEST_CASE(parameters_are_what_the_file_has_of_rank_two) {
  phew::TensorFile file;
  file.tensors = {tensor("fc.weight_mask", {2, 3}), tensor("fc.bias", {2}), tensor("fc.weight", {2, 3}),
                  tensor("conv.weight", {1, 2, 3, 3})};
  const auto parameters = phew::tools::masked_parameters(file);
  BOOST_REQUIRE(parameters.size() == 2U);
  BOOST_TEST(parameters[0].name == "fc.weight");
  BOOST_TEST(parameters[1].name == "conv.weight");
  BOOST_TEST(parameters[1].row_length() == 18);
  file.tensors = {tensor("fc.bias", {2})};
  BOOST_CHECK_THROW((void)phew::tools::masked_parameters(file), phew::Error);
}

BOOST_AUTO_TEST_SUITE_END()
