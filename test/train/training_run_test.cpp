#include "train/training_run.hpp"

#include "graph/initializer.hpp"
#include "graph/io/weights_file.hpp"
#include "graph/zoo.hpp"
#include "train/run_files.hpp"
#include "train/run_report.hpp"
#include "train/support.hpp"

#include <boost/algorithm/string/split.hpp>
#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace {

using phew::test::read_text;
using phew::test::TemporaryFolder;
using phew::test::thrown_by;

const phew::Machine machine{"cpu", 1, "LibTorch"};

phew::Ticket ticket() {
  phew::Ticket t{phew::make_network("mlp:36-12-3,bn"), {}, {}};
  t.initial = phew::initial_state(t.network, {}, 1);
  t.mask.emplace(t.network.parameters(), true);
  for (std::int64_t c = 0; c < 36; ++c) (*t.mask)[0].reset(c % 12, c);
  return t;
}

phew::RunConfig config() {
  phew::RunConfig c;
  c.network = "mlp:36-12-3,bn";
  c.epochs = 3;
  c.batch_size = 16;
  c.lr = 0.05;
  describe(c, ticket(), phew::test::banded_data(64, 32, 6, 3));
  return c;
}

phew::RunResult run(const std::filesystem::path& folder, const phew::RunConfig& c = config(),
                    const phew::RunObserver& observer = {}) {
  return train_ticket(ticket(), phew::test::banded_data(64, 32, 6, 3), c, machine, folder, observer);
}

nlohmann::json result_of(const std::filesystem::path& folder) {
  return nlohmann::json::parse(read_text(phew::RunFiles{folder}.result()));
}

std::vector<nlohmann::json> metrics_of(const std::filesystem::path& folder) {
  std::ifstream file(phew::RunFiles{folder}.metrics());
  std::vector<nlohmann::json> out;
  for (std::string line; std::getline(file, line);) out.push_back(nlohmann::json::parse(line));
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(training_run)

BOOST_AUTO_TEST_CASE(a_run_leaves_its_files) {
  const TemporaryFolder folder;
  const phew::RunResult result = run(folder / "run");
  BOOST_TEST((result.status == phew::RunStatus::finished));
  BOOST_TEST(result.epochs.size() == 3U);

  const auto lines = metrics_of(folder / "run");
  BOOST_REQUIRE(lines.size() == 3U);
  for (std::size_t i = 0; i < 3; ++i) {
    BOOST_TEST(lines[i].at("epoch") == i + 1);
    for (const char* key : {"train_loss", "test_loss", "test_accuracy", "images_per_second"})
      BOOST_TEST(lines[i].at(key).is_number(), key);
  }
  const auto report = result_of(folder / "run");
  BOOST_TEST(report.at("status") == "finished");
  BOOST_TEST(report.at("epochs").size() == 3U);
  BOOST_TEST(report.at("final") == lines[2]);
  BOOST_TEST(report.at("best").at("test_accuracy") == result.best()->test_accuracy.value());
  BOOST_TEST(report.at("density").get<double>() == 1 - 36.0 / 468, boost::test_tools::tolerance(1e-12));
}

BOOST_AUTO_TEST_CASE(final_weights_are_the_state_in_order_with_pruned_weights_zero) {
  const TemporaryFolder folder;
  (void)run(folder / "run");
  const phew::TensorFile file = phew::read_tensor_file(phew::RunFiles{folder / "run"}.weights());
  const auto state = ticket().network.state();
  BOOST_REQUIRE(file.tensors.size() == state.size());
  for (std::size_t i = 0; i < state.size(); ++i) BOOST_TEST(file.tensors[i].name == state[i].name);
  const phew::Tensor weight = phew::to_float32(file.tensors[0]);
  const auto values = phew::float_values(weight);
  std::int64_t zeros = 0;
  for (std::int64_t c = 0; c < 36; ++c) BOOST_TEST(values[static_cast<std::size_t>(c % 12 * 36 + c)] == 0.0F);
  for (const float v : values) zeros += v == 0.0F;
  BOOST_TEST(zeros == 36);

  const phew::Dataset data = phew::test::banded_data(64, 32, 6, 3);
  const phew::Evaluation again = evaluate_state(ticket().network, file.tensors, data, "cross-entropy", machine);
  const auto last = metrics_of(folder / "run").back();
  BOOST_TEST(again.accuracy.value() == last.at("test_accuracy").get<double>());
  BOOST_TEST(again.loss == last.at("test_loss").get<double>());
}

BOOST_AUTO_TEST_CASE(the_same_settings_give_the_same_bytes_and_another_seed_others) {
  const TemporaryFolder folder;
  (void)run(folder / "a");
  (void)run(folder / "b");
  phew::RunConfig other = config();
  other.seed = 1;
  (void)run(folder / "c", other);
  const auto weights = [&](const char* name) { return phew::read_tensor_file(folder / name / "weights.safetensors"); };
  const auto a = weights("a"), b = weights("b"), c = weights("c");
  for (std::size_t i = 0; i < a.tensors.size(); ++i)
    BOOST_TEST(std::ranges::equal(a.tensors[i].bytes, b.tensors[i].bytes), a.tensors[i].name);
  BOOST_TEST(!std::ranges::equal(a.tensors[0].bytes, c.tensors[0].bytes));
}

BOOST_AUTO_TEST_CASE(a_loss_that_is_not_finite_leaves_its_reason_and_no_weights) {
  const TemporaryFolder folder;
  phew::RunConfig c = config();
  c.lr = 1e30;
  const auto thrown = thrown_by([&] { (void)run(folder / "run", c); });
  BOOST_TEST(thrown.code == 65);
  const auto report = result_of(folder / "run");
  BOOST_TEST(report.at("status") == "failed");
  BOOST_TEST(report.at("reason") == thrown.message);
  BOOST_TEST(report.at("final").is_null());
  BOOST_TEST(!std::filesystem::exists(folder / "run/weights.safetensors"));
}

BOOST_AUTO_TEST_CASE(an_interrupted_run_keeps_whole_epochs_and_starts_over) {
  const TemporaryFolder folder;
  int steps = 0;
  phew::RunObserver observer;
  observer.stop = [&] { return ++steps == 6; };  // four steps an epoch
  const phew::RunResult result = run(folder / "run", config(), observer);
  BOOST_TEST((result.status == phew::RunStatus::interrupted));
  BOOST_TEST(metrics_of(folder / "run").size() == 1U);
  BOOST_TEST(result_of(folder / "run").at("status") == "interrupted");
  BOOST_TEST(!std::filesystem::exists(folder / "run/weights.safetensors"));
  BOOST_TEST((run(folder / "run").status == phew::RunStatus::finished));
  BOOST_TEST(metrics_of(folder / "run").size() == 3U);
}

BOOST_AUTO_TEST_CASE(the_best_epoch_is_the_first_of_equals) {
  phew::RunResult result;
  BOOST_TEST(result.best() == nullptr);
  for (const double accuracy : {0.5, 0.7, 0.7, 0.6}) {
    phew::EpochMetrics m;
    m.epoch = static_cast<std::int64_t>(result.epochs.size()) + 1;
    m.test_accuracy = accuracy;
    result.epochs.push_back(m);
  }
  BOOST_TEST(result.best()->epoch == 2);

  // Of a regression, which has no accuracy, that of the lowest loss.
  phew::RunResult regression;
  for (const double loss : {0.5, 0.2, 0.2, 0.3}) {
    phew::EpochMetrics m;
    m.epoch = static_cast<std::int64_t>(regression.epochs.size()) + 1;
    m.test_loss = loss;
    regression.epochs.push_back(m);
  }
  BOOST_TEST(regression.best()->epoch == 2);
}

BOOST_AUTO_TEST_SUITE_END()
