#include "train/ticket_scores.hpp"

#include "graph/error.hpp"
#include "train/data_order.hpp"
#include "train/flow_scores.hpp"
#include "train/gradient_scores.hpp"
#include "train/masked_parameters.hpp"
#include "train/torch_tensor.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

namespace phew {
namespace {

using Tensors = std::vector<torch::Tensor>;

/// The order of examples that no epoch has: samples are chosen before training begins.
constexpr std::uint64_t before_all_epochs = std::numeric_limits<std::uint64_t>::max();

/// The class of each training example; 0 for all if they have none.
std::vector<std::int64_t> labels_of(const Dataset& data) {
  std::vector<std::int64_t> labels(static_cast<std::size_t>(data.train.size()));
  const Tensor& classes = data.is_regression() ? data.train.classes : data.train.y;
  if (!classes.bytes.empty()) std::memcpy(labels.data(), classes.bytes.data(), labels.size() * sizeof(std::int64_t));
  return labels;
}

void check_split(const ScoreConfig& config, std::int64_t samples) {
  if (config.batch_statistics && !config.allow_split && config.batch_size > 0 && config.batch_size < samples)
    fail(ExitCode::usage,
         "--batch-size: found {} for {} samples, expected all in one batch, since with --bn train each batch has its "
         "own statistics; use --bn eval, or --allow-split",
         config.batch_size, samples);
}

/// A copy of the ticket's network, pruned weights 0, and where they are.
struct ScoredModule {
  NetworkModule module;
  Tensors pruned;

  ScoredModule(const Ticket& ticket, const ScoreConfig& config, const torch::Device& device)
      : module(ticket.network, device, false, config.double_precision ? torch::kDouble : torch::kFloat) {
    module.load_state(ticket.initial);
    module.use_batch_statistics(config.batch_statistics);
    if (!ticket.mask) return;
    MaskedParameters(module, *ticket.mask, ticket.network.parameters()).apply();
    for (std::size_t p = 0; p < module.parameter_count(); ++p)
      pruned.push_back(pruned_positions((*ticket.mask)[p], ticket.network.parameters()[p].shape).to(device));
  }
};

std::optional<Tensors> data_scores(const Ticket& ticket, const Dataset& data, const ScoreConfig& config,
                                   const torch::Device& device, const ScoreObserver& observer, std::int64_t& samples) {
  const auto chosen = choose_samples(data, config.samples_per_class, config.seed);
  samples = std::ssize(chosen);
  check_split(config, samples);
  ScoredModule scored(ticket, config, device);
  const DeviceSplit split(data.train, data.normalisation, input_channels(ticket.network), device);
  const torch::Tensor indices = torch::tensor(chosen, torch::kLong).to(device);
  const auto type = config.double_precision ? torch::kDouble : torch::kFloat;
  const Examples examples{samples, [&](std::int64_t first, std::int64_t last) {
                            Batch batch = split.gather(indices.slice(0, first, last));
                            batch.x = batch.x.to(type);
                            if (batch.y.is_floating_point()) batch.y = batch.y.to(type);
                            return batch;
                          }};
  return gradient_scores(scored.module, scored.pruned, examples, config, observer);
}

/// Divides by a power of two where the largest is outside [2^-100, 2^100]; returns its exponent.
std::int64_t bring_into_range(Tensors& scores) {
  double largest = 0;
  for (const torch::Tensor& score : scores)
    if (score.numel() > 0) largest = std::max(largest, score.max().item<double>());
  if (!std::isfinite(largest) || largest == 0) return 0;
  const int found = std::ilogb(largest), exponent = found - std::clamp(found, -100, 100);
  if (exponent == 0) return 0;
  for (torch::Tensor& score : scores) score.mul_(std::ldexp(1.0, -exponent));
  return exponent;
}

TicketScores to_files(const Ticket& ticket, Tensors scores) {
  TicketScores out;
  out.exponent = bring_into_range(scores);
  for (std::size_t p = 0; p < scores.size(); ++p) {
    const std::string& name = ticket.network.parameters()[p].name;
    if (!torch::isfinite(scores[p]).all().item<bool>())
      fail(ExitCode::data, "{}: found a score that is not finite; are the weights too large? Try --precision fp64",
           name);
    out.scores.push_back(from_torch(name, scores[p]));
  }
  return out;
}

}  // namespace

std::vector<std::int64_t> choose_samples(const Dataset& data, std::int64_t per_class, std::uint64_t seed) {
  const std::vector<std::int64_t> labels = labels_of(data);
  std::vector<std::int64_t> order = data_order(std::ssize(labels), seed, before_all_epochs);
  if (per_class == 0 || labels.empty()) return order;
  const std::int64_t classes = std::max(data.classes, std::ranges::max(labels) + 1);
  std::vector<std::int64_t> taken(static_cast<std::size_t>(classes)), out;
  for (const std::int64_t example : order) {
    auto& of_class = taken[static_cast<std::size_t>(labels[static_cast<std::size_t>(example)])];
    if (of_class == per_class) continue;
    ++of_class;
    out.push_back(example);
  }
  for (std::size_t c = 0; c < taken.size(); ++c)
    if (taken[c] < per_class)
      fail(ExitCode::data, "training data: found {} examples of class {}, expected {}; lower --samples-per-class",
           taken[c], c, per_class);
  return out;
}

std::optional<TicketScores> score_ticket(const Ticket& ticket, const Dataset* data, const ScoreConfig& config,
                                         const Machine& machine, const ScoreObserver& observer) {
  return compat::with_our_errors([&]() -> std::optional<TicketScores> {
    const torch::Device device(machine.device);
    std::int64_t samples = 0;
    auto scores = data ? data_scores(ticket, *data, config, device, observer, samples)
                       : flow_scores(ticket.network, ticket.initial, ticket.mask ? &*ticket.mask : nullptr, config,
                                     device, observer);
    if (!scores) return std::nullopt;
    TicketScores out = to_files(ticket, std::move(*scores));
    out.samples = samples;
    return out;
  });
}

}  // namespace phew
