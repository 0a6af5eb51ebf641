#include "train/user_data.hpp"

#include "archives.hpp"
#include "graph/io/weights_file.hpp"
#include "graph/zoo.hpp"
#include "train/image_sets.hpp"
#include "train/support.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <limits>

namespace {

using phew::DType;
using phew::make_tensor;
using phew::Shape;
using phew::Tensor;
using phew::test::TemporaryFolder;
using phew::test::Thrown;
using phew::test::thrown_by;

template <typename T>
Tensor array(const char* name, DType dtype, const Shape& shape, std::vector<T> values) {
  const auto bytes = std::as_bytes(std::span(values));
  return make_tensor(name, dtype, shape, {bytes.begin(), bytes.end()});
}
Tensor floats(const char* name, const Shape& shape, float first = 0) {
  std::vector<float> values(static_cast<std::size_t>(phew::element_count(shape)));
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = first + static_cast<float>(i);
  return make_tensor(name, shape, std::move(values));
}
Tensor classes(std::vector<std::int64_t> values) {
  const auto count = static_cast<std::int64_t>(values.size());
  return array("y", DType::i64, {count}, std::move(values));
}
Tensor bytes(const Shape& shape) {
  std::vector<std::uint8_t> values(static_cast<std::size_t>(phew::element_count(shape)));
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<std::uint8_t>(i);
  return array("x", DType::u8, shape, std::move(values));
}

/// What reading these arrays gives, for training and, if there are any, for the test.
phew::Dataset read(const std::vector<Tensor>& train, const std::vector<Tensor>& test = {}) {
  const TemporaryFolder folder;
  write_tensor_file(folder / "train.npz", train, {});
  if (test.empty()) return phew::read_user_data(folder / "train.npz", {});
  write_tensor_file(folder / "test.npz", test, {});
  return phew::read_user_data(folder / "train.npz", folder / "test.npz");
}
Thrown reading(const std::vector<Tensor>& train, const std::vector<Tensor>& test = {}) {
  return thrown_by([&] { (void)read(train, test); });
}

}  // namespace

BOOST_AUTO_TEST_SUITE(user_data)

BOOST_AUTO_TEST_CASE(features_with_classes) {
  const phew::Dataset data =
      read({floats("x", {3, 4}), classes({0, 2, 1})}, {floats("x", {2, 4}, 100), classes({3, 0})});
  BOOST_TEST(data.train.x.shape == (Shape{3, 4, 1, 1}));
  BOOST_TEST(data.test.x.shape == (Shape{2, 4, 1, 1}));
  BOOST_TEST(float_values(data.test.x)[7] == 107);
  BOOST_TEST(data.classes == 4);  // the highest is in the test
  BOOST_TEST(!data.is_regression());
  BOOST_TEST(data.normalisation.mean == std::vector<double>{0});
  BOOST_TEST(data.normalisation.deviation == std::vector<double>{1});
  BOOST_TEST(phew::test::labels(data.train.y) == (std::vector<std::int64_t>{0, 2, 1}));
}

BOOST_AUTO_TEST_CASE(images_of_bytes_are_normalised_by_channel_features_together) {
  const phew::Dataset images = read({bytes({2, 2, 1, 2}), classes({0, 1})});  // 0 1 | 2 3 and 4 5 | 6 7
  BOOST_TEST(images.normalisation.mean == (std::vector<double>{2.5, 4.5}));
  const phew::Dataset features = read({bytes({2, 4}), classes({0, 1})});
  BOOST_TEST(features.train.x.shape == (Shape{2, 4, 1, 1}));
  BOOST_TEST(features.normalisation.mean == std::vector<double>{3.5});
  BOOST_TEST(features.normalisation.deviation.at(0) == std::sqrt(63.0 / 12), boost::test_tools::tolerance(1e-12));
}

BOOST_AUTO_TEST_CASE(float_targets_make_a_regression) {
  const phew::Dataset one = read({floats("x", {3, 4}), floats("y", {3})});
  BOOST_TEST(one.is_regression());
  BOOST_TEST(one.train.y.shape == (Shape{3, 1}));
  const phew::Dataset many =
      read({floats("x", {3, 4}), array("y", DType::f64, {3, 2}, std::vector<double>{1, 2, 3, 4, 5, 6.5})});
  BOOST_TEST(many.outputs() == 2);
  BOOST_TEST(float_values(many.train.y)[5] == 6.5);
  BOOST_TEST(phew::default_loss(many) == "mse");
  BOOST_TEST(thrown_by([&] { check_settings(many, "cross-entropy", "none"); }).code == 64);
  BOOST_TEST(thrown_by([&] { check_settings(many, "mse", "none"); }).code == 0);
  BOOST_TEST(thrown_by([&] { check_settings(many, "mse", "crop-flip"); }).code == 64);

  phew::Dataset fits = many;
  fit_to(fits, phew::make_network("mlp:4-5-2"));
  BOOST_TEST(thrown_by([&] { fit_to(fits, phew::make_network("mlp:4-5-3")); }).mentions("expected 2, the targets"));
}

BOOST_AUTO_TEST_CASE(a_network_may_have_more_outputs_than_classes_were_seen) {
  phew::Dataset data = read({floats("x", {3, 4}), classes({0, 2, 1})});
  fit_to(data, phew::make_network("mlp:4-5"));
  fit_to(data, phew::make_network("mlp:4-3"));
  BOOST_TEST(thrown_by([&] { fit_to(data, phew::make_network("mlp:4-2")); }).code == 65);
  BOOST_TEST(thrown_by([&] { check_settings(data, "mse", "none"); }).code == 0);
  BOOST_TEST(thrown_by([&] { check_settings(data, "cross-entropy", "crop-flip"); }).code == 64);
}

BOOST_AUTO_TEST_CASE(arrays_of_other_types_shapes_and_values_are_refused) {
  const Tensor x = floats("x", {3, 4}), y = classes({0, 1, 2});
  BOOST_TEST(reading({x, y}).code == 0);
  const auto refused = [](const std::vector<Tensor>& arrays, const char* words) {
    const Thrown thrown = reading(arrays);
    BOOST_TEST(thrown.code == 65, words);
    BOOST_TEST(thrown.mentions(words), thrown.message);
    BOOST_TEST(thrown.message.find('\n') == std::string::npos);
  };
  refused({x}, "y: found no array of that name, only x");
  refused({floats("X", {3, 4}), y}, "x: found no array");
  refused({floats("x", {12}), y}, "expected [N, C, H, W] or [N, F]");
  refused({floats("x", {3, 2, 2}), y}, "found the shape [3, 2, 2]");
  refused({floats("x", {0, 4}), classes({})}, "found no values");
  refused({array("x", DType::i64, {3, 1}, std::vector<std::int64_t>{1, 2, 3}), y}, "found int64, expected floats");
  refused({x, array("y", DType::i32, {3}, std::vector<std::int32_t>{0, 1, 2})}, "found int32, expected int64");
  refused({x, array("y", DType::u8, {3}, std::vector<std::uint8_t>{0, 1, 2})}, "found uint8");
  refused({x, classes({0, 1})}, "found 2 rows, expected 3");
  refused({x, floats("y", {4, 2})}, "found 4 rows, expected 3");
  refused({x, array("y", DType::i64, {3, 1}, std::vector<std::int64_t>{0, 1, 2})}, "expected [N] of classes");
  refused({x, floats("y", {3, 0})}, "found no targets");
  refused({x, classes({0, -1, 2})}, "example 1: found the class -1");
  refused({x, classes({0, 1, std::int64_t{1} << 40})}, "example 2");
  const float nan = std::numeric_limits<float>::quiet_NaN();
  refused({make_tensor("x", {3, 1}, {1, nan, 2}), y}, "x");
  refused({x, make_tensor("y", {3, 1}, {1, 2, std::numeric_limits<float>::infinity()})}, "y");
  refused({array("x", DType::f64, {3, 1}, std::vector<double>{1, 1e300, 2}), y}, "x");
}

BOOST_AUTO_TEST_CASE(files_that_do_not_agree_are_refused) {
  const std::vector<Tensor> train{floats("x", {3, 4}), classes({0, 1, 2})};
  BOOST_TEST(reading(train, {floats("x", {3, 5}), classes({0, 1, 2})}).mentions("as the training data have"));
  BOOST_TEST(reading(train, {bytes({3, 4}), classes({0, 1, 2})}).code == 65);
  BOOST_TEST(reading(train, {floats("x", {3, 4}), floats("y", {3})}).code == 65);
  BOOST_TEST(reading({floats("x", {3, 4}), floats("y", {3, 2})}, {floats("x", {3, 4}), floats("y", {3, 1})}).code ==
             65);
}

BOOST_AUTO_TEST_CASE(files_are_told_from_names) {
  const TemporaryFolder folder;
  const auto loading = [&](const std::string& name, const std::string& test, std::uint64_t seed) {
    phew::DataSource source;
    source.name = name;
    source.test = test;
    source.seed = seed;
    std::string said;
    Thrown thrown = thrown_by([&] { (void)load_dataset(source, [&](const std::string& line) { said = line; }); });
    if (thrown.code == 0) thrown.message = said;
    return thrown;
  };
  const std::string file = (folder / "a.npz").string();
  BOOST_TEST(loading(file, "", 0).code == 66);
  phew::write_tensor_file(file, {floats("x", {3, 4}), classes({0, 1, 2})}, {});
  BOOST_TEST(loading(file, "", 0).code == 0);
  BOOST_TEST(loading(file, "", 0).mentions("no --test-data"));
  BOOST_TEST(loading(file, file, 0).message.empty());
  BOOST_TEST(loading(file, "", 1).code == 64);
  BOOST_TEST(loading("fashion-mnist", file, 0).code == 64);
  phew::test::write_text(folder / "page.npz", "<html>not found</html>");
  BOOST_TEST(loading((folder / "page.npz").string(), "", 0).code == 65);
  const std::string whole = phew::test::read_text(file);
  phew::test::write_text(folder / "cut.npz", whole.substr(0, whole.size() / 2));
  BOOST_TEST(loading((folder / "cut.npz").string(), "", 0).code == 65);
}

BOOST_AUTO_TEST_SUITE_END()
