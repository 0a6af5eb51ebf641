// phew-train as users meet it: exit codes, streams and files.
#include "graph/io/weights_file.hpp"
#include "support/json_schema.hpp"
#include "train/support.hpp"

#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include <chrono>
#include <csignal>
#include <map>
#include <span>
#include <sstream>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace {

using phew::test::read_text;
using phew::test::TemporaryFolder;
using phew::test::write_text;
using Json = nlohmann::json;

struct Outcome {
  int code = -1;
  std::string out, err;
  [[nodiscard]] bool says(const std::string& text) const { return err.find(text) != std::string::npos; }
};

/// Runs a shell command line; PHEW stands for the program.
Outcome shell(const std::string& line) {
  const TemporaryFolder folder;
  const std::string whole = "PHEW=" PHEW_TRAIN_PROGRAM "; { " + line + "; } >" + (folder / "out").string() + " 2>" +
                            (folder / "err").string();
  const int status = std::system(whole.c_str());
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, read_text(folder / "out"), read_text(folder / "err")};
}

void put_idx(const std::filesystem::path& path, const std::vector<std::uint32_t>& shape,
             std::span<const std::byte> bytes) {
  std::string text{'\0', '\0', '\x08', static_cast<char>(shape.size())};
  for (const std::uint32_t extent : shape)
    for (const int shift : {24, 16, 8, 0}) text += static_cast<char>(extent >> shift);
  for (const std::byte b : bytes) text += static_cast<char>(b);
  write_text(path, text);
}

/// A small set in MNIST's files: 10×10 images of ten classes.
void put_data(const std::filesystem::path& folder) {
  for (const auto& [name, count] : {std::pair{"train", 200U}, {"t10k", 50U}}) {
    const phew::Split split = phew::test::banded_images(count, 10, 10, count);
    std::vector<std::byte> labels;
    for (std::size_t i = 0; i < count; ++i) labels.push_back(split.y.bytes[i * 8]);
    put_idx(folder / (std::string(name) + "-images-idx3-ubyte"), {count, 10, 10}, split.x.bytes);
    put_idx(folder / (std::string(name) + "-labels-idx1-ubyte"), {count}, labels);
  }
}

/// A folder with data, and the command that trains a small network on it.
struct Scene {
  using Flags = std::map<std::string, std::string>;

  TemporaryFolder folder;
  std::string run = (folder / "run").string();
  Scene() { put_data(folder.path()); }

  /// The command line with these flags added or changed.
  [[nodiscard]] std::string train(const Flags& changed = {}, const std::string& net = "mlp:100-16-10") const {
    Flags flags{{"--device", "cpu"}, {"--threads", "1"}, {"--data", "mnist"}, {"--data-dir", folder.path().string()},
                {"--run", run},      {"--epochs", "2"}};
    for (const auto& [flag, value] : changed) flags[flag] = value;
    std::string line = "$PHEW train " + net;
    for (const auto& [flag, value] : flags) line += ' ' + flag + ' ' + value;
    return line;
  }
};

/// A command line in the background.
pid_t start(const std::string& command) {
  const pid_t child = ::fork();
  if (child != 0) return child;
  const std::string line = "PHEW=" PHEW_TRAIN_PROGRAM "; exec " + command;
  ::execl("/bin/sh", "sh", "-c", line.c_str(), nullptr);
  ::_exit(127);
}

/// A run in the background that has finished an epoch, and its end by a signal.
int end_by(int signal, const Scene& scene) {
  const std::string endless = scene.train({{"--epochs", "1000000"}});
  const pid_t child = start(endless + " --quiet >/dev/null");
  while (read_text(scene.run + "/metrics.jsonl").empty() && ::waitpid(child, nullptr, WNOHANG) == 0)
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  // While it runs, the folder is its own.
  BOOST_TEST(shell(endless).code == 75);
  ::kill(child, signal);
  int status = 0;
  BOOST_REQUIRE(::waitpid(child, &status, 0) == child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(command)

BOOST_AUTO_TEST_CASE(versions_are_printed_on_stdout) {
  const Outcome o = shell("$PHEW --version");
  BOOST_TEST(o.code == 0);
  BOOST_TEST(o.out.starts_with("phew-train "));
  BOOST_TEST(o.out.find("mask rule ") != std::string::npos);
  BOOST_TEST(o.out.find("LibTorch ") != std::string::npos);
}

/// libgomp shows what it read at start when OMP_DISPLAY_ENV is set: once as it was, once after the program set it.
BOOST_AUTO_TEST_CASE(waiting_threads_sleep_unless_the_user_says_otherwise) {
  const std::string show = "env -u OMP_WAIT_POLICY -u GOMP_SPINCOUNT OMP_DISPLAY_ENV=true ";
  const Outcome by_default = shell(show + "$PHEW --version");
  BOOST_TEST(by_default.says("OMP_WAIT_POLICY = 'PASSIVE'"));
  const Outcome active = shell(show + "OMP_WAIT_POLICY=active $PHEW --version");
  BOOST_TEST(active.says("OMP_WAIT_POLICY = 'ACTIVE'"));
  BOOST_TEST(!active.says("PASSIVE"));
}

BOOST_AUTO_TEST_CASE(a_run_speaks_json_on_stdout_and_for_people_on_stderr) {
  const Scene scene;
  const Outcome o = shell(scene.train() + " --json");
  BOOST_TEST(o.code == 0, o.err);
  const Json report = Json::parse(o.out);
  const Json schema = Json::parse(read_text(PHEW_SOURCE_DIR "/data/schema/train.json"));
  for (const std::string& violation : phew::test::violations(schema, report)) BOOST_TEST(false, violation);
  BOOST_TEST(report.at("mask").is_null());
  BOOST_TEST(report.at("epochs").size() == 2U);
  BOOST_TEST(report.at("final").at("epoch") == 2);
  BOOST_TEST(report.at("threads") == 1);
  BOOST_TEST(report == Json::parse(read_text(scene.run + "/result.json")));
  BOOST_TEST(o.says("BLAS "));
  BOOST_TEST(o.says("1 threads"));
  BOOST_TEST(o.says("kaiming-normal, seed 0"));

  const Outcome again = shell(scene.train() + " --json --quiet");
  BOOST_TEST(again.err.empty(), again.err);
  BOOST_TEST(Json::parse(again.out) == report);  // read, not run again
  const Outcome anew = shell(scene.train() + " --json --restart");
  BOOST_TEST(anew.says("starting over"));
  BOOST_TEST(Json::parse(anew.out).at("final").at("train_loss") == report.at("final").at("train_loss"));

  const Outcome evaluated = shell("$PHEW evaluate " + scene.run + " --json --data-dir " + scene.folder.path().string());
  BOOST_TEST(evaluated.code == 0, evaluated.err);
  const Json evaluation = Json::parse(evaluated.out);
  BOOST_TEST(evaluation.at("final").at("test_accuracy") == report.at("final").at("test_accuracy"));
  BOOST_TEST(evaluation.at("epochs").size() == 2U);

  const Outcome longer = shell(scene.train({{"--epochs", "3"}}));
  BOOST_TEST(longer.code == 78);
  BOOST_TEST(longer.says("epochs = 2, expected 3"));
}

BOOST_AUTO_TEST_CASE(weights_and_masks_come_from_files) {
  const Scene scene;
  BOOST_TEST(shell(scene.train()).code == 0);
  const std::string weights = scene.run + "/weights.safetensors";
  const Scene::Flags files{{"--weights", weights}, {"--mask", weights + " --zeros-are-pruned"}};
  Scene::Flags elsewhere = files;
  elsewhere["--run"] = scene.run + "2";
  BOOST_TEST(shell(scene.train(elsewhere)).code == 0);
  // In the first run's folder it is another run: other initial weights, and a mask.
  const Outcome other = shell(scene.train(files));
  BOOST_TEST(other.code == 78);
  BOOST_TEST(other.says("initial_hash"));
  BOOST_TEST(other.says("mask_hash"));
}

BOOST_AUTO_TEST_CASE(a_users_arrays_with_float_targets_train_by_squared_error) {
  const Scene scene;
  const std::string file = (scene.folder / "own.npz").string();
  std::vector<float> x, y;
  for (int i = 0; i < 60; ++i) {
    x.insert(x.end(), {static_cast<float>(i) / 60, 1});
    y.push_back(static_cast<float>(i) / 30);
  }
  phew::write_tensor_file(file, {phew::make_tensor("x", {60, 2}, x), phew::make_tensor("y", {60}, y)}, {});
  const Scene::Flags own{{"--data", file}, {"--test-data", file}, {"--lr", "0.1"}};
  const Outcome o = shell(scene.train(own, "mlp:2-8-1") + " --json");
  BOOST_TEST(o.code == 0, o.err);
  const Json report = Json::parse(o.out);
  const Json schema = Json::parse(read_text(PHEW_SOURCE_DIR "/data/schema/train.json"));
  for (const std::string& violation : phew::test::violations(schema, report)) BOOST_TEST(false, violation);
  BOOST_TEST(report.at("final").at("test_accuracy").is_null());
  BOOST_TEST(report.at("epochs")[1].at("test_loss") < report.at("epochs")[0].at("test_loss"));
  BOOST_TEST(read_text(scene.run + "/config.toml").find("loss = 'mse'") != std::string::npos);
  const Outcome evaluated = shell("$PHEW evaluate " + scene.run + " --json");
  BOOST_TEST(Json::parse(evaluated.out).at("final").at("test_loss") == report.at("final").at("test_loss"));
  BOOST_TEST(shell("$PHEW evaluate " + scene.run).out.find("accuracy") == std::string::npos);

  Scene::Flags classes = own;
  classes["--loss"] = "cross-entropy";
  BOOST_TEST(shell(scene.train(classes, "mlp:2-8-1")).code == 64);
  BOOST_TEST(shell(scene.train(own, "mlp:2-8-2")).code == 65);
}

BOOST_AUTO_TEST_CASE(crops_and_flips_are_part_of_a_run) {
  const Scene scene;
  BOOST_TEST(shell(scene.train({{"--augment", "crop-flip"}})).code == 0);
  const Outcome plain = shell(scene.train());
  BOOST_TEST(plain.code == 78);
  BOOST_TEST(plain.says("augment = 'crop-flip', expected 'none'"));
}

BOOST_AUTO_TEST_CASE(data_are_described_and_shown) {
  const Scene scene;
  const std::string place = " --data-dir " + scene.folder.path().string();
  const std::string sheet = (scene.folder / "sheet").string();
  const Json schema = Json::parse(read_text(PHEW_SOURCE_DIR "/data/schema/data.json"));
  for (const char* name : {"mnist", "transformation"}) {
    const Outcome o =
        shell("$PHEW data --json --data " + std::string(name) + place + " --contact-sheet " + sheet + ".png");
    BOOST_TEST(o.code == 0, o.err);
    const Json report = Json::parse(o.out);
    for (const std::string& violation : phew::test::violations(schema, report)) BOOST_TEST(false, violation);
    BOOST_TEST(report.at("class_counts").size() == 10U);
    BOOST_TEST(read_text(sheet + ".png").starts_with("\x89PNG"));
  }
  const Outcome page = shell("$PHEW data --data transformation" + place + " --contact-sheet " + sheet + ".html");
  BOOST_TEST(page.out.find("class 1: rotated by 30°, sheared by ") != std::string::npos);
  BOOST_TEST(read_text(sheet + ".html").find("class 9: rotated by 270°") != std::string::npos);
  BOOST_TEST(shell("$PHEW data --data cifar-10" + place).code == 66);
  BOOST_TEST(shell("$PHEW data --data mnist" + place + " --contact-sheet " + sheet + ".gif").code == 64);
  BOOST_TEST(shell(scene.train({{"--data", "transformation"}, {"--epochs", "1"}}, "mlp:100-16-100,bn=all")).code == 0);
}

BOOST_AUTO_TEST_CASE(bad_requests_have_their_exit_codes_and_leave_no_folder) {
  const Scene scene;
  const auto code = [&](const Scene::Flags& flags, int expected, const std::string& net = "mlp:100-16-10") {
    const Outcome o = shell(scene.train(flags, net));
    BOOST_TEST(o.code == expected, scene.train(flags, net) << ": " << o.err);
    BOOST_TEST(o.says("error: "));
    BOOST_TEST(o.out.empty(), o.out);
  };
  code({{"--device", "tpu"}}, 64);
  code({{"--device", "cuda:4095"}}, 69);
  code({{"--optimizer", "lamb"}}, 64);
  code({{"--schedule", "sometimes"}}, 64);
  code({{"--epochs", "0"}}, 64);
  code({{"--lr", "nan"}}, 64);
  code({{"--warmup", "3"}}, 64);
  code({{"--precision", "fp8"}}, 64);
  code({{"--precision", "tf32"}}, 69);
  code({{"--init", "sometimes"}}, 64);
  code({{"--data", "imagenet"}}, 64);
  code({{"--data-dir", "/nonexistent"}}, 66);
  code({{"--weights", "/nonexistent"}}, 66);
  code({{"--mask", "/nonexistent"}}, 66);
  code({{"--mask", (scene.folder / "train-labels-idx1-ubyte").string()}}, 65);
  code({}, 65, "mlp:784-10");
  code({}, 64, "mlp:100-ten");
  code({{"--run", "/nonexistent/run"}}, 73);
  BOOST_TEST(!std::filesystem::exists(scene.run));
  BOOST_TEST(shell("$PHEW evaluate " + scene.run).code == 66);
}

BOOST_AUTO_TEST_CASE(signals_end_a_run_cleanly) {
  for (const auto& [signal, code] : {std::pair{SIGINT, 130}, {SIGTERM, 143}}) {
    const Scene scene;
    BOOST_TEST(end_by(signal, scene) == code);
    const std::string metrics = read_text(scene.run + "/metrics.jsonl");
    BOOST_TEST(metrics.back() == '\n');
    std::istringstream lines(metrics);
    for (std::string line; std::getline(lines, line);) BOOST_TEST(Json::parse(line).contains("test_accuracy"));
    BOOST_TEST(Json::parse(read_text(scene.run + "/result.json")).at("status") == "interrupted");
    BOOST_TEST(!std::filesystem::exists(scene.run + "/weights.safetensors"));
    for (const auto& entry : std::filesystem::directory_iterator(scene.run))
      BOOST_TEST(entry.path().filename().string().front() != '.');
  }
}

/// A run that is killed, at no moment of its own choosing, ends like one that was not.
BOOST_AUTO_TEST_CASE(a_killed_run_goes_on_when_the_command_is_given_again) {
  const Scene scene;
  const Scene::Flags flags{{"--epochs", "40"}, {"--checkpoint-seconds", "0"}, {"--optimizer", "adam"}};
  Scene::Flags elsewhere = flags;
  elsewhere["--run"] = scene.run + "-whole";
  BOOST_REQUIRE(shell(scene.train(elsewhere) + " --quiet").code == 0);
  const auto weights = [](const std::string& run) { return read_text(run + "/weights.safetensors"); };
  int kills = 0;
  for (; weights(scene.run).empty() && kills < 200; ++kills) {
    const pid_t child = start(scene.train(flags) + " --quiet >/dev/null");
    // Each attempt lives a little longer, and so gets further.
    std::this_thread::sleep_for(std::chrono::milliseconds(200 + 150 * kills));
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
  }
  BOOST_TEST(kills > 1);
  BOOST_TEST(weights(scene.run) == weights(scene.run + "-whole"));
  BOOST_TEST(shell(scene.train(flags) + " --quiet --json").code == 0);
}

BOOST_AUTO_TEST_SUITE_END()
