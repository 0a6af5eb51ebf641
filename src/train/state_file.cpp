#include "train/state_file.hpp"

#include "graph/error.hpp"
#include "train/content_hash.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace phew {
namespace {

/// One per state tensor: what the file has for it, or nullptr.
using Found = std::vector<const Tensor*>;

bool is_counter(const StateTensor& entry) { return entry.role == StateRole::batches_tracked; }

Found by_name(std::span<const StateTensor> state, const TensorFile& file) {
  Found found;
  for (const StateTensor& entry : state) found.push_back(file.find(entry.name));
  return found;
}

/// The file's tensors one by one, if all shapes agree. Counters are scalars among vectors and count only if the file
/// has them, too.
Found by_order(std::span<const StateTensor> state, const TensorFile& file) {
  Found found;
  auto next = file.tensors.begin();
  for (const StateTensor& entry : state) {
    const bool fits = next != file.tensors.end() && next->shape == entry.shape;
    if (!fits && !is_counter(entry)) return {};
    found.push_back(fits ? &*next++ : nullptr);
  }
  return next == file.tensors.end() ? found : Found{};
}

Found match(const Network& network, std::span<const StateTensor> state, const TensorFile& file, bool allow_missing,
            std::vector<Tensor>& weights, const Notice& notice) {
  Found found = by_name(state, file);
  std::size_t named = 0, wanted = 0;
  for (std::size_t i = 0; i < state.size(); ++i)
    if (state[i].role == StateRole::weight) {
      ++wanted;
      named += found[i] != nullptr;
    }
  if (named == wanted || (named > 0 && allow_missing)) return found;
  if (Found ordered = by_order(state, file); !ordered.empty()) {
    notice(fmt::format("{}: names do not fit {}; its {} tensors are taken in order", file.path.string(), network.name(),
                       file.tensors.size()));
    return ordered;
  }
  const Weights matched = match_weights(network, file.tensors, file.path.string(), notice);
  for (std::size_t p = 0; p < matched.tensor_count(); ++p) weights.push_back(matched.tensor(p));
  for (std::size_t i = 0; i < state.size(); ++i) {
    const auto weight = std::ranges::find(weights, state[i].name, &Tensor::name);
    if (weight != weights.end()) found[i] = &*weight;
  }
  return found;
}

/// A file's tensor under the state's name, in the type that the module has.
Tensor adopt(const Tensor& tensor, const StateTensor& entry, const std::string& source) {
  if (tensor.shape != entry.shape)
    fail(ExitCode::data, "{}: {}: found shape {}, expected {}", source, tensor.name, to_string(tensor.shape),
         to_string(entry.shape));
  Tensor out = is_counter(entry) && tensor.dtype == DType::i64 ? tensor : to_float32(tensor);
  if (out.dtype == DType::f32) require_finite(float_values(out), source + ": " + tensor.name);
  out.name = entry.name;
  return out;
}

}  // namespace

std::vector<Tensor> match_state(const Network& network, const TensorFile& file, std::span<const Tensor> initial,
                                bool allow_missing, const Notice& notice) {
  const std::string source = file.path.string();
  const std::vector<StateTensor> state = network.state();
  std::vector<Tensor> weights;  // keeps what match() points to
  const Found found = match(network, state, file, allow_missing, weights, notice);
  std::vector<Tensor> out;
  std::vector<std::string> missing;
  for (std::size_t i = 0; i < state.size(); ++i) {
    if (found[i]) {
      out.push_back(adopt(*found[i], state[i], source));
      continue;
    }
    if (!is_counter(state[i])) missing.push_back(state[i].name);
    out.push_back(initial[i]);
  }
  if (!missing.empty() && !allow_missing)
    fail(ExitCode::data,
         "{}: {}: found no tensor of that name, expected one of shape {} ({} missing in all); give "
         "--allow-missing to initialise what is missing",
         source, missing.front(), to_string(std::ranges::find(state, missing.front(), &StateTensor::name)->shape),
         missing.size());
  if (!missing.empty()) notice(fmt::format("{}: initialised what it lacks: {}", source, fmt::join(missing, ", ")));
  return out;
}

Weights prunable_of(const Network& network, std::span<const Tensor> state) {
  std::vector<Tensor> tensors;
  for (const Parameter& p : network.parameters()) tensors.push_back(*std::ranges::find(state, p.name, &Tensor::name));
  return {network.parameters(), std::move(tensors)};
}

std::string hash_of_state(std::span<const Tensor> state) {
  ContentHash hash;
  for (const Tensor& tensor : state) {
    hash.add(tensor.name);
    hash.add(to_string(tensor.shape));
    hash.add(tensor.bytes);
  }
  return hash.hex();
}

}  // namespace phew
