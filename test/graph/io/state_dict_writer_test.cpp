#include "graph/io/state_dict.hpp"
#include "support.hpp"

using namespace phew::test;
using phew::DType;
using phew::Tensor;

namespace {

void write(const std::filesystem::path& path, const std::vector<Tensor>& tensors,
           const std::map<std::string, std::string>& metadata = {}) {
  phew::AtomicFile file(path);
  phew::write_state_dict(file, tensors, metadata);
  file.commit();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(state_dict_writer)

BOOST_AUTO_TEST_CASE(random_tensors_and_metadata_come_back_as_they_were) {
  const TemporaryFolder folder;
  std::mt19937 random(2);
  for (int round = 0; round < 50; ++round) {
    auto tensors = random_tensors(random, 1 + random() % 8);
    // A dictionary of scalars alone is no state_dict to the reader.
    tensors.push_back(phew::make_tensor("last", {2, 300}, std::vector<float>(600, 0.5F)));
    const std::map<std::string, std::string> metadata{{"method", "phew"}, {"seed", "0"}};
    write(folder / "f.pt", tensors, metadata);
    const auto file = phew::read_tensor_file(folder / "f.pt");
    BOOST_TEST(file.format == "pt");
    check_same(file.tensors, tensors);
    BOOST_TEST((file.metadata == metadata));
  }
}

BOOST_AUTO_TEST_CASE(a_name_twice_is_refused) {
  const TemporaryFolder folder;
  const Tensor tensor = phew::make_tensor("a", {1}, {1.0F});
  BOOST_CHECK_THROW(write(folder / "f.pt", {tensor, tensor}), phew::Error);
  BOOST_TEST(!std::filesystem::exists(folder / "f.pt"));
}

BOOST_AUTO_TEST_SUITE_END()
