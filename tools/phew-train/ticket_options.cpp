#include "phew-train/ticket_options.hpp"

#include "common/mask_sources.hpp"
#include "graph/initializer.hpp"
#include "graph/io/weights_file.hpp"
#include "train/state_file.hpp"

namespace phew::tools {

void add_ticket_options(CLI::App& command, TicketOptions& options) {
  add_network_options(command, options);
  command.add_flag("--allow-missing", options.allow_missing,
                   "Initialise the tensors that the --weights file does not have");
}

std::string source_of(const TicketOptions& options) {
  return options.weights.empty() ? fmt::format("{}, seed {}", options.init, options.init_seed) : options.weights;
}

Ticket load_ticket(const TicketOptions& o, const Globals& globals) {
  const Notice notice = [&](const std::string& line) { globals.notice(line); };
  Ticket ticket{load_network(o, globals).network, {}, {}};
  ticket.initial = initial_state(ticket.network, parse_initializer(o.init), o.init_seed, globals.thread_count());
  if (o.weights.empty())
    notice("weights: initialised by " + source_of(o));
  else
    ticket.initial = match_state(ticket.network, read_tensor_file(o.weights), ticket.initial, o.allow_missing, notice);
  if (!o.mask.empty())
    ticket.mask = read_mask_for(o.mask, ticket.network, hash_of(prunable_of(ticket.network, ticket.initial)),
                                {.zeros_are_pruned = o.zeros_are_pruned}, notice);
  return ticket;
}

}  // namespace phew::tools
