// load_bench NET FILE…: how fast weights are ready from a warm page cache: read, matched to the network, checked.
#include "bench/bench.hpp"
#include "graph/error.hpp"
#include "graph/io/weights_file.hpp"
#include "graph/zoo.hpp"

#include <string>
#include <thread>

int main(int argc, char** argv) try {
  using namespace phew;
  if (argc < 3) fail(ExitCode::usage, "usage: load_bench NET FILE…");
  const Network network = make_network(argv[1]);
  const int threads = static_cast<int>(std::thread::hardware_concurrency());
  const auto load = [&](const std::string& file) {
    return match_weights(network, read_tensor_file(file).tensors, file, {}, threads);
  };
  const Weights first = load(argv[2]);
  volatile double sink = 0;
  const bench::Seconds r = bench::median_seconds(25, [&] { sink = bench::abs_sum(first); });
  fmt::print("{}: {} weights, R = {:.2f} ms (abs-sum {:.6g})\n", network.name(), network.prunable(), 1e3 * r.wall,
             double(sink));
  int wrong = 0;
  for (int i = 2; i < argc; ++i) {
    const std::string file = argv[i];
    const bench::Seconds seconds = bench::median_seconds(15, [&] { (void)load(file); });
    bench::print_ratio(file.substr(file.rfind('/') + 1), seconds, r,
                       read_tensor_file(file).format == "safetensors" ? 1.5 : 15);
    if (hash_of(load(file)) != hash_of(first)) {
      fmt::print("{}: other weights than {}\n", file, argv[2]);
      wrong = 1;
    }
  }
  return wrong;
} catch (const phew::Error& error) {
  fmt::print(stderr, "error: {}\n", error.what());
  return static_cast<int>(error.code());
}
