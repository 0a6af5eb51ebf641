// load_bench NET FILE…: how fast weights are ready from a warm page cache: read and matched to the network. Of a mapped
// file no value is touched: the first pass over them pays for its pages, and is printed beside it.
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
  const bench::Seconds r = bench::median_seconds(25, [&] { sink = bench::abs_sum(first); });
  fmt::print("{}: {} weights, R = {:.2f} ms (abs-sum {:.6g})\n", network.name(), network.prunable(), 1e3 * r.wall,
             double(sink));
  int wrong = 0;
  for (int i = 2; i < argc; ++i) {
    const std::string file = argv[i];
    const bench::Seconds seconds = bench::median_seconds(15, [&] { (void)load(file); });
    bench::print_ratio(file.substr(file.rfind('/') + 1), seconds, r,
                       read_tensor_file(file).format == "safetensors" ? 1.5 : 15);
    const bench::Seconds used = bench::median_seconds(15, [&] { sink = bench::abs_sum(load(file)); });
    fmt::print("  and a first pass over them     {:>8.2f} ms {:>7.2f} R\n", 1e3 * used.wall, used.wall / r.wall);
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
