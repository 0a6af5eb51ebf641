// similarity_bench [--json]: comparing masks, in reads of both masks' bits; aligning them, in seconds.
#include "analysis/similarity.hpp"
#include "analysis/unit_matching.hpp"
#include "bench/bench.hpp"
#include "graph/error.hpp"
#include "graph/random_stream.hpp"
#include "graph/zoo.hpp"

#include <span>
#include <string>

namespace {

using namespace phew;

/// Each parameter kept with this chance.
Mask random_mask(const Network& network, double density, std::uint64_t seed) {
  Mask mask(network.parameters());
  for (std::size_t t = 0; t < mask.tensor_count(); ++t)
    for (std::int64_t row = 0; row < mask[t].rows(); ++row) {
      const RandomStream stream(seed, Purpose::simulation, t << 32 | static_cast<std::uint64_t>(row));
      for (std::int64_t c = 0; c < mask[t].columns(); ++c)
        if (unit_interval(stream.block(static_cast<std::uint32_t>(c / 4))[static_cast<std::size_t>(c % 4)]) < density)
          mask[t].set(row, c);
    }
  return mask;
}

/// Sum of all words of both masks, in eight partial sums: the speed of reading them in order.
std::uint64_t read(const Mask& a, const Mask& b) {
  std::array<std::uint64_t, 8> parts{};
  for (const Mask* mask : {&a, &b})
    for (std::size_t t = 0; t < mask->tensor_count(); ++t) {
      const auto words = (*mask)[t].words();
      std::size_t w = 0;
      for (; w + 8 <= words.size(); w += 8)
        for (std::size_t k = 0; k < 8; ++k) parts[k] += words[w + k];
      for (; w < words.size(); ++w) parts[0] += words[w];
    }
  std::uint64_t sum = 0;
  for (const std::uint64_t part : parts) sum += part;
  return sum;
}

/// Bit by bit.
std::int64_t kept_by_both(const Mask& a, const Mask& b) {
  std::int64_t both = 0;
  for (std::size_t t = 0; t < a.tensor_count(); ++t)
    for (std::int64_t row = 0; row < a[t].rows(); ++row)
      for_each_set(a[t].row(row), [&](std::int64_t c) { both += b[t].test(row, c); });
  return both;
}

void bench_jaccard(bench::Report& report, const Network& network, double density) {
  const Mask a = random_mask(network, density, 0), b = random_mask(network, density, 1);
  volatile std::uint64_t sink = 0;
  const double once = bench::median_seconds(51, [&] { sink = read(a, b); }).wall;
  Similarity s;
  const double seconds = bench::median_seconds(51, [&] { s = similarity(a, b); }).wall;
  report.add(fmt::format("{}: Jaccard at {:g} %", network.name(), 100 * density), seconds / once, "reads", 2.5);
  report.note(fmt::format("  a read of both masks takes {:.3f} ms", 1e3 * once));
  const std::int64_t both = kept_by_both(a, b), either = a.kept() + b.kept() - both;
  report.check(s.whole.value == static_cast<double>(both) / static_cast<double>(either), "Jaccard index");
}

/// Unrelated masks, which take the longest: no pair of units stands out.
void bench_align(bench::Report& report, const std::string& name, double density, double goal) {
  const Network network = make_network(name);
  const LayeredGraph graph(network);
  const UnitMatcher matcher(graph);
  const Mask a = random_mask(network, density, 0), b = random_mask(network, density, 1);
  Partners partners;
  const double seconds = bench::median_seconds(3, [&] { partners = matcher.match(a, b); }).cpu;
  report.add(fmt::format("{}: aligning two masks at {:g} %", name, 100 * density), seconds, "s", goal);
  const Mask aligned = relabelled(graph, b, partners);
  report.check(aligned.kept() == b.kept() && kept_by_both(a, aligned) > kept_by_both(a, b), "aligned masks");
}

}  // namespace

int main(int argc, char** argv) try {
  bench::Report report(argc, argv);
  const Network vgg19 = make_network("vgg19");
  bench_jaccard(report, vgg19, 0.02);
  bench_jaccard(report, vgg19, 0.5);
  bench_align(report, "mlp:784-300-100-10", 0.02, 1);
  bench_align(report, "vgg19", 0.02, 5);
  bench_align(report, "resnet34", 0.02, 5);
  return report.exit_code();
} catch (const phew::Error& error) {
  fmt::print(stderr, "error: {}\n", error.what());
  return static_cast<int>(error.code());
}
