#include "train/schedule.hpp"

#include "train/support.hpp"

#include <boost/test/unit_test.hpp>

namespace {

std::vector<double> factors(const char* text, std::int64_t epochs) {
  const phew::Schedule schedule(text);
  std::vector<double> out;
  for (std::int64_t epoch = 0; epoch < epochs; ++epoch) out.push_back(schedule.factor(epoch, epochs));
  return out;
}

void check_close(const std::vector<double>& found, const std::vector<double>& expected) {
  BOOST_REQUIRE(found.size() == expected.size());
  for (std::size_t i = 0; i < found.size(); ++i)
    BOOST_TEST(found[i] == expected[i], boost::test_tools::tolerance(1e-12));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(schedule)

/// The values of torch.optim.lr_scheduler's classes of the same names, before each epoch.
BOOST_AUTO_TEST_CASE(factors_are_those_of_pytorchs_schedulers) {
  check_close(factors("constant", 3), {1, 1, 1});
  check_close(factors("step:2", 5), {1, 1, 0.1, 0.1, 0.01});
  check_close(factors("step:1:0.5", 3), {1, 0.5, 0.25});
  check_close(factors("multistep:1,3", 5), {1, 0.1, 0.1, 0.01, 0.01});
  check_close(factors("multistep:2:0.2", 4), {1, 1, 0.2, 0.2});
  check_close(factors("exponential:0.95", 3), {1, 0.95, 0.9025});
  check_close(factors("cosine", 4), {1, (1 + std::sqrt(0.5)) / 2, 0.5, (1 - std::sqrt(0.5)) / 2});
}

BOOST_AUTO_TEST_CASE(a_warm_up_rises_linearly_to_one) {
  const auto factor = [](std::int64_t step) { return phew::Schedule::warmup_factor(step, 4); };
  BOOST_TEST(factor(0) == 0.25);
  BOOST_TEST(factor(2) == 0.75);
  BOOST_TEST(factor(3) == 1.0);
  BOOST_TEST(factor(99) == 1.0);
  BOOST_TEST(phew::Schedule::warmup_factor(0, 0) == 1.0);
}

BOOST_AUTO_TEST_CASE(anything_else_is_refused) {
  for (const char* text : {"", "linear", "step", "step:", "step:0", "step:-3", "step:3:0", "step:3:0.1:2", "step:2,4",
                           "multistep:", "multistep:5,x", "multistep:5,,6", "exponential", "exponential:nan",
                           "constant:1", "cosine:2", "step:3 "}) {
    const auto thrown = phew::test::thrown_by([&] { phew::Schedule schedule(text); });
    BOOST_TEST(thrown.code == 64, text);
    BOOST_TEST(thrown.mentions("--schedule"));
  }
}

BOOST_AUTO_TEST_SUITE_END()
