#include "graph/weights.hpp"

#include "graph/error.hpp"
#include "graph/parallel.hpp"

#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <memory>
#include <utility>

namespace phew {
namespace {

/// Whether any value is NaN or infinite: an exponent of all ones. Compares integers, so that it runs at the speed of
/// memory without any leave to reorder floating-point sums.
bool any_non_finite(std::span<const float> values) {
  bool found = false;
  for (const float value : values) found |= (std::bit_cast<std::int32_t>(value) & 0x7FFFFFFF) >= 0x7F800000;
  return found;
}

void check_finite(const Weights& weights, const std::string& source, int threads) {
  constexpr std::size_t chunk = 1 << 18;                   // values a task
  std::vector<std::pair<std::size_t, std::size_t>> tasks;  // tensor, first value
  for (std::size_t i = 0; i < weights.tensor_count(); ++i)
    for (std::size_t first = 0; first < weights[i].size(); first += chunk) tasks.emplace_back(i, first);
  parallel_for(threads, static_cast<std::int64_t>(tasks.size()), [&](std::int64_t task) {
    const auto [i, first] = tasks[static_cast<std::size_t>(task)];
    const auto values = weights[i].subspan(first, std::min(chunk, weights[i].size() - first));
    if (!any_non_finite(values)) return;
    const auto bad = std::ranges::find_if(values, [](float value) { return !std::isfinite(value); });
    fail(ExitCode::data, "{}: {}: found {} at element {}, expected finite weights", source, weights.tensor(i).name,
         std::isnan(*bad) ? "NaN" : "an infinity", static_cast<std::ptrdiff_t>(first) + (bad - values.begin()));
  });
}

bool is_floating(DType dtype) {
  return dtype == DType::f64 || dtype == DType::f32 || dtype == DType::f16 || dtype == DType::bf16;
}

std::vector<const Tensor*> by_name(const Network& network, std::span<const Tensor> tensors) {
  std::vector<const Tensor*> found;
  for (const Parameter& p : network.parameters()) {
    const auto tensor = std::ranges::find(tensors, p.name, &Tensor::name);
    found.push_back(tensor == tensors.end() ? nullptr : &*tensor);
  }
  return found;
}

/// The tensors of rank ≥ 2 if they fit the parameters one by one, else nothing.
std::vector<const Tensor*> by_order(const Network& network, std::span<const Tensor> tensors) {
  std::vector<const Tensor*> found;
  for (const Tensor& tensor : tensors)
    if (tensor.shape.size() >= 2) found.push_back(&tensor);
  const bool fits = std::ranges::equal(found, network.parameters(),
                                       [](const Tensor* t, const Parameter& p) { return t->shape == p.shape; });
  return fits ? found : std::vector<const Tensor*>{};
}

[[noreturn]] void missing(const Parameter& parameter, std::span<const Tensor> tensors, const std::string& source) {
  std::vector<std::string> names;
  for (const Tensor& tensor : tensors) names.push_back(tensor.name);
  fail(ExitCode::data, "{}: {}: found no tensor of that name{}, expected one of shape {}", source, parameter.name,
       names.empty() ? std::string(" (the file has none)")
                     : fmt::format(" (nearest: {})", nearest_name(parameter.name, names)),
       to_string(parameter.shape));
}

}  // namespace

Weights::Weights(std::span<const Parameter> parameters, std::vector<Tensor> tensors) : tensors_(std::move(tensors)) {
  const bool fits =
      std::ranges::equal(tensors_, parameters, [](const Tensor& t, const Parameter& p) { return t.shape == p.shape; });
  if (!fits) fail(ExitCode::internal, "weights do not fit the network's {} parameters", parameters.size());
  for (const Tensor& tensor : tensors_) values_.push_back(float_values(tensor));
}

Weights match_weights(const Network& network, std::span<const Tensor> tensors, const std::string& source,
                      const Notice& notice, int threads) {
  std::vector<const Tensor*> found = by_name(network, tensors);
  if (const auto gap = std::ranges::find(found, nullptr); gap != found.end()) {
    const auto parameter = static_cast<std::size_t>(gap - found.begin());
    found = by_order(network, tensors);
    if (found.empty()) missing(network.parameters()[parameter], tensors, source);
    if (notice)
      notice(
          fmt::format("{}: names do not fit {}; its {} tensors of rank 2 and more are taken in order, and output will "
                      "have the network's own names",
                      source, network.name(), found.size()));
  }
  std::vector<Tensor> weights;
  for (std::size_t i = 0; i < found.size(); ++i) {
    const Parameter& p = network.parameters()[i];
    if (found[i]->shape != p.shape)
      fail(ExitCode::data, "{}: {}: found shape {}, expected {}", source, found[i]->name, to_string(found[i]->shape),
           to_string(p.shape));
    if (!is_floating(found[i]->dtype))
      fail(ExitCode::data, "{}: {}: found {}, expected floating-point weights; a mask goes to --mask", source,
           found[i]->name, name_of(found[i]->dtype));
    weights.push_back(to_float32(*found[i]));
    weights.back().name = p.name;
  }
  Weights matched(network.parameters(), std::move(weights));
  check_finite(matched, source, threads);
  return matched;
}

std::string hash_of(const Weights& weights) {
  const std::unique_ptr<XXH3_state_t, decltype(&XXH3_freeState)> state(XXH3_createState(), &XXH3_freeState);
  XXH3_128bits_reset(state.get());
  for (std::size_t i = 0; i < weights.tensor_count(); ++i)
    XXH3_128bits_update(state.get(), weights[i].data(), weights[i].size_bytes());
  const XXH128_hash_t hash = XXH3_128bits_digest(state.get());
  return fmt::format("{:016x}{:016x}", hash.high64, hash.low64);
}

}  // namespace phew
