// load_bench NET FILE… [--json]: how fast weights are ready from a warm page cache: read and matched to the network. Of
// a mapped file no value is touched: the first pass over them pays for its pages, and is printed beside it.
#include "bench/bench.hpp"
#include "graph/error.hpp"
#include "graph/io/weights_file.hpp"
#include "graph/zoo.hpp"

#include <string>

int main(int argc, char** argv) try {
  using namespace phew;
  if (argc < 3) fail(ExitCode::usage, "usage: load_bench NET FILE…");
  const Network network = make_network(argv[1]);
  const auto load = [&](const std::string& file) {
    return match_weights(network, read_tensor_file(file).tensors, file, {});
  };
  const Weights first = load(argv[2]);
  volatile double sink = 0;
  const double r = bench::seconds_of_r(first);
  bench::Report report(argc, argv);
  report.add(network.name() + ": R", 1e3 * r, "ms");
  for (int i = 2; i < argc; ++i) {
    const std::string file = argv[i];
    if (file == "--json") continue;
    const std::string name = file.substr(file.rfind('/') + 1);
    report.add(name + ": ready", bench::median_seconds(15, [&] { (void)load(file); }).wall / r, "R",
               read_tensor_file(file).format == "safetensors" ? 1.5 : 15);
    report.add(name + ": ready, and a first pass over the values",
               bench::median_seconds(15, [&] { sink = bench::abs_sum(load(file)); }).wall / r, "R");
    report.check(hash_of(load(file)) == hash_of(first), file + ": other weights than " + argv[2]);
  }
  return report.exit_code();
} catch (const phew::Error& error) {
  fmt::print(stderr, "error: {}\n", error.what());
  return static_cast<int>(error.code());
}
