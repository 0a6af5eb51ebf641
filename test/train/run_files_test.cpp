#include "train/run_files.hpp"

#include "train/support.hpp"

#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include <limits>
#include <sys/wait.h>
#include <unistd.h>

namespace {

using phew::RunConfig;
using phew::RunFolder;
using phew::test::read_text;
using phew::test::TemporaryFolder;
using phew::test::thrown_by;
using phew::test::write_text;

RunConfig config() {
  RunConfig c;
  c.network = "vgg11-bn,input=3x32x32";
  c.initial = "file \"with\" quotes \\ and backslash.safetensors";
  c.initial_hash = "00ff";
  c.lr = 0.1;
  c.weight_decay = 1e-4;
  c.nesterov = true;
  c.seed = std::numeric_limits<std::uint64_t>::max();
  return c;
}

const phew::Machine machine{"cpu", 2, "LibTorch 0"};

phew::EpochMetrics metrics(std::int64_t epoch) {
  phew::EpochMetrics m;
  m.epoch = epoch;
  m.train_loss = 0.1 * static_cast<double>(epoch);
  return m;
}

struct Opened {
  phew::test::Thrown thrown;
  std::string notice;
};
/// Opens a run folder and closes it.
Opened open(const std::filesystem::path& folder, const RunConfig& c = config(), bool restart = false,
            const phew::Machine& on = machine) {
  Opened out;
  out.thrown =
      thrown_by([&] { RunFolder run(folder, c, on, restart, [&](const std::string& line) { out.notice = line; }); });
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(run_files)

BOOST_AUTO_TEST_CASE(a_config_reads_back_as_it_was) {
  const TemporaryFolder folder;
  write_text(folder / "config.toml", to_toml(config(), machine));
  const RunConfig back = phew::read_run_config(folder / "config.toml");
  BOOST_TEST(differences(back, config()).empty());
  BOOST_TEST(hash_of(back) == hash_of(config()));
  BOOST_TEST(back.initial == config().initial);
  BOOST_TEST(back.lr == 0.1);
  BOOST_TEST(back.seed == config().seed);
}

BOOST_AUTO_TEST_CASE(the_hash_sees_every_setting_but_the_names_of_files) {
  const std::string hash = hash_of(config());
  const auto changed = [&](auto change) {
    RunConfig c = config();
    change(c);
    return hash_of(c) != hash;
  };
  BOOST_TEST(changed([](RunConfig& c) { c.network = "resnet20"; }));
  BOOST_TEST(changed([](RunConfig& c) { c.initial_hash = "0"; }));
  BOOST_TEST(changed([](RunConfig& c) { c.mask_hash = "0"; }));
  BOOST_TEST(changed([](RunConfig& c) { c.data_hash = "0"; }));
  BOOST_TEST(changed([](RunConfig& c) { c.limit = 9; }));
  BOOST_TEST(changed([](RunConfig& c) { c.epochs = 9; }));
  BOOST_TEST(changed([](RunConfig& c) { c.batch_size = 9; }));
  BOOST_TEST(changed([](RunConfig& c) { c.optimizer = "adam"; }));
  BOOST_TEST(changed([](RunConfig& c) { c.lr = 0.10000000000000002; }));
  BOOST_TEST(changed([](RunConfig& c) { c.schedule = "cosine"; }));
  BOOST_TEST(changed([](RunConfig& c) { c.momentum = 0; }));
  BOOST_TEST(changed([](RunConfig& c) { c.nesterov = false; }));
  BOOST_TEST(changed([](RunConfig& c) { c.weight_decay = 0; }));
  BOOST_TEST(changed([](RunConfig& c) { c.loss = "mse"; }));
  BOOST_TEST(changed([](RunConfig& c) { c.warmup = 1; }));
  BOOST_TEST(changed([](RunConfig& c) { c.precision = "bf16"; }));
  BOOST_TEST(changed([](RunConfig& c) { c.channels_last = true; }));
  BOOST_TEST(changed([](RunConfig& c) { c.first_step = 1; }));
  BOOST_TEST(changed([](RunConfig& c) { c.augment = "crop-flip"; }));
  BOOST_TEST(changed([](RunConfig& c) { c.seed = 1; }));
  BOOST_TEST(!changed([](RunConfig& c) { c.initial = "elsewhere.safetensors"; }));
  BOOST_TEST(!changed([](RunConfig& c) { c.mask = "elsewhere.safetensors"; }));
  BOOST_TEST(!changed([](RunConfig& c) { c.data = "elsewhere.npz"; }));
}

BOOST_AUTO_TEST_CASE(settings_out_of_range_are_refused_by_flag) {
  const auto refusal = [](auto change) {
    RunConfig c;
    change(c);
    return thrown_by([&] { check(c); });
  };
  const double nan = std::numeric_limits<double>::quiet_NaN();
  BOOST_TEST(refusal([](RunConfig&) {}).code == 0);
  BOOST_TEST(refusal([](RunConfig& c) { c.epochs = 0; }).mentions("--epochs: found 0"));
  BOOST_TEST(refusal([](RunConfig& c) { c.batch_size = 0; }).mentions("--batch-size"));
  BOOST_TEST(refusal([](RunConfig& c) { c.limit = -1; }).mentions("--limit"));
  BOOST_TEST(refusal([](RunConfig& c) { c.augment = "flips"; }).mentions("--augment: found flips"));
  BOOST_TEST(refusal([](RunConfig& c) { c.optimizer = "lamb"; }).mentions("--optimizer: found lamb"));
  BOOST_TEST(refusal([&](RunConfig& c) { c.lr = nan; }).mentions("--lr"));
  BOOST_TEST(refusal([](RunConfig& c) { c.lr = 0; }).code == 64);
  BOOST_TEST(refusal([](RunConfig& c) { c.momentum = 1; }).mentions("--momentum"));
  BOOST_TEST(refusal([&](RunConfig& c) { c.weight_decay = nan; }).mentions("--weight-decay"));
  BOOST_TEST(refusal([](RunConfig& c) { c.schedule = "x"; }).mentions("--schedule"));
  BOOST_TEST(refusal([](RunConfig& c) { c.warmup = 11; }).mentions("--warmup: found 11"));
  BOOST_TEST(refusal([](RunConfig& c) { c.loss = "hinge"; }).mentions("--loss"));
  BOOST_TEST(refusal([](RunConfig& c) { c.nesterov = true, c.momentum = 0; }).mentions("--nesterov"));
}

BOOST_AUTO_TEST_CASE(a_config_that_is_no_toml_is_refused_with_its_line) {
  const TemporaryFolder folder;
  write_text(folder / "config.toml", "network = \"mlp:2-2\"\nlr = = 3\n");
  const auto thrown = thrown_by([&] { (void)phew::read_run_config(folder / "config.toml"); });
  BOOST_TEST(thrown.code == 65);
  BOOST_TEST(thrown.mentions("config.toml: line 2"));
  write_text(folder / "config.toml", "epochs = \"many\"\n");
  BOOST_TEST(thrown_by([&] { (void)phew::read_run_config(folder / "config.toml"); }).mentions("epochs: found a value"));
  BOOST_TEST(thrown_by([&] { (void)phew::read_run_config(folder / "other.toml"); }).code == 66);
}

BOOST_AUTO_TEST_CASE(a_run_of_the_same_settings_stays_as_it_is) {
  const TemporaryFolder folder;
  const phew::RunFiles files{folder / "run"};
  const auto prior = [&] { return RunFolder(files.folder, config(), machine, false, {}).prior(); };
  BOOST_TEST((prior() == phew::PriorRun::none));
  BOOST_TEST((prior() == phew::PriorRun::unfinished));
  write_text(files.metrics(), "{}\n");
  write_text(files.weights(), "weights");
  BOOST_TEST((prior() == phew::PriorRun::finished));
  BOOST_TEST(open(folder / "run/").notice.empty());
  BOOST_TEST(read_text(files.metrics()) == "{}\n");
  BOOST_TEST(read_text(files.weights()) == "weights");
}

BOOST_AUTO_TEST_CASE(a_restart_removes_what_the_run_left) {
  const TemporaryFolder folder;
  const phew::RunFiles files{folder / "run"};
  (void)open(files.folder);
  for (const auto& path : {files.metrics(), files.weights(), files.result(), files.mask()}) write_text(path, "old");
  write_text(files.folder / "checkpoint-000000000007.safetensors", "old");
  BOOST_TEST(open(files.folder, config(), true).notice.find("starting over") != std::string::npos);
  BOOST_TEST(read_text(files.metrics()).empty());
  for (const auto& path : {files.weights(), files.result(), files.mask()}) BOOST_TEST(!std::filesystem::exists(path));
  BOOST_TEST(!std::filesystem::exists(files.folder / "checkpoint-000000000007.safetensors"));
}

BOOST_AUTO_TEST_CASE(another_machine_is_noticed) {
  const TemporaryFolder folder;
  (void)open(folder / "run");
  const std::string notice = open(folder / "run", config(), false, {"cpu", 3, "LibTorch 0"}).notice;
  BOOST_TEST(notice.find("ran on cpu, 2 threads, LibTorch 0 before, goes on with cpu, 3 threads") != std::string::npos,
             notice);
}

BOOST_AUTO_TEST_CASE(epochs_are_kept_up_to_a_checkpoint) {
  const TemporaryFolder folder;
  RunFolder run(folder / "run", config(), machine, false, {});
  for (std::int64_t epoch = 1; epoch <= 3; ++epoch) run.append_metrics(to_json(metrics(epoch)).dump());
  const auto kept = run.keep_epochs(2);
  BOOST_REQUIRE(kept.size() == 2U);
  BOOST_TEST(kept[1].train_loss == 0.2);
  BOOST_TEST(read_metrics(run.files()).size() == 2U);
  run.append_metrics(to_json(metrics(3)).dump());
  BOOST_TEST(read_metrics(run.files()).size() == 3U);
  BOOST_TEST(thrown_by([&] { (void)run.keep_epochs(4); }).mentions("metrics.jsonl: found 3 epochs, expected 4"));
  run.append_metrics("{}");
  BOOST_TEST(thrown_by([&] { (void)read_metrics(run.files()); }).mentions("metrics.jsonl: line 4: found no JSON"));
}

BOOST_AUTO_TEST_CASE(a_full_disk_is_found_before_training) {
  const TemporaryFolder folder;
  const RunFolder run(folder / "run", config(), machine, false, {});
  run.require_space(1000);
  const auto thrown = thrown_by([&] { run.require_space(std::int64_t{1} << 60); });
  BOOST_TEST(thrown.code == 74);
  BOOST_TEST(thrown.mentions("MB of free space, expected 1152921504607 MB"));
}

BOOST_AUTO_TEST_CASE(a_run_of_other_settings_is_left_alone) {
  const TemporaryFolder folder;
  BOOST_TEST(open(folder / "run").thrown.code == 0);
  const std::string before = read_text(folder / "run/config.toml");
  write_text(folder / "run/metrics.jsonl", "{}\n");
  RunConfig other = config();
  other.lr = 0.05;
  other.network = "resnet20";
  const auto thrown = open(folder / "run", other).thrown;
  BOOST_TEST(thrown.code == 78);
  BOOST_TEST(thrown.mentions("lr = 0.1, expected 0.05"));
  BOOST_TEST(thrown.mentions("network = "));
  BOOST_TEST(!thrown.mentions("epochs"));
  BOOST_TEST(read_text(folder / "run/config.toml") == before);
  BOOST_TEST(read_text(folder / "run/metrics.jsonl") == "{}\n");
}

BOOST_AUTO_TEST_CASE(a_folder_with_other_files_is_left_alone) {
  const TemporaryFolder folder;
  write_text(folder / "weights.safetensors", "mine");
  BOOST_TEST(open(folder.path()).thrown.code == 78);
  BOOST_TEST(read_text(folder / "weights.safetensors") == "mine");
  BOOST_TEST(!std::filesystem::exists(folder / "config.toml"));
}

BOOST_AUTO_TEST_CASE(a_folder_that_cannot_be_made_is_refused) {
  const TemporaryFolder folder;
  BOOST_TEST(open(folder / "missing/run").thrown.code == 73);
  write_text(folder / "file", "");
  BOOST_TEST(open(folder / "file").thrown.code == 73);
  BOOST_TEST(open("/proc/run").thrown.code == 73);
}

BOOST_AUTO_TEST_CASE(a_second_run_is_locked_out_until_the_first_ends) {
  const TemporaryFolder folder;
  int ready[2], done[2];
  BOOST_REQUIRE(::pipe(ready) == 0 && ::pipe(done) == 0);
  const pid_t other = ::fork();
  if (other == 0) {  // holds the folder until told, then ends without a destructor, as after a crash
    const RunFolder run(folder / "run", config(), machine, false, [](const std::string&) {});
    char byte = 0;
    const bool ok = ::write(ready[1], "x", 1) == 1 && ::read(done[0], &byte, 1) == 1;
    ::_exit(ok ? 0 : 1);
  }
  char byte = 0;
  BOOST_REQUIRE(::read(ready[0], &byte, 1) == 1);
  const auto thrown = open(folder / "run").thrown;
  BOOST_TEST(thrown.code == 75);
  BOOST_TEST(thrown.mentions("another run"));
  BOOST_REQUIRE(::write(done[1], "x", 1) == 1);
  int status = -1;
  BOOST_REQUIRE(::waitpid(other, &status, 0) == other);
  BOOST_TEST(status == 0);
  BOOST_TEST(open(folder / "run").thrown.code == 0);
}

BOOST_AUTO_TEST_CASE(metrics_are_appended_line_by_line) {
  const TemporaryFolder folder;
  RunFolder run(folder / "run", config(), machine, false, [](const std::string&) {});
  run.append_metrics("{\"epoch\":1}");
  run.append_metrics("{\"epoch\":2}");
  BOOST_TEST(read_text(run.files().metrics()) == "{\"epoch\":1}\n{\"epoch\":2}\n");
}

BOOST_AUTO_TEST_SUITE_END()
