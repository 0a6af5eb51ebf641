#include "graph/io/mask_file.hpp"

#include "support.hpp"

using namespace phew::test;
using phew::DType;
using phew::ExitCode;
using phew::Mask;
using phew::Parameter;
using phew::Tensor;
using phew::TensorFile;

namespace {

const std::vector<Parameter> parameters{{"conv.weight", {3, 2, 5, 5}}, {"fc.weight", {2, 3}}};

Mask random_mask(std::mt19937& random) {
  Mask mask(parameters);
  for (std::size_t p = 0; p < parameters.size(); ++p)
    for (std::int64_t row = 0; row < parameters[p].rows(); ++row)
      for (std::int64_t column = 0; column < parameters[p].row_length(); ++column)
        if (random() % 3 == 0) mask[p].set(row, column);
  return mask;
}

TensorFile file_of(std::vector<Tensor> tensors) { return {"m.pt", "pt", std::move(tensors), {}}; }

Tensor constant(const std::string& name, const phew::Shape& shape, float value) {
  return phew::make_tensor(name, shape,
                           std::vector<float>(static_cast<std::size_t>(phew::element_count(shape)), value));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(mask_file)

BOOST_AUTO_TEST_CASE(random_masks_come_back_from_both_formats) {
  const TemporaryFolder folder;
  std::mt19937 random(3);
  for (const std::string name : {"m.safetensors", "m.npz"})
    for (int round = 0; round < 10; ++round) {
      const Mask mask = random_mask(random);
      phew::write_mask_file(folder / name, mask, parameters, {{"seed", "7"}});
      BOOST_TEST((phew::read_mask_file(folder / name, parameters) == mask));
      BOOST_TEST(phew::read_tensor_file(folder / name).metadata.at("seed") == "7");
    }
}

BOOST_AUTO_TEST_CASE(a_mask_is_written_as_bytes_of_zero_and_one) {
  Mask mask(parameters);
  mask[1].set(0, 1);
  mask[1].set(1, 2);
  const auto tensors = phew::mask_tensors(mask, parameters);
  const std::vector<std::uint8_t> expected{0, 1, 0, 0, 0, 1};
  const auto bytes = std::as_bytes(std::span(expected));
  check_same(tensors[1], phew::make_tensor("fc.weight", DType::u8, {2, 3}, {bytes.begin(), bytes.end()}));
}

BOOST_AUTO_TEST_CASE(an_all_zero_mask_is_valid) {
  const Mask mask = phew::mask_from_tensors(
      file_of({constant("conv.weight", {3, 2, 5, 5}, 0), constant("fc.weight", {2, 3}, 0)}), parameters);
  BOOST_TEST(mask.kept() == 0);
}

BOOST_AUTO_TEST_CASE(buffers_go_before_weights_of_the_name) {
  const auto kept = [](std::vector<Tensor> more, bool zeros_are_pruned = false) {
    more.push_back(constant("conv.weight", {3, 2, 5, 5}, 0.5F));
    more.push_back(constant("conv.weight_mask", {3, 2, 5, 5}, 0));
    more.push_back(constant("fc.bias", {2}, 9));
    return phew::mask_from_tensors(file_of(std::move(more)), parameters, {.zeros_are_pruned = zeros_are_pruned}).kept();
  };
  const Tensor weights = phew::make_tensor("fc.weight", {2, 3}, {0, 0.25F, -1, 0, 0, 1e-30F});
  BOOST_TEST(kept({weights}) == 6);  // no buffer: a layer that was not pruned
  BOOST_TEST(kept({weights}, true) == 3);
  BOOST_TEST(kept({phew::make_tensor("fc.weight", DType::boolean, {2, 3}, std::vector<std::byte>(6))}) == 0);
  check_error([&] { (void)kept({}); }, ExitCode::data, {"m.pt: fc.weight: found no such mask"});
}

BOOST_AUTO_TEST_CASE(a_buffer_of_something_else_makes_weights_no_masks) {
  check_error(
      [] {
        (void)phew::mask_from_tensors(
            file_of({constant("conv.weight", {3, 2, 5, 5}, 0.5F), constant("fc.weight", {2, 3}, 0.5F),
                     constant("attention.causal_mask", {2, 2}, 1)}),
            parameters);
      },
      ExitCode::data, {"conv.weight: found 0.5", "--zeros-are-pruned"});
}

BOOST_AUTO_TEST_CASE(zeros_of_weights_are_pruned_if_said_so) {
  const TensorFile weights = file_of({constant("conv.weight", {3, 2, 5, 5}, 0.5F),
                                      phew::make_tensor("fc.weight", {2, 3}, {0, 0.25F, -1, 0, 0, 1e-30F})});
  BOOST_TEST(phew::mask_from_tensors(weights, parameters, {.zeros_are_pruned = true}).kept() == 153);
  check_error([&] { (void)phew::mask_from_tensors(weights, parameters); }, ExitCode::data,
              {"m.pt: conv.weight: found 0.5 at [0, 0, 0, 0]", "--zeros-are-pruned"});
}

BOOST_AUTO_TEST_CASE(masks_that_do_not_fit_are_refused) {
  const auto refused = [](std::vector<Tensor> tensors, const std::vector<std::string>& texts) {
    check_error([&] { (void)phew::mask_from_tensors(file_of(std::move(tensors)), parameters); }, ExitCode::data, texts);
  };
  refused({}, {"m.pt: found no tensors"});
  refused({constant("conv1.weight", {3, 2, 5, 5}, 1), constant("fc.weight", {2, 3}, 1)},
          {"m.pt: conv.weight: found no such mask", "expected shape [3, 2, 5, 5]", "nearest name is conv1.weight"});
  refused({constant("conv.weight", {3, 2, 5, 5}, 1), constant("fc.weight", {3, 2}, 1)},
          {"m.pt: fc.weight: found shape [3, 2], expected [2, 3]"});
}

BOOST_AUTO_TEST_CASE(weights_are_masked_by_name_without_a_network) {
  const TensorFile weights{
      "w.npz", "npz", {constant("a", {2, 2}, 3), constant("b", {2}, 0), constant("c", {2}, 5)}, {}};
  const auto masked = [&](std::vector<Tensor> masks, bool zeros_are_pruned = false) {
    return phew::masked_tensors(weights, file_of(std::move(masks)), {.zeros_are_pruned = zeros_are_pruned});
  };
  const Tensor a_mask = phew::make_tensor("a", {2, 2}, {1, 0, 0, 1});
  const Tensor a = phew::make_tensor("a", {2, 2}, {3, 0, 0, 3});
  check_same(masked({a_mask}), {a, weights.tensors[1], weights.tensors[2]});
  check_same(masked({a_mask, phew::make_tensor("c", {2}, {0, 1})}),
             {a, weights.tensors[1], phew::make_tensor("c", {2}, {0, 5})});
  // Of a pruned state_dict only its buffers are masks; of weights only matrices and kernels.
  Tensor buffer = a_mask;
  buffer.name = "a_mask";
  check_same(masked({constant("a", {2, 2}, 0.5F), buffer, constant("c", {2}, 0.5F)}),
             {a, weights.tensors[1], weights.tensors[2]});
  check_same(masked({phew::make_tensor("a", {2, 2}, {9, 0, 0, 9}), constant("c", {2}, 0)}, true),
             {a, weights.tensors[1], weights.tensors[2]});

  check_error(
      [&] {
        (void)masked({constant("aa", {2, 2}, 1)});
      },
      ExitCode::data, {"m.pt: aa: found no such tensor in w.npz; the nearest name is a"});
  check_error([&] { (void)masked({constant("a", {4}, 1)}); }, ExitCode::data, {"m.pt: a: found shape [4]"});
  check_error([&] { (void)masked({constant("a", {2, 2}, 0.5F)}); }, ExitCode::data, {"--zeros-are-pruned"});
  check_error([&] { (void)masked({}); }, ExitCode::data, {"found no tensors"});
}

BOOST_AUTO_TEST_CASE(a_failed_write_leaves_the_old_file) {
  const TemporaryFolder folder;
  const Mask mask(parameters, true);
  write_bytes(folder / "m.npz", "old");
  check_error(
      [&] {
        phew::write_mask_file(folder / "m.npz", mask, parameters, {{"k", std::string(70'000, 'x')}});
      },
      ExitCode::data, {"70"});
  BOOST_TEST(read_bytes(folder / "m.npz") == "old");
  BOOST_TEST(folder.file_count() == 1U);
  check_error([&] { phew::write_mask_file(folder / "m.h5", mask, parameters, {}); }, ExitCode::usage,
              {"m.h5: found extension \".h5\", expected .safetensors, .npz or .pt"});
  check_error([&] { phew::write_mask_file(folder / "none" / "m.npz", mask, parameters, {}); }, ExitCode::cant_create,
              {"create it first"});
}

BOOST_AUTO_TEST_SUITE_END()
