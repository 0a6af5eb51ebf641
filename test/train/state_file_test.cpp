#include "train/state_file.hpp"

#include "graph/initializer.hpp"
#include "graph/zoo.hpp"
#include "train/support.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <limits>

namespace {

using phew::Tensor;
using phew::TensorFile;
using phew::test::thrown_by;

const phew::Network& network() {
  static const phew::Network net = phew::make_network("mlp:3-4-2,bn");
  return net;
}
std::vector<Tensor> state(std::uint64_t seed) { return phew::initial_state(network(), {}, seed); }

TensorFile file(std::vector<Tensor> tensors) { return {"w.safetensors", "safetensors", std::move(tensors), {}}; }

struct Matched {
  std::vector<Tensor> state;
  std::string notices;
};
Matched match(const TensorFile& f, bool allow_missing = false) {
  Matched out;
  out.state = phew::match_state(network(), f, state(0), allow_missing,
                                [&](const std::string& line) { out.notices += line + '\n'; });
  return out;
}

void drop(std::vector<Tensor>& tensors, const std::string& name) {
  BOOST_REQUIRE(std::erase_if(tensors, [&](const Tensor& t) { return t.name == name; }) == 1);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(state_file)

BOOST_AUTO_TEST_CASE(a_whole_state_is_matched_by_name_in_any_order) {
  auto tensors = state(5);
  std::reverse(tensors.begin(), tensors.end());
  const Matched m = match(file(tensors));
  BOOST_TEST(hash_of_state(m.state) == hash_of_state(state(5)));
  BOOST_TEST(hash_of_state(m.state) != hash_of_state(state(6)));
  BOOST_TEST(m.notices.empty());
}

BOOST_AUTO_TEST_CASE(batch_counters_may_be_missing) {
  auto tensors = state(5);
  drop(tensors, "1.num_batches_tracked");
  const Matched m = match(file(tensors));
  BOOST_TEST(hash_of_state(m.state) == hash_of_state(state(5)));
}

BOOST_AUTO_TEST_CASE(other_tensors_may_be_missing_on_request_only) {
  auto tensors = state(5);
  drop(tensors, "1.running_var");
  drop(tensors, "3.bias");
  const auto thrown = thrown_by([&] { (void)match(file(tensors)); });
  BOOST_TEST(thrown.code == 65);
  BOOST_TEST(thrown.mentions("w.safetensors: 1.running_var: found no tensor"));
  BOOST_TEST(thrown.mentions("--allow-missing"));
  const Matched m = match(file(tensors), true);
  BOOST_TEST(hash_of_state(m.state) == hash_of_state(state(5)));  // biases and statistics do not depend on the seed
  BOOST_TEST(m.notices == "w.safetensors: initialised what it lacks: 1.running_var, 3.bias\n");
  drop(tensors, "3.weight");
  BOOST_TEST(thrown_by([&] { (void)match(file(tensors)); }).mentions("3.weight"));
  BOOST_TEST(match(file(tensors), true).state.back().name == "3.bias");
}

BOOST_AUTO_TEST_CASE(other_names_are_taken_in_order_where_all_shapes_agree) {
  auto tensors = state(5);
  for (Tensor& t : tensors) t.name = "net." + t.name;
  const Matched m = match(file(tensors));
  BOOST_TEST(hash_of_state(m.state) == hash_of_state(state(5)));
  BOOST_TEST(m.notices.find("taken in order") != std::string::npos);
  auto without_counter = tensors;
  drop(without_counter, "net.1.num_batches_tracked");
  BOOST_TEST(hash_of_state(match(file(without_counter)).state) == hash_of_state(state(5)));
  std::swap(tensors[0], tensors[1]);
  BOOST_TEST(thrown_by([&] { (void)match(file(tensors)); }).code == 65);
}

BOOST_AUTO_TEST_CASE(prunable_tensors_alone_are_taken_in_order_when_the_rest_may_be_missing) {
  auto all = state(5);
  std::vector<Tensor> tensors{all[0], all[all.size() - 2]};
  for (Tensor& t : tensors) t.name += "_other";
  BOOST_TEST(thrown_by([&] { (void)match(file(tensors)); }).mentions("0.bias: found no tensor"));
  BOOST_TEST(hash_of_state(match(file(tensors), true).state) == hash_of_state(state(5)));
}

BOOST_AUTO_TEST_CASE(wrong_shapes_and_values_are_refused_by_name) {
  auto tensors = state(5);
  tensors[2] = phew::make_tensor("1.weight", {5}, std::vector<float>(5));
  const auto shape = thrown_by([&] { (void)match(file(tensors)); });
  BOOST_TEST(shape.code == 65);
  BOOST_TEST(shape.mentions("1.weight: found shape [5], expected [4]"));
  tensors[2] = phew::make_tensor("1.weight", {4}, {1, 2, std::numeric_limits<float>::quiet_NaN(), 4});
  BOOST_TEST(thrown_by([&] { (void)match(file(tensors)); }).mentions("1.weight: found NaN at element 2"));
}

BOOST_AUTO_TEST_SUITE_END()
