// process_bench PHEW_GRAPH [--json]: what `phew-graph mask` costs as a whole process, its weights in the page cache:
// user and system time as ratios to R, and wall time by phase. Masks are written to a disk, and to memory, where the
// final sync costs nothing.
#include "bench/bench.hpp"
#include "graph/error.hpp"
#include "graph/io/weights_file.hpp"
#include "graph/zoo.hpp"
#include "support/temporary_folder.hpp"

#include <array>
#include <cstdio>
#include <filesystem>
#include <map>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

using namespace phew;
namespace fs = std::filesystem;

struct Run {
  double cpu = 0;  ///< user + system
  nlohmann::json report;
};

/// Runs a command that prints JSON.
Run run(std::vector<std::string> command) {
  std::array<int, 2> pipe{};
  if (::pipe(pipe.data()) != 0) fail(ExitCode::internal, "no pipe");
  const pid_t child = fork();
  if (child == 0) {
    dup2(pipe[1], STDOUT_FILENO);
    close(pipe[0]);
    close(pipe[1]);
    std::vector<char*> arguments;
    for (std::string& argument : command) arguments.push_back(argument.data());
    arguments.push_back(nullptr);
    execv(arguments[0], arguments.data());
    _exit(127);
  }
  close(pipe[1]);
  std::string out;
  std::array<char, 4096> buffer{};
  for (ssize_t n; (n = read(pipe[0], buffer.data(), buffer.size())) > 0;)
    out.append(buffer.data(), static_cast<std::size_t>(n));
  close(pipe[0]);
  int status = 0;
  rusage usage{};
  if (wait4(child, &status, 0, &usage) != child || status != 0) fail(ExitCode::internal, "{} failed", command[0]);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec);
  };
  return {seconds(usage.ru_utime) + seconds(usage.ru_stime), nlohmann::json::parse(out)};
}

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

void measure(bench::Report& report, const std::string& program, const fs::path& folder) {
  const std::string weights = folder / "weights.safetensors";
  (void)run({program, "init", "vgg19-bn", "--json", "--quiet", "-o", weights});
  const Network network = make_network("vgg19-bn");
  const Weights loaded = match_weights(network, read_tensor_file(weights).tensors, weights, {});
  const double r = bench::seconds_of_r(loaded);
  report.add("vgg19-bn: R", 1e3 * r, "ms");
  for (const auto& [where, place] :
       std::array<std::pair<fs::path, const char*>, 2>{{{folder, "to disk"}, {"/dev/shm", "to memory"}}}) {
    const std::string mask = where / fmt::format("phew-process-bench-{}.safetensors", getpid());
    std::vector<double> cpu;
    std::map<std::string, std::vector<double>> phases;
    for (int i = 0; i < 9; ++i) {
      const Run once = run({program, "mask", "vgg19-bn", "--weights", weights, "--density", "0.02", "--threads", "1",
                            "--json", "--quiet", "-o", mask});
      cpu.push_back(once.cpu);
      for (const auto& [phase, seconds] : once.report["seconds"].items()) phases[phase].push_back(seconds);
      report.check(once.report["kept"] >= once.report["target"], "kept below target");
    }
    fs::remove(mask);
    report.add(fmt::format("vgg19-bn: mask at 2 % {}: user + system", place), median(cpu) / r, "R", 15);
    for (auto& [phase, seconds] : phases)
      report.add(fmt::format("vgg19-bn: mask at 2 % {}: {}", place, phase), 1e3 * median(seconds), "ms");
  }
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc < 2) phew::fail(phew::ExitCode::usage, "usage: process_bench PHEW_GRAPH [--json]");
  phew::bench::Report report(argc, argv);
  measure(report, argv[1], phew::test::TemporaryFolder().path());
  return report.exit_code();
} catch (const phew::Error& error) {
  fmt::print(stderr, "error: {}\n", error.what());
  return static_cast<int>(error.code());
}
