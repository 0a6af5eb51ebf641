#include "graph/initializer.hpp"

#include "graph/error.hpp"
#include "graph/parallel.hpp"
#include "graph/portable_math.hpp"
#include "graph/random_stream.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <utility>

namespace phew {
namespace {

using Kind = Initializer::Kind;

constexpr std::array<std::pair<std::string_view, Kind>, 5> kinds{{{"kaiming-normal", Kind::kaiming_normal},
                                                                  {"kaiming-uniform", Kind::kaiming_uniform},
                                                                  {"xavier-normal", Kind::xavier_normal},
                                                                  {"xavier-uniform", Kind::xavier_uniform},
                                                                  {"normal", Kind::normal}}};

bool is_uniform(Kind kind) { return kind == Kind::kaiming_uniform || kind == Kind::xavier_uniform; }

/// In (0, 1), never 0: the middle of one of 2^53 equal cells.
double open_interval(std::uint32_t high, std::uint32_t low) { return unit_interval(high, low) + 0x1p-54; }

/// One random block fills two elements.
void fill_block(const Initializer& initializer, double std, std::uint64_t seed, std::size_t parameter,
                std::int64_t block, std::span<float> two) {
  const auto b = static_cast<std::uint64_t>(block);
  const RandomStream stream(seed, Purpose::initial_weights, static_cast<std::uint64_t>(parameter) << 32 | b >> 32);
  const auto bits = stream.block(static_cast<std::uint32_t>(b));
  for (std::size_t i = 0; i < two.size(); ++i) {
    const double u = open_interval(bits[2 * i], bits[2 * i + 1]);
    const double x = is_uniform(initializer.kind) ? std::sqrt(3.0) * (2 * u - 1) : normal_quantile(u);
    two[i] = static_cast<float>(std * x);
  }
}

std::vector<float> draw(const Initializer& initializer, const Parameter& parameter, std::size_t index,
                        std::uint64_t seed, int threads) {
  const double std = initial_std(initializer, parameter.shape);
  std::vector<float> values(static_cast<std::size_t>(parameter.size()));
  constexpr std::int64_t chunk = 1 << 16;  // elements a task
  const auto size = static_cast<std::int64_t>(values.size());
  parallel_for(threads, (size + chunk - 1) / chunk, [&](std::int64_t c) {
    for (std::int64_t e = c * chunk; e < std::min(size, (c + 1) * chunk); e += 2)
      fill_block(initializer, std, seed, index, e / 2,
                 std::span(values).subspan(static_cast<std::size_t>(e),
                                           static_cast<std::size_t>(std::min<std::int64_t>(2, size - e))));
  });
  return values;
}

}  // namespace

Initializer parse_initializer(std::string_view text) {
  const std::size_t colon = text.find(':');
  const std::string_view name = text.substr(0, colon);
  const std::string_view argument = colon == std::string_view::npos ? "" : text.substr(colon + 1);
  const auto found = std::find_if(kinds.begin(), kinds.end(), [&](const auto& k) { return k.first == name; });
  const auto refuse = [&](std::string_view expected) {
    fail(ExitCode::usage, "--init: found '{}', expected {}", text, expected);
  };
  if (found == kinds.end())
    refuse(
        "kaiming-normal, kaiming-uniform (each also :fan-in, :fan-out), xavier-uniform, xavier-normal or normal:STD");
  Initializer initializer{found->second};
  if (found->second == Kind::normal) {
    const auto [end, error] = std::from_chars(argument.data(), argument.data() + argument.size(), initializer.std);
    if (error != std::errc{} || end != argument.data() + argument.size() || !(initializer.std > 0) ||
        !std::isfinite(initializer.std))
      refuse("normal:STD with a positive standard deviation");
  } else if (colon != std::string_view::npos) {
    const bool kaiming = found->second == Kind::kaiming_normal || found->second == Kind::kaiming_uniform;
    if (!kaiming || (argument != "fan-in" && argument != "fan-out"))
      refuse(kaiming ? ":fan-in or :fan-out" : "no argument");
    initializer.fan = argument == "fan-in" ? Initializer::Fan::in : Initializer::Fan::out;
  }
  return initializer;
}

double initial_std(const Initializer& initializer, const Shape& shape) {
  double field = 1;
  for (std::size_t i = 2; i < shape.size(); ++i) field *= static_cast<double>(shape[i]);
  const double fan_in = static_cast<double>(shape[1]) * field;
  const double fan_out = static_cast<double>(shape[0]) * field;
  switch (initializer.kind) {
    case Kind::kaiming_normal:
    case Kind::kaiming_uniform:
      return std::sqrt(2 / (initializer.fan == Initializer::Fan::in ? fan_in : fan_out));
    case Kind::xavier_normal:
    case Kind::xavier_uniform:
      return std::sqrt(2 / (fan_in + fan_out));
    case Kind::normal:
      break;
  }
  return initializer.std;
}

Weights initial_weights(const Network& network, const Initializer& initializer, std::uint64_t seed, int threads) {
  std::vector<Tensor> tensors;
  for (const Parameter& p : network.parameters())
    tensors.push_back(make_tensor(p.name, p.shape, draw(initializer, p, tensors.size(), seed, threads)));
  return {network.parameters(), std::move(tensors)};
}

std::vector<Tensor> initial_state(const Network& network, const Initializer& initializer, std::uint64_t seed,
                                  int threads) {
  const Weights weights = initial_weights(network, initializer, seed, threads);
  std::vector<Tensor> state;
  for (const StateTensor& entry : network.state()) {
    if (entry.role == StateRole::weight) {
      state.push_back(weights.tensor(network.node(entry.node).parameter));
    } else if (entry.role == StateRole::batches_tracked) {
      state.push_back(make_tensor(entry.name, DType::i64, entry.shape, std::vector<std::byte>(sizeof(std::int64_t))));
    } else {
      const bool one = entry.role == StateRole::norm_weight || entry.role == StateRole::running_var;
      const auto count = static_cast<std::size_t>(element_count(entry.shape));
      state.push_back(make_tensor(entry.name, entry.shape, std::vector<float>(count, one ? 1.0F : 0.0F)));
    }
  }
  return state;
}

}  // namespace phew
