#include "graph/io/onnx/constant.hpp"
#include "graph/io/support.hpp"

namespace phew::onnx {
namespace {

using Ids = std::vector<std::int64_t>;

Constant floats(Shape shape, const std::vector<float>& values) {
  return Constant(make_tensor("t", std::move(shape), values));
}

/// The values of what `op` computes.
std::optional<Constant> run(const std::string& op, const std::vector<Constant>& inputs,
                            std::vector<std::pair<std::string, Attribute>> attributes = {}) {
  const Node node{op, op, "", {}, {}, std::move(attributes)};
  std::vector<const Constant*> pointers;
  for (const Constant& input : inputs) pointers.push_back(&input);
  return fold(node, pointers, "node");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(onnx_fold)

BOOST_AUTO_TEST_CASE(shape_arithmetic) {
  const Constant shape = make_integers({2, 12, 7, 5});
  BOOST_TEST((integers(*run("Gather", {shape, make_integers({1, -1})})) == Ids{12, 5}));
  BOOST_TEST((integers(*run("Slice", {shape, make_integers({-3}), make_integers({INT64_MAX})})) == Ids{12, 7, 5}));
  BOOST_TEST((integers(*run("Concat", {shape, make_integers({-1})})) == Ids{2, 12, 7, 5, -1}));
  BOOST_TEST((integers(*run("Div", {shape, make_integers({2})})) == Ids{1, 6, 3, 2}));
  BOOST_TEST((integers(*run("ReduceProd", {shape})) == Ids{840}));
  BOOST_TEST((integers(*run("Cast", {floats({2}, {3.7F, -3.7F})}, {{"to", std::int64_t{7}}})) == Ids{3, -3}));
  BOOST_TEST((integers(*run("Shape", {floats({2, 3}, {1, 2, 3, 4, 5, 6})})) == Ids{2, 3}));
  BOOST_TEST(
      (integers(*run("Where", {make_integers({1, 0}), make_integers({5}), make_integers({6, 7})})) == Ids{5, 7}));
  BOOST_TEST((integers(*run("Range", {make_integers({1}), make_integers({8}), make_integers({3})})) == Ids{1, 4, 7}));
}

BOOST_AUTO_TEST_CASE(weights_are_seen_through_strides) {
  const Constant weight = floats({2, 3}, {1, 2, 3, 4, 5, 6});
  const Constant transposed = *run("Transpose", {weight});
  BOOST_TEST((transposed.shape() == Shape{3, 2}));
  BOOST_TEST(!transposed.in_order());
  BOOST_TEST(transposed.tensor.bytes.data() == weight.tensor.bytes.data());  // nothing is copied
  BOOST_TEST((numbers(transposed) == std::vector<double>{1, 4, 2, 5, 3, 6}));
  const Constant reshaped = *run("Reshape", {transposed, make_integers({-1})});
  BOOST_TEST((numbers(reshaped) == std::vector<double>{1, 4, 2, 5, 3, 6}));
  const Constant back = *run("Transpose", {transposed}, {{"perm", Ids{1, 0}}});
  BOOST_TEST(back.in_order());
}

BOOST_AUTO_TEST_CASE(what_is_not_computed) {
  BOOST_TEST(!run("RandomNormal", {make_integers({1})}).has_value());
  BOOST_TEST(!run("Range", {make_integers({1, 2}), make_integers({8}), make_integers({3})}).has_value());
  BOOST_TEST(!run("Add", {floats({300, 300}, std::vector<float>(90000)), floats({1}, {1})}).has_value());
  test::check_error(
      [] {
        (void)run("Reshape", {make_integers({1, 2, 3}), make_integers({2, -1})});
      },
      ExitCode::data, {"node"});
  test::check_error([] { (void)run("Gather", {make_integers({1}), make_integers({4})}); }, ExitCode::data, {"node"});
  test::check_error(
      [] {
        (void)run("Add", {make_integers({1, 2, 3}), make_integers({2, 1})});
      },
      ExitCode::data, {"node"});
  test::check_error([] { (void)run("Transpose", {make_integers({1})}, {{"perm", Ids{1}}}); }, ExitCode::data, {"perm"});
}

BOOST_AUTO_TEST_CASE(slices_clamp_as_numpy_does) {
  BOOST_TEST((slice_indices(5, 1, 100, 2, "n") == Ids{1, 3}));
  BOOST_TEST((slice_indices(5, -2, INT64_MAX, 1, "n") == Ids{3, 4}));
  BOOST_TEST((slice_indices(5, -1, INT64_MIN, -2, "n") == Ids{4, 2, 0}));
  BOOST_TEST(slice_indices(5, 4, 2, 1, "n").empty());
  test::check_error([] { (void)slice_indices(5, 0, 5, 0, "n"); }, ExitCode::data, {"step of 0"});
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace phew::onnx
