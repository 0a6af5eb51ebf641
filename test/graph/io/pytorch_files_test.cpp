// Files that PyTorch wrote: those of data/pytorch, or of the folder that PHEW_PYTORCH_FILES names.
#include "graph/io/weights_file.hpp"
#include "support.hpp"

#include <map>

using namespace phew::test;
using phew::DType;
using phew::ExitCode;
using phew::Tensor;
using phew::TensorFile;

namespace {

namespace fs = std::filesystem;

fs::path folder_of_files() {
  const char* named = std::getenv("PHEW_PYTORCH_FILES");
  return named != nullptr ? fs::path(named) : fs::path(PHEW_SOURCE_DIR) / "data" / "pytorch";
}

struct Refusal {
  ExitCode code;
  std::string text;
};

const std::map<std::string, Refusal> refusals{
    {"complex", {ExitCode::unsupported, "w: found type complex64"}},
    {"legacy", {ExitCode::data, "legacy, non-zip form"}},
    {"list", {ExitCode::data, "found a list"}},
    {"module_in_checkpoint", {ExitCode::data, "a whole pickled module (torch.nn.modules.linear.Linear)"}},
    {"namespace", {ExitCode::data, "an object of argparse.Namespace"}},
    {"no_tensors", {ExitCode::data, "no tensors under names"}},
    {"single_tensor", {ExitCode::data, "a single tensor"}},
    {"sparse", {ExitCode::unsupported, "torch._utils._rebuild_sparse_tensor"}},
    {"torchscript", {ExitCode::data, "a TorchScript archive"}},
    {"two_models", {ExitCode::data, "several state_dicts (generator, critic)"}},
    {"whole_module", {ExitCode::data, "torch.save(model.state_dict(), \"weights.pt\")"}},
};

/// Values are compared as numbers, since a pruned -1 is -0 in PyTorch and 0 here; bfloat16, which numpy lacks, is
/// expected as float32.
void check_as_expected(const Tensor& found, const Tensor& expected) {
  BOOST_TEST(found.name == expected.name);
  BOOST_TEST((found.dtype == expected.dtype || found.dtype == DType::bf16), found.name);
  BOOST_TEST(found.shape == expected.shape, boost::test_tools::per_element());
  const Tensor found_floats = phew::to_float32(found), expected_floats = phew::to_float32(expected);
  BOOST_TEST(phew::float_values(found_floats) == phew::float_values(expected_floats), boost::test_tools::per_element());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(pytorch_files)

BOOST_AUTO_TEST_CASE(what_pytorch_saved_is_read_or_refused_with_a_reason) {
  std::size_t read = 0, refused = 0;
  for (const auto& entry : fs::directory_iterator(folder_of_files())) {
    if (entry.path().extension() != ".pt") continue;
    BOOST_TEST_CONTEXT(entry.path()) {
      if (const auto refusal = refusals.find(entry.path().stem().string()); refusal != refusals.end()) {
        check_error([&] { (void)phew::read_tensor_file(entry.path()); }, refusal->second.code, {refusal->second.text});
        ++refused;
        continue;
      }
      const TensorFile found = phew::read_tensor_file(entry.path());
      const TensorFile expected = phew::read_tensor_file(fs::path(entry.path()).replace_extension(".npz"));
      BOOST_REQUIRE_EQUAL(found.tensors.size(), expected.tensors.size());
      for (std::size_t i = 0; i < found.tensors.size(); ++i) check_as_expected(found.tensors[i], expected.tensors[i]);
      ++read;
    }
  }
  BOOST_TEST(read >= 9U);
  BOOST_TEST(refused >= 6U);
}

BOOST_AUTO_TEST_CASE(halves_and_bfloat16_stay_as_they_are) {
  const TensorFile file = phew::read_tensor_file(folder_of_files() / "dtypes.pt");
  for (const DType dtype : all_dtypes) {
    const Tensor* tensor = file.find(std::string(phew::name_of(dtype)));
    BOOST_TEST_REQUIRE((tensor != nullptr));
    BOOST_TEST((tensor->dtype == dtype), tensor->name);
  }
}

BOOST_AUTO_TEST_CASE(shared_storages_are_read_once) {
  const TensorFile file = phew::read_tensor_file(folder_of_files() / "shared.pt");
  BOOST_TEST(file.find("encoder.weight")->bytes.data() == file.find("decoder.weight")->bytes.data());
  BOOST_TEST(file.find("tail")->bytes.data() == file.find("encoder.weight")->bytes.data() + 4 * sizeof(float));
}

BOOST_AUTO_TEST_SUITE_END()
