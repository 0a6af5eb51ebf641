#include "phew-train/ticket_options.hpp"

#include "common/mask_sources.hpp"
#include "graph/initializer.hpp"
#include "graph/io/weights_file.hpp"
#include "train/image_sets.hpp"
#include "train/state_file.hpp"

#include <fmt/ranges.h>

#include <algorithm>

namespace phew::tools {

void add_ticket_options(CLI::App& command, TicketOptions& options) {
  add_network_options(command, options);
  command.add_flag("--allow-missing", options.allow_missing,
                   "Initialise the tensors that the --weights file does not have");
  add_mask_options(command, options);
}

std::string source_of(const TicketOptions& options) {
  return options.weights.empty() ? fmt::format("{}, seed {}", options.init, options.init_seed) : options.weights;
}

Ticket load_ticket(const TicketOptions& o, const Globals& globals) {
  const Notice notice = [&](const std::string& line) { globals.notice(line); };
  Ticket ticket{load_network(o), {}, {}};
  ticket.initial = initial_state(ticket.network, parse_initializer(o.init), o.init_seed, globals.thread_count());
  if (o.weights.empty())
    notice("weights: initialised by " + source_of(o));
  else
    ticket.initial = match_state(ticket.network, read_tensor_file(o.weights), ticket.initial, o.allow_missing, notice);
  if (!o.mask.empty())
    ticket.mask = read_mask_for(o.mask, ticket.network, hash_of(prunable_of(ticket)),
                                {.zeros_are_pruned = o.zeros_are_pruned}, notice);
  return ticket;
}

Weights prunable_of(const Ticket& ticket) {
  std::vector<Tensor> tensors;
  for (const Parameter& p : ticket.network.parameters())
    tensors.push_back(*std::ranges::find(ticket.initial, p.name, &Tensor::name));
  return {ticket.network.parameters(), std::move(tensors)};
}

void add_data_options(CLI::App& command, DataOptions& options) {
  command.add_option("--data", options.data, fmt::format("Data set: {}", fmt::join(dataset_names(), ", ")))
      ->capture_default_str();
  command.add_option("--data-dir", options.data_dir,
                     "Folder of the data's files; without it that of Debian's package, where there is one");
  command.add_option("--limit", options.limit, "Take only the first N examples of each split; 0: all")
      ->check(count_check(0))
      ->capture_default_str();
}

Dataset load_data(const DataOptions& options, const Network& network) {
  Dataset data = load_dataset(options.data, options.data_dir);
  if (options.limit > 0) keep_first(data, options.limit);
  fit_to(data, network);
  return data;
}

}  // namespace phew::tools
