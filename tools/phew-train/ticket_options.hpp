// The options that name a ticket; shared by the commands of phew-train that take NET.
#pragma once

#include "common/network_options.hpp"
#include "train/training_run.hpp"

#include <string>

namespace phew::tools {

struct TicketOptions : NetworkOptions {
  bool allow_missing = false;
};

/// NET, --weights, --init, --init-seed, --allow-missing. What takes a mask adds add_mask_options.
void add_ticket_options(CLI::App& command, TicketOptions& options);
/// The network, all its tensors and its mask, each with its notices.
[[nodiscard]] Ticket load_ticket(const TicketOptions& options, const Globals& globals);
/// Where its initial weights are from, for people: a file's name, or "kaiming-normal, seed 0".
[[nodiscard]] std::string source_of(const TicketOptions& options);

}  // namespace phew::tools
