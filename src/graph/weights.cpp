#include "graph/weights.hpp"

#include "graph/error.hpp"

#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>

namespace phew {
namespace {

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

Weights::Weights(std::span<const Parameter> parameters, std::vector<Tensor> tensors, std::string source)
    : tensors_(std::move(tensors)), source_(std::move(source)) {
  const bool fits =
      std::ranges::equal(tensors_, parameters, [](const Tensor& t, const Parameter& p) { return t.shape == p.shape; });
  if (!fits) fail(ExitCode::internal, "weights do not fit the network's {} parameters", parameters.size());
  for (const Tensor& tensor : tensors_) values_.push_back(float_values(tensor));
}

std::string Weights::place(std::size_t parameter) const {
  const std::string& name = tensors_[parameter].name;
  return source_.empty() ? name : source_ + ": " + name;
}

void Weights::require_finite(std::size_t parameter) const {
  phew::require_finite(values_[parameter], place(parameter));
}

void require_finite(std::span<const float> values, const std::string& place) {
  const auto bad = std::ranges::find_if_not(values, [](float value) { return std::isfinite(value); });
  if (bad != values.end())
    fail(ExitCode::data, "{}: found {} at element {}, expected finite values", place,
         std::isnan(*bad) ? "NaN" : "an infinity", bad - values.begin());
}

Weights match_weights(const Network& network, std::span<const Tensor> tensors, const std::string& source,
                      const Notice& notice) {
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
  return {network.parameters(), std::move(weights), source};
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
