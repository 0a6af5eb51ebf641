#include "train/training_run.hpp"

#include "graph/initializer.hpp"
#include "graph/io/mask_file.hpp"
#include "graph/io/weights_file.hpp"
#include "graph/zoo.hpp"
#include "train/run_files.hpp"
#include "train/run_report.hpp"
#include "train/support.hpp"

#include <boost/algorithm/string/split.hpp>
#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <stdexcept>

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
  return train_ticket(ticket(), phew::test::banded_data(64, 32, 6, 3), c, machine, {folder}, observer);
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
    for (const char* key : {"train_loss", "train_accuracy", "test_loss", "test_accuracy", "images_per_second"})
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
  const phew::Evaluation again = evaluate_state(ticket().network, file.tensors, data, config(), machine);
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

/// The final state of a run's folder, as bytes.
std::string weights_of(const std::filesystem::path& folder) { return read_text(phew::RunFiles{folder}.weights()); }

std::vector<std::filesystem::path> checkpoints_of(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> found;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    if (entry.path().filename().string().starts_with("checkpoint-")) found.push_back(entry.path());
  std::ranges::sort(found);
  return found;
}

/// A run of 12 steps (four an epoch) that is told to stop after some of them.
phew::RunResult run_for(int steps, const phew::RunPlace& place) {
  phew::RunObserver observer;
  observer.stop = [left = steps]() mutable { return --left == 0; };
  return train_ticket(ticket(), phew::test::banded_data(64, 32, 6, 3), config(), machine, place, observer);
}

/// Metrics but for what a clock says.
nlohmann::json without_times(nlohmann::json epochs) {
  for (auto& epoch : epochs)
    for (const char* key : {"seconds", "images_per_second"}) epoch.erase(key);
  return epochs;
}

BOOST_AUTO_TEST_CASE(an_interrupted_run_goes_on_with_the_same_bits) {
  const TemporaryFolder folder;
  (void)run(folder / "whole");
  const auto cut = folder / "cut";
  for (const int steps : {6, 1, 3}) {  // stops after steps 6, 7 and 10, and once at an epoch's end: 12
    BOOST_TEST((run_for(steps, {cut}).status == phew::RunStatus::interrupted));
    BOOST_TEST(!checkpoints_of(cut).empty());
    BOOST_TEST(result_of(cut).at("status") == "interrupted");
    BOOST_TEST(!std::filesystem::exists(cut / "weights.safetensors"));
  }
  BOOST_TEST(metrics_of(cut).size() == 2U);
  BOOST_TEST((run_for(2, {cut}).status == phew::RunStatus::interrupted));
  const phew::RunResult result = run(cut);
  BOOST_TEST((result.status == phew::RunStatus::finished));
  BOOST_TEST(weights_of(cut) == weights_of(folder / "whole"));
  BOOST_TEST(without_times(result_of(cut).at("epochs")) == without_times(result_of(folder / "whole").at("epochs")));
  BOOST_TEST(result_of(cut).at("initial_gradient_norm") == result_of(folder / "whole").at("initial_gradient_norm"));
  BOOST_TEST(checkpoints_of(cut).empty());
}

/// What a killed process leaves: checkpoints older than the metrics, or a damaged one.
BOOST_AUTO_TEST_CASE(a_killed_run_goes_on_from_its_newest_whole_checkpoint) {
  const TemporaryFolder folder;
  (void)run(folder / "whole");
  const auto cut = folder / "cut";
  (void)run_for(9, {.folder = cut, .checkpoint_seconds = 0});
  const auto left = checkpoints_of(cut);
  BOOST_REQUIRE(left.size() == 2U);
  std::string bytes = read_text(left[1]);
  bytes[bytes.size() / 2] ^= 1;
  phew::test::write_text(left[1], bytes);
  std::ofstream(cut / "metrics.jsonl", std::ios::app) << read_text(cut / "metrics.jsonl");
  std::string notices;
  phew::RunObserver observer;
  observer.notice = [&](const std::string& line) { notices += line + '\n'; };
  (void)run(cut, config(), observer);
  BOOST_TEST(notices.find("found other content than its hash says; passing it over") != std::string::npos, notices);
  BOOST_TEST(notices.find("going on in epoch 2, after 8 steps") != std::string::npos, notices);
  BOOST_TEST(weights_of(cut) == weights_of(folder / "whole"));
  BOOST_TEST(without_times(result_of(cut).at("epochs")) == without_times(result_of(folder / "whole").at("epochs")));
}

BOOST_AUTO_TEST_CASE(a_finished_run_is_read_and_not_run_again_unless_told_to) {
  const TemporaryFolder folder;
  (void)run(folder / "run");
  const std::string before = read_text(folder / "run/metrics.jsonl");
  const auto report = result_of(folder / "run");
  std::string notice;
  phew::RunObserver observer;
  observer.notice = [&](const std::string& line) { notice = line; };
  observer.stop = []() -> bool { throw std::logic_error("it trains"); };
  const phew::RunResult again = run(folder / "run", config(), observer);
  BOOST_TEST(again.epochs.size() == 3U);
  BOOST_TEST(again.last()->test_loss == report.at("final").at("test_loss").get<double>());
  BOOST_TEST(again.initial_gradient_norm.value() == report.at("initial_gradient_norm").get<double>());
  BOOST_TEST(notice.find("--restart runs it again") != std::string::npos);
  BOOST_TEST(read_text(folder / "run/metrics.jsonl") == before);

  const std::string weights = weights_of(folder / "run");
  (void)train_ticket(ticket(), phew::test::banded_data(64, 32, 6, 3), config(), machine,
                     {.folder = folder / "run", .restart = true}, {});
  BOOST_TEST(metrics_of(folder / "run").size() == 3U);
  BOOST_TEST(weights_of(folder / "run") == weights);
}

BOOST_AUTO_TEST_CASE(the_mask_is_kept_with_the_run) {
  const TemporaryFolder folder;
  (void)run(folder / "run");
  const phew::Mask mask = phew::read_mask_file(folder / "run/mask.safetensors", ticket().network.parameters());
  BOOST_TEST((mask == *ticket().mask));
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
