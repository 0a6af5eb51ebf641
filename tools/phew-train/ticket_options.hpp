// The options that name a ticket and its data; shared by the commands of phew-train that take NET.
#pragma once

#include "common/network_options.hpp"
#include "train/training_run.hpp"

#include <string>

namespace phew::tools {

struct TicketOptions : NetworkOptions {
  bool allow_missing = false;
};

/// NET, --weights, --init, --init-seed, --allow-missing, --mask, --zeros-are-pruned.
void add_ticket_options(CLI::App& command, TicketOptions& options);
/// The network, all its tensors and its mask, each with its notices.
[[nodiscard]] Ticket load_ticket(const TicketOptions& options, const Globals& globals);
/// Where its initial weights are from, for people: a file's name, or "kaiming-normal, seed 0".
[[nodiscard]] std::string source_of(const TicketOptions& options);
/// The initial weights that masks are for.
[[nodiscard]] Weights prunable_of(const Ticket& ticket);

struct DataOptions {
  std::string data = "fashion-mnist", data_dir;
  std::int64_t limit = 0;  ///< examples taken of each split; 0: all
};

/// --data, --data-dir, --limit.
void add_data_options(CLI::App& command, DataOptions& options);
/// The data set, fitted to the network.
[[nodiscard]] Dataset load_data(const DataOptions& options, const Network& network);

}  // namespace phew::tools
