#include "graph/io/torch_names.hpp"

#include "support.hpp"

using namespace phew::test;
using phew::ExitCode;
using phew::Tensor;

namespace {

/// The names that these become.
std::vector<std::string> undone(const std::vector<std::string>& names) {
  std::vector<Tensor> tensors;
  for (const auto& name : names) tensors.push_back(phew::make_tensor(name, {1}, {1.0F}));
  phew::undo_torch_names(tensors, "f");
  std::vector<std::string> result;
  for (const Tensor& tensor : tensors) result.push_back(tensor.name);
  return result;
}

using Names = std::vector<std::string>;

}  // namespace

BOOST_AUTO_TEST_SUITE(torch_names)

BOOST_AUTO_TEST_CASE(prefixes_go_if_all_names_have_them) {
  BOOST_TEST((undone({"module.a", "module.b"}) == Names{"a", "b"}));
  BOOST_TEST((undone({"_orig_mod.module.a", "_orig_mod.module.module.b"}) == Names{"a", "module.b"}));
  BOOST_TEST((undone({"module._orig_mod.module.a"}) == Names{"a"}));
  BOOST_TEST((undone({"module.a", "b"}) == Names{"module.a", "b"}));
  BOOST_TEST((undone({"modules.a"}) == Names{"modules.a"}));
  BOOST_TEST((undone({"module."}) == Names{"module."}));
  BOOST_TEST(undone({}).empty());
}

BOOST_AUTO_TEST_CASE(pruned_weights_become_products) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  std::vector<Tensor> tensors{phew::make_tensor("x.weight_orig", {2, 2}, {1, nan, -3, 4}),
                              phew::make_tensor("x.bias", {1}, {5}),
                              phew::make_tensor("x.weight_mask", {2, 2}, {1, 0, 0, 1})};
  phew::undo_torch_names(tensors, "f");
  check_same(tensors, {phew::make_tensor("x.weight", {2, 2}, {1, 0, 0, 4}), phew::make_tensor("x.bias", {1}, {5}),
                       phew::make_tensor("x.weight_mask", {2, 2}, {1, 0, 0, 1})});
}

BOOST_AUTO_TEST_CASE(a_lone_orig_or_mask_stays_as_it_is) {
  BOOST_TEST((undone({"w_orig", "v_mask", "w"}) == Names{"w_orig", "v_mask", "w"}));
}

BOOST_AUTO_TEST_CASE(pruned_weights_that_do_not_fit_are_refused) {
  const auto refused = [](std::vector<Tensor> tensors, const std::string& text) {
    check_error([&] { phew::undo_torch_names(tensors, "f"); }, ExitCode::data, {"f: ", text});
  };
  const Tensor orig = phew::make_tensor("w_orig", {2}, {1, 2});
  refused({orig, phew::make_tensor("w_mask", {1, 2}, {1, 1})}, "w_mask: found shape [1, 2], expected [2]");
  refused({orig, phew::make_tensor("w_mask", {2}, {1, 0.5F})}, "w_mask: found 0.5 at [1]");
  refused({orig, phew::make_tensor("w_mask", {2}, {1, 1}), phew::make_tensor("w", {2}, {1, 1})},
          "w: found beside w_orig");
}

BOOST_AUTO_TEST_SUITE_END()
